"""What each kind of adapter, the curriculum and replay do to a small run, over seeds.

    python benchmarks/ablation.py --out out/ablation.jsonl            # 85 runs, 10 CPU seconds each
    python benchmarks/ablation.py --out out/ablation.jsonl            # goes on, or shows the table

LoRA, rsLoRA, DoRA and OPLoRA, each with curriculum or random order, with replay or without, on the
embedded base: trained on questions of six topics, asked held-out questions of these, and questions
of the five other topics that the base answers right. A seed decides the adapter's first weights,
the order and the replays; questions and split are the same everywhere. One arm more, LoRA in
stratified order, tells the order of difficulty from that of topics. Nothing else differs between
kinds: rank 16 and alpha 32, so rsLoRA's scale is four times LoRA's.

Every finished run is one line of the file; what is there is not run again. Training time is
processor time without the questions asked on the way. The last line is one line of JSON.
`ablation_table.py` says how intervals and "separable" are made.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ablation_table import (
    ARMS,
    EFFECTS,
    EXTRA,
    MEASURES,
    REFERENCE,
    Arm,
    Difference,
    Table,
    tabulate,
)
from underdog.data.bank.facts import load_facts, load_relations
from underdog.data.bank.statements import statements
from underdog.data.config import DataConfig
from underdog.data.curriculum import Order, arrange
from underdog.data.row import Row, Split
from underdog.data.store import read_rows
from underdog.interval import Interval
from underdog.mcq.question import Question
from underdog.runs.log import LogWriter, read_log

BASE = "tiny-base"
TRAINED = frozenset({"geography", "languages", "chemistry", "history", "computing", "astronomy"})
"""Topics trained on; the other five are only asked, for what was forgotten."""
SETUP: dict[str, Any] = {
    "rows": 800,
    "chunks": 4,
    "held_out": 300,
    "known": 250,
    "statements": 300,
    "asked_on_the_way": 80,
    "rank": 16,
    "alpha": 32,
    "batch": 16,
    "learning_rate": [1e-3, 5e-4],
    "warm_up": 5,
    "replay_capacity": 500,
    "replay_ratio": [0.1, 0.2],
    "split_seed": 20261121,
}
"""Rates, rank, alpha and replay as in the tiny recipe. Kept in every line of the results: runs of
another set-up are refused, not mixed."""


ORDERS = {
    "curriculum": Order.EASY_TO_HARD,
    "random": Order.RANDOM,
    "stratified": Order.STRATIFIED,
}
IGNORED = -100


@dataclass(frozen=True, slots=True)
class Material:
    """The questions of every run. `known` are those that the base answers right with at least half
    of its probability on the key; `base` is what the base reaches.
    """

    rows: tuple[Row, ...]
    held_out: tuple[Question, ...]
    known: tuple[Question, ...]
    sentences: tuple[str, ...]
    base: dict[str, float]


def main() -> None:
    args = arguments()
    records = list(read_log(args.out)) if args.out.exists() else []
    refuse_other_setups(records)
    done = {(each["arm"], each["seed"]) for each in records}
    missing = [each for each in plan(args.seeds) if (each[0].name, each[1]) not in done]
    if missing:
        work = args.out.with_name(f"{args.out.name}.work")
        with LogWriter(args.out) as log:
            for number, record in enumerate(finished(missing, work, args.jobs), start=1):
                log.append(record, durable=True)
                records.append(record)
                print(f"{number} of {len(missing)}: {told(record)}", flush=True)
    table = tabulate(records)
    print(markdown(table, records[0]["base"]))
    print(json.dumps(headline(table, records)))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="one JSON line per finished run")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1, help="runs at once, one thread each")
    return parser.parse_args()


def refuse_other_setups(records: Sequence[dict[str, Any]]) -> None:
    for record in records:
        if record["setup"] != SETUP:
            raise SystemExit(f"runs of another set-up are in the file: {record['setup']}")


def plan(seeds: int) -> list[tuple[Arm, int]]:
    """Seed by seed, the arms in random order, so that other work on the machine hits all alike."""
    return [
        (arm, seed)
        for seed in range(seeds)
        for arm in (*random.Random(f"arms {seed}").sample(ARMS, len(ARMS)), EXTRA)
    ]


def finished(missing: Sequence[tuple[Arm, int]], work: Path, jobs: int) -> Iterator[dict[str, Any]]:
    """Records of runs as they end."""
    make_data(work / "data")
    if jobs == 1:
        material = prepare(work)
        for arm, seed in missing:
            yield measure(arm, seed, material, work)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(jobs, initializer=_enter, initargs=(work,)) as pool:
        yield from pool.imap_unordered(_measure, missing)


_OF_WORKER: dict[str, Any] = {}


def _enter(work: Path) -> None:
    _OF_WORKER.update(work=work, material=prepare(work))


def _measure(run: tuple[Arm, int]) -> dict[str, Any]:
    return measure(*run, _OF_WORKER["material"], _OF_WORKER["work"])


def make_data(folder: Path) -> None:
    """The bank's questions as the tiny recipe builds them; kept between calls."""
    from underdog.data.build import build

    if not folder.exists():
        build(("bank",), DataConfig(bank_per_fact=2, validation_share=0.12), out=folder)


