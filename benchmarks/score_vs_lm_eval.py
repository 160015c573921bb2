"""Scoring multiple-choice questions: underdog against lm-evaluation-harness, same model in memory.

    python benchmarks/score_vs_lm_eval.py                        # everything: 10 quiet minutes
    python benchmarks/score_vs_lm_eval.py --part letters_5shot   # one part
    python benchmarks/score_vs_lm_eval.py --questions DIR        # a copy of OpenTriviaQA
    python benchmarks/score_vs_lm_eval.py --keep DIR [--part P] [--only SIDE]   # in several calls
    python benchmarks/score_vs_lm_eval.py --keep DIR --part P --only lm_eval --piece 1/4   # shorter

Without OpenTriviaQA in ../shared/data or DIR the questions are those of the embedded bank. `--keep`
writes each finished side of each part to DIR, and a later call with the same arguments reads it.
`--piece I/N` asks lm-eval an N-th of the questions only; once all N are in DIR their times are
added, all at the batch size of the first.

Both sides are given the same questions, prompts and float32 weights (39M shape, random weights, a
vocabulary of 32,000) and answer with log-probabilities, which are compared one by one. lm-eval runs
through `simple_evaluate` with its `HFLM`, as its users call it, at the fastest of three batch
sizes. Ours is `underdog.inference.score`, rendering and cutting into tokens included. Beside the
ratio of seconds stands that of processor time, which other work on the machine moves less.

The last line is one line of JSON: `letters_0shot`, `letters_5shot`, `texts` (lm-eval's seconds /
ours), `max_logprob_gap` (nats), `memory_ratio` (peak resident size of lm-eval's process / ours, 64
questions with 5 shots, its smallest batch, model and libraries included). A part of which a side
has not been run is null.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import logging
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # waiting threads cost no processor time

import torch

from shapes import FORTY, make_base, read_questions, read_trivia
from underdog.adapters.base import load_base
from underdog.inference.evidence import Evidence
from underdog.inference.paper import shown_orders, write_paper
from underdog.inference.score import evidence_batches
from underdog.inference.scorer import Scorer, ScoringConfig
from underdog.mcq.presentation import Presentation
from underdog.mcq.prompt import PromptStyle
from underdog.mcq.question import Question
from underdog.mcq.template import draw_shots
from underdog.runs.files import digest_value

SEED, SHOTS = 1, 5
PARTS = {
    "letters_0shot": ("letters", 0),
    "letters_5shot": ("letters", SHOTS),
    "texts": ("texts", 0),
}
SIDES = ("ours", "lm_eval")
BATCH_SIZES = (8, 16, 32)
"""lm-eval's, in sequences; each is tried on a fortieth of the questions."""


class Side(NamedTuple):
    """Seconds by the clock and of processor time, batch size of lm-eval (0 for ours), and
    log-probabilities by question and choice.
    """

    seconds: float
    processor_s: float
    batch: int
    log_probs: list[tuple[float, ...]]