def prepare(work: Path) -> Material:
    """Draw the questions, and ask the base for what it knows."""
    from underdog.inference.scorer import open_scorer

    one_thread()
    rng = random.Random(SETUP["split_seed"])
    rows = list(read_rows(work / "data"))
    rng.shuffle(rows)
    own = [row for row in rows if row.question.topic in TRAINED]
    other = [row.question for row in rows if row.question.topic not in TRAINED]
    trained = [row for row in own if row.split is Split.TRAIN][: SETUP["rows"]]
    held_out = [row for row in own if row.split is Split.VALIDATION][: SETUP["held_out"]]
    scorer = open_scorer(BASE, config=scoring())
    sentences = other_statements(rng)
    questions = tuple(row.question for row in held_out)
    base = {
        "accuracy": share_right(scorer, questions),
        "statement_nats": nats_per_token(scorer, sentences),
    }
    asked = held_out[: SETUP["asked_on_the_way"]]
    return Material(
        (*trained, *asked),
        questions,
        known_to(scorer, other[: 3 * SETUP["known"]]),
        sentences,
        base,
    )


def one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def scoring() -> Any:
    from underdog.inference.scorer import Normalisation, ScoringConfig
    from underdog.mcq.prompt import PromptStyle

    return ScoringConfig(style=PromptStyle.TEXTS, normalisation=Normalisation.SUM)


def other_statements(rng: random.Random) -> tuple[str, ...]:
    """Sentences about the topics that are not trained on, as the base has read them."""
    relations = load_relations()
    facts = [fact for fact in load_facts() if relations[fact.relation].topic not in TRAINED]
    return tuple(
        rng.sample([each.text for each in statements(facts, relations)], SETUP["statements"])
    )


def known_to(scorer: Any, questions: Sequence[Question]) -> tuple[Question, ...]:
    from underdog.evaluation.accuracy import marks
    from underdog.inference.score import score

    answers = score(questions, scorer)
    known = [
        question
        for question, right, answer in zip(
            questions, marks(questions, answers), answers, strict=True
        )
        if right and max(answer.log_probs or ()) >= math.log(0.5)
    ]
    if len(known) < SETUP["known"]:
        raise SystemExit(f"{SETUP['known']} known questions are needed, got {len(known)}")
    return tuple(known[: SETUP["known"]])


def share_right(scorer: Any, questions: Sequence[Question]) -> float:
    from underdog.evaluation.accuracy import accuracy, marks
    from underdog.inference.score import score

    return accuracy(marks(questions, score(questions, scorer))).value


def nats_per_token(scorer: Any, sentences: Sequence[str]) -> float:
    """Mean loss of the sentences' tokens after the first. Padding stands on the right of a causal
    model, so nothing sees it, and it is no target.
    """
    import torch
    from torch.nn.functional import cross_entropy

    encoded = sorted((scorer.tokenizer(text)["input_ids"] for text in sentences), key=len)
    total = 0.0
    with scorer.ready() as model, torch.inference_mode():
        for start in range(0, len(encoded), 50):
            part = [torch.tensor(ids) for ids in encoded[start : start + 50]]
            ids_BL = torch.nn.utils.rnn.pad_sequence(part, batch_first=True)
            targets_BL = torch.nn.utils.rnn.pad_sequence(
                part, batch_first=True, padding_value=IGNORED
            )[:, 1:]
            logits_BLV = model(input_ids=ids_BL, use_cache=False).logits[:, :-1]
            total += cross_entropy(
                logits_BLV.flatten(0, 1),
                targets_BL.flatten(),
                reduction="sum",
                ignore_index=IGNORED,
            ).item()
    return total / sum(len(ids) - 1 for ids in encoded)


def measure(arm: Arm, seed: int, material: Material, work: Path) -> dict[str, Any]:
    """One run: train as a user does, load what was saved, ask."""
    from underdog.inference.scorer import open_scorer
    from underdog.runs.metrics import RESUMED, VALIDATION, read_metrics

    with tempfile.TemporaryDirectory(dir=work) as folder:
        out = Path(folder) / "run"
        seconds, steps = train_one(arm, seed, material, out, work)
        events = Counter(each["kind"] for each in read_metrics(out).events)
        scorer = open_scorer(BASE, out, config=scoring())
    nats = nats_per_token(scorer, material.sentences) - material.base["statement_nats"]
    return {
        "arm": arm.name,
        "seed": seed,
        "accuracy": share_right(scorer, material.held_out),
        "forgotten": 1 - share_right(scorer, material.known),
        "statement_nats": nats,
        "seconds": seconds,
        "steps": steps,
        "events": {kind: n for kind, n in events.items() if kind not in {RESUMED, VALIDATION}},
        "base": material.base,
        "setup": SETUP,
    }


def train_one(arm: Arm, seed: int, material: Material, out: Path, work: Path) -> tuple[float, int]:
    """Processor seconds without the questions asked on the way, and steps."""
    from underdog.adapters.base import load_base
    from underdog.adapters.settings import AdapterKind, AdapterSettings
    from underdog.inference.score import scoring_of
    from underdog.training.record import TrainingJob
    from underdog.training.trainer import train

    base = load_base(BASE)
    job = TrainingJob(
        rows=in_order(material.rows, arm, seed),
        base=base,
        config=training(arm, seed, work),
        adapter=AdapterSettings(SETUP["rank"], SETUP["alpha"], kind=AdapterKind(arm.kind)),
        out=out,
        identity={},
    )
    asking = Stopwatch()
    ask = scoring_of(base.tokenizer, scoring())

    def timed(model: Any, questions: Sequence[Question]) -> Any:
        with asking.running():
            return ask(model, questions)

    whole = Stopwatch()
    with whole.running():
        result = train(job, ask=timed)
    return whole.seconds - asking.seconds, result.steps