def main() -> None:
    args = arguments()
    torch.set_num_threads(args.threads)
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    if args.side:
        print(json.dumps(peak_mib(args)))
        return
    with tempfile.TemporaryDirectory(prefix="score-vs-lm-eval-") as work:
        args.keep = args.keep or Path(work)
        found = run_parts(args, args.keep / "base")
    print(json.dumps(found))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=[*PARTS, "memory", "all"], default="all")
    parser.add_argument("--questions", type=Path, help="folder of OpenTriviaQA files")
    parser.add_argument("--count", type=int, default=400, help="questions asked")
    parser.add_argument("--rounds", type=int, default=3, help="of ours; the median counts")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--keep", type=Path, metavar="DIR", help="finished sides go here")
    parser.add_argument("--only", choices=SIDES, help="run this side; read the other from --keep")
    parser.add_argument("--piece", type=piece, metavar="I/N", help="an N-th of lm-eval's side")
    for hidden in ("--side", "--work"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    return parser.parse_args()


def piece(text: str) -> tuple[int, int]:
    """Which piece, from 1, of how many."""
    number, count = map(int, text.split("/"))
    if not 1 <= number <= count:
        raise argparse.ArgumentTypeError("I/N with 1 <= I <= N")
    return number, count


def run_parts(args: argparse.Namespace, work: Path) -> dict[str, float | None]:
    questions, origin = questions_of(args)
    if not (work / "config.json").exists():
        work.mkdir(parents=True, exist_ok=True)
        make_base(FORTY, questions, work)
    asked, _ = exam(questions, args.count)
    print(f"{len(asked)} questions of {origin}, 39M shape, {args.threads} threads", flush=True)
    found: dict[str, float | None] = dict.fromkeys([*PARTS, "max_logprob_gap", "memory_ratio"])
    gaps = []
    for part in PARTS:
        if args.part in (part, "all"):
            scorer = scorer_of(part, work, questions, args.count)
            sides = run_sides(part, scorer, asked, args)
            if len(sides) == len(SIDES):
                found[part], gap = compare(part, scorer, asked, sides)
                gaps.append(gap)
    if gaps:
        found["max_logprob_gap"] = max(gaps)
    if args.part in ("memory", "all"):
        found["memory_ratio"] = memory_ratio(work, args)
    return found


def questions_of(args: argparse.Namespace) -> tuple[list[Question], str]:
    if args.questions is not None:
        return read_trivia(args.questions), str(args.questions)
    return read_questions()


def exam(questions: Sequence[Question], count: int) -> tuple[list[Question], list[Question]]:
    """Questions to ask, and those that worked examples may come from."""
    mixed = random.Random(SEED).sample(list(questions), len(questions))
    return mixed[:count], mixed[count:]


def scorer_of(part: str, work: Path, questions: Sequence[Question], count: int) -> Scorer:
    model, tokenizer = load_base(work)
    style, shots = PARTS[part]
    examples = draw_shots(exam(questions, count)[1], shots, seed=SEED)
    return Scorer(model, tokenizer, ScoringConfig(PromptStyle(style), seed=SEED, shots=examples))


def run_sides(
    part: str, scorer: Scorer, asked: Sequence[Question], args: argparse.Namespace
) -> dict[str, Side]:
    """The sides asked for, ours first, and what `--keep` has of the other."""
    orders = shown_orders(asked, scorer.config)
    exam_id = digest_value([each.id for each in asked])[:8]
    runs: dict[str, Callable[[], Side]] = {
        "ours": lambda: run_median(asked, orders, scorer, args.rounds),
        "lm_eval": lambda: run_fastest(asked, orders, scorer),
    }
    found = {}
    for side, run in runs.items():
        path = args.keep / f"{part}-{side}-{len(asked)}-{args.threads}threads-{exam_id}.json"
        if not path.exists() and args.only in (None, side):
            if side == "lm_eval" and args.piece is not None:
                run_piece(asked, orders, scorer, path, *args.piece)
            else:
                path.write_text(json.dumps(run()))
        if path.exists():
            found[side] = Side(*json.loads(path.read_text()))
    for side, each in found.items():
        print(
            f"{part}: {side} {each.seconds:.2f} s, processor {each.processor_s:.2f} s", flush=True
        )
    return found


def compare(
    part: str, scorer: Scorer, asked: Sequence[Question], sides: Mapping[str, Side]
) -> tuple[float, float]:
    """The ratio of times and the largest gap of log-probabilities."""
    ours, theirs = sides["ours"], sides["lm_eval"]
    gap = largest_gap(ours.log_probs, theirs.log_probs)
    right = [accuracy(asked, each.log_probs) for each in (ours, theirs)]
    if right[0] != right[1]:
        raise SystemExit(f"{part}: accuracies differ: {right[0]} and {right[1]}")
    flops = needed_flops(scorer, asked, shown_orders(asked, scorer.config))
    rate = sgemm_rate()
    ratio = theirs.seconds / ours.seconds
    print(
        f"{part}: ratio {ratio:.2f}, by processor time {theirs.processor_s / ours.processor_s:.2f} "
        f"(lm-eval's batch {theirs.batch}); accuracy {right[0]:.4f} on both; largest gap {gap:.1e} "
        f"nats; needed work, share of the machine's sgemm rate, both by processor time: ours "
        f"{flops / ours.processor_s / rate:.0%}, lm-eval {flops / theirs.processor_s / rate:.0%}",
        flush=True,
    )
    return ratio, gap


def run_median(
    asked: Sequence[Question], orders: Sequence[Presentation], scorer: Scorer, rounds: int
) -> Side:
    """The round of median seconds, the later of two."""
    done = sorted(run_ours(asked, orders, scorer) for _ in range(rounds))
    return done[len(done) // 2]


def run_ours(asked: Sequence[Question], orders: Sequence[Presentation], scorer: Scorer) -> Side:
    """From questions to log-probabilities, with nothing kept from earlier rounds."""
    start, spent = time.perf_counter(), time.process_time()
    paper = write_paper(asked, orders, scorer)
    found: dict[int, Evidence] = {}
    for batch in evidence_batches(paper, scorer):
        found |= batch
    seconds, processor_s = time.perf_counter() - start, time.process_time() - spent
    return Side(seconds, processor_s, 0, [found[index].sums for index in range(len(asked))])


def run_fastest(asked: Sequence[Question], orders: Sequence[Presentation], scorer: Scorer) -> Side:
    """lm-eval at the batch size that is fastest on a sample."""
    sample = max(len(asked) // 40, 8)
    tried = {
        size: run_lm_eval(asked[:sample], orders[:sample], scorer, size).seconds
        for size in BATCH_SIZES
    }
    best = min(tried, key=lambda size: tried[size])
    return run_lm_eval(asked, orders, scorer, best)


def run_piece(
    asked: Sequence[Question],
    orders: Sequence[Presentation],
    scorer: Scorer,
    path: Path,
    number: int,
    count: int,
) -> None:
    """One piece of lm-eval's side, beside `path`; the whole at `path` once it was the last."""
    paths = [path.with_suffix(f".piece{each}of{count}") for each in range(1, count + 1)]
    borders = [len(asked) * each // count for each in range(count + 1)]
    part = slice(borders[number - 1], borders[number])
    if number == 1:
        run = run_fastest(asked[part], orders[part], scorer)
    else:
        batch = Side(*json.loads(paths[0].read_text())).batch
        run = run_lm_eval(asked[part], orders[part], scorer, batch)
    paths[number - 1].write_text(json.dumps(run))
    if all(each.exists() for each in paths):
        found = [Side(*json.loads(each.read_text())) for each in paths]
        seconds, processor_s = (sum(each[place] for each in found) for place in (0, 1))
        log_probs = [row for each in found for row in each.log_probs]
        path.write_text(json.dumps(Side(seconds, processor_s, found[0].batch, log_probs)))


def run_lm_eval(
    asked: Sequence[Question], orders: Sequence[Presentation], scorer: Scorer, batch_size: int
) -> Side:
    """The same prompts through `simple_evaluate`, as an inline task."""
    import lm_eval
    from datasets import Dataset
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    frame = scorer.template().frame()
    prompts = [frame.render(*each) for each in zip(asked, orders, strict=True)]
    rows = [
        {"query": prompt.prefix, "options": [each[1:] for each in prompt.completions], "gold": 0}
        for prompt in prompts
    ]
    task = {
        "task": "same_prompts",
        "custom_dataset": lambda **_: {"test": Dataset.from_list(rows)},
        "output_type": "multiple_choice",
        "test_split": "test",
        "doc_to_text": lambda row: row["query"],
        "doc_to_choice": lambda row: row["options"],
        "doc_to_target": lambda row: row["gold"],
        "metric_list": [{"metric": "acc"}],
    }
    lm = HFLM(pretrained=scorer.model, tokenizer=scorer.tokenizer, batch_size=batch_size)
    manager = TaskManager(include_defaults=False)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        start, spent = time.perf_counter(), time.process_time()
        results = lm_eval.simple_evaluate(
            model=lm, tasks=[task], task_manager=manager, bootstrap_iters=0, log_samples=True
        )
        seconds, processor_s = time.perf_counter() - start, time.process_time() - spent
    samples = sorted(results["samples"]["same_prompts"], key=lambda each: each["doc_id"])
    log_probs = [tuple(float(r[0][0]) for r in each["resps"]) for each in samples]
    return Side(seconds, processor_s, batch_size, log_probs)


def largest_gap(ours: list[tuple[float, ...]], theirs: list[tuple[float, ...]]) -> float:
    return max(
        abs(one - other)
        for mine, yours in zip(ours, theirs, strict=True)
        for one, other in zip(mine, yours, strict=True)
    )


def accuracy(asked: Sequence[Question], log_probs: list[tuple[float, ...]]) -> float:
    right = [
        max(range(len(each)), key=each.__getitem__) == question.answer
        for question, each in zip(asked, log_probs, strict=True)
    ]
    return sum(right) / len(right)


def needed_flops(
    scorer: Scorer, asked: Sequence[Question], orders: Sequence[Presentation]
) -> float:
    """What cannot be avoided: 2 operations per weight and token (Kaplan et al. 2020, table 1), the
    beginning once, each question once, each choice's tokens but the last; of the last layer keys
    and values there, and all else of it, as the head, where logits are read. Attention's own
    products and padding do not count.
    """
    from underdog.inference.layout import Layout

    paper = write_paper(asked, orders, scorer)
    jobs = [job for batch in paper.plan(scorer.config, Layout.SHARED) for job in batch]
    tokens = len(paper.beginning) + sum(len(row.tokens) for job in jobs for row in job.rows)
    read = sum(job.predicted for job in jobs)
    keys_values = 2 * FORTY.hidden * FORTY.hidden * FORTY.kv_heads // FORTY.heads
    layer = FORTY.block_weights // FORTY.layers
    everywhere = FORTY.block_weights - layer + keys_values
    where_read = layer - keys_values + FORTY.vocabulary * FORTY.hidden
    return 2.0 * (everywhere * tokens + where_read * read)


def sgemm_rate() -> float:
    """Operations per second of processor time of a 1024 x 1024 float32 product, best of twenty."""
    left, right = torch.randn(1024, 1024), torch.randn(1024, 1024)
    times = []
    for _ in range(20):
        start = time.process_time()
        left @ right
        times.append(time.process_time() - start)
    return 2 * 1024**3 / min(times)


def memory_ratio(work: Path, args: argparse.Namespace) -> float:
    """Peak resident size, 5 shots, a process per side."""
    found = {}
    for side in SIDES:
        command = [sys.executable, __file__, "--side", side, "--work", str(work)]
        command += ["--count", str(min(args.count, 64)), "--threads", str(args.threads)]
        if args.questions is not None:
            command += ["--questions", str(args.questions)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found[side] = float(done.stdout.splitlines()[-1])
    print(f"peak: ours {found['ours']:.0f} MiB, lm-eval {found['lm_eval']:.0f} MiB", flush=True)
    return found["lm_eval"] / found["ours"]


def peak_mib(args: argparse.Namespace) -> float:
    """Peak resident size of this process, in which one side answers."""
    questions, _ = questions_of(args)
    scorer = scorer_of("letters_5shot", Path(args.work), questions, args.count)
    asked, _ = exam(questions, args.count)
    orders = shown_orders(asked, scorer.config)
    if args.side == "ours":
        run_ours(asked, orders, scorer)
    else:
        run_lm_eval(asked, orders, scorer, BATCH_SIZES[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