class Stopwatch:
    """Processor time, added up."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """While the block runs."""
        start = time.process_time()
        yield
        self.seconds += time.process_time() - start


def in_order(rows: Sequence[Row], arm: Arm, seed: int) -> tuple[Row, ...]:
    """The rows with their chunks; the seed mixes rows of equal difficulty, or all of them."""
    trained = [row for row in rows if row.split is Split.TRAIN]
    places = arrange(
        [row.question.id for row in trained],
        [row.difficulty for row in trained],
        chunks=SETUP["chunks"],
        order=ORDERS[arm.order],
        seed=seed,
        topics=[row.question.topic for row in trained],
    )
    placed = [
        replace(row, chunk=place.chunk, position=place.position)
        for row, place in zip(trained, places, strict=True)
    ]
    placed.sort(key=lambda row: row.position or 0)
    return (*placed, *(row for row in rows if row.split is Split.VALIDATION))


def training(arm: Arm, seed: int, work: Path) -> Any:
    from underdog.training.config import (
        CheckpointConfig,
        ExecutionConfig,
        TrainingConfig,
        ValidationConfig,
    )
    from underdog.training.schedule import ScheduleConfig

    first, last = SETUP["replay_ratio"]
    return TrainingConfig(
        seed=seed,
        schedule=ScheduleConfig(
            batch_size=SETUP["batch"],
            learning_rate=tuple(SETUP["learning_rate"]),
            warm_up_steps=SETUP["warm_up"],
            replay_capacity=SETUP["replay_capacity"] if arm.replay else 0,
            replay_ratio=(first, last) if arm.replay else (0.0, 0.0),
        ),
        validation=ValidationConfig(questions=SETUP["asked_on_the_way"]),
        checkpoints=CheckpointConfig(every_steps=10_000),
        execution=ExecutionConfig(threads=1, device="cpu", subspace_folder=str(work / "subspaces")),
    )


def told(record: dict[str, Any]) -> str:
    return (
        f"{record['arm']:32} seed {record['seed']}: {record['accuracy']:.1%} right, "
        f"{record['forgotten']:.1%} forgotten, {record['statement_nats']:+.3f} nats, "
        f"{record['seconds']:.1f} s, {record['steps']} steps, events {record['events']}"
    )


FORMS = {
    "accuracy": ("held-out right, %", 100, ".1f"),
    "forgotten": ("forgotten, %", 100, ".1f"),
    "statement_nats": ("statements, nats", 1, ".3f"),
    "seconds": ("training, s", 1, ".2f"),
}


def markdown(table: Table, base: dict[str, float]) -> str:
    """Three tables: means, differences to the reference, averaged effects."""
    names = [FORMS[measure][0] for measure in MEASURES]
    lines = [
        "",
        f"Base: {base['accuracy']:.1%} of the held-out questions. Seeds: {len(table.seeds)}.",
        "",
        *header("arm", names),
        *(
            row(name, [cell(of[each], each) for each in MEASURES])
            for name, of in table.means.items()
        ),
        "",
        *header(f"difference to {REFERENCE.name}", names),
        *differences(table.beside),
        "",
        *header("averaged over all else", names),
        *differences(table.effects),
        "",
        f"Events over all runs: {table.events or 'none'}",
    ]
    return "\n".join(lines)


def header(first: str, names: Sequence[str]) -> list[str]:
    return [row(first, names), "|" + "---|" * (len(names) + 1)]


def row(first: str, cells: Sequence[str]) -> str:
    return f"| {first} | {' | '.join(cells)} |"


def differences(found: Any) -> list[str]:
    return [
        row(name, [difference(of[each], each) for each in MEASURES]) for name, of in found.items()
    ]


def cell(value: Interval, measure: str, sign: str = "") -> str:
    _, factor, form = FORMS[measure]
    numbers = (value.value, value.low, value.high)
    mean, low, high = (format(factor * each, sign + form) for each in numbers)
    return f"{mean} [{low}, {high}]"


def difference(found: Difference, measure: str) -> str:
    """Bold where separable."""
    text = cell(found.value, measure, "+")
    return f"**{text}**" if found.separable else text


def headline(table: Table, records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    def separable(found: Any) -> list[str]:
        return [
            f"{measure}: {name}"
            for measure in MEASURES
            for name, of in found.items()
            if of[measure].separable
        ]

    return {
        "benchmark": "ablation",
        "seeds": len(table.seeds),
        "runs": len(records),
        "events": dict(table.events),
        "base_accuracy": records[0]["base"]["accuracy"],
        "reference": {m: round(table.means[REFERENCE.name][m].value, 4) for m in MEASURES},
        "effects": {
            name: {m: round(table.effects[name][m].value.value, 4) for m in MEASURES}
            for name, _ in EFFECTS
        },
        "separable_arms": separable(table.beside),
        "separable_effects": separable(table.effects),
    }


if __name__ == "__main__":
    main()
