"""A finished run's folder, made in a second from facts and a seed: what the page is judged by.

``python tests/report/example_run.py OUT`` writes one, with its page, for the eye.
"""

from __future__ import annotations

import json
import math
import random
import sys
from pathlib import Path
from typing import Any

from underdog.data.card.verdicts import judge
from underdog.data.leakage import LeakCheck
from underdog.data.summary import FileCount, Groups, Summary
from underdog.evaluation.forgetting import forgetting
from underdog.evaluation.predictions import Scored, write_scored
from underdog.evaluation.results import Item, summarise, write_results
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import LETTERS, Presentation
from underdog.mcq.question import Question
from underdog.runs.files import json_text, write_json, write_text

STEPS, CHUNKS, BATCH = 640, 10, 16
FACTS: dict[str, tuple[str, str, str]] = {
    "geography": (
        "What is the capital of {}?",
        "wikidata",
        """Peru:Lima Kenya:Nairobi Norway:Oslo Chile:Santiago Ghana:Accra Nepal:Kathmandu
        Cuba:Havana Latvia:Riga Jordan:Amman Senegal:Dakar Uruguay:Montevideo Bulgaria:Sofia""",
    ),
    "chemistry": (
        "Which element has the symbol {}?",
        "pubchem",
        """W:tungsten Sb:antimony Na:sodium K:potassium Hg:mercury Au:gold Pb:lead Sn:tin
        Fe:iron Ag:silver Rn:radon Xe:xenon""",
    ),
    "history": (
        "In which year did this happen: {}?",
        "wikipedia",
        """the_fall_of_Constantinople:1453 the_Peace_of_Westphalia:1648
        the_battle_of_Hastings:1066 the_storming_of_the_Bastille:1789
        the_first_Moon_landing:1969 the_Magna_Carta:1215 the_Congress_of_Vienna:1815
        the_opening_of_the_Suez_Canal:1869""",
    ),
    "astronomy": (
        "Which planet does the moon {} orbit?",
        "nasa",
        """Titan:Saturn Io:Jupiter Triton:Neptune Phobos:Mars Miranda:Uranus Europa:Jupiter
        Oberon:Uranus Deimos:Mars Enceladus:Saturn""",
    ),
    "languages": (
        "Which language is spoken by most people in {}?",
        "cldr",
        """Brazil:Portuguese Iran:Persian Austria:German Haiti:Haitian_Creole Israel:Hebrew
        Suriname:Dutch Angola:Portuguese Andorra:Catalan Cyprus:Greek""",
    ),
    "biology": (
        "What is the young of a {} called?",
        "wordnet",
        """swan:cygnet hare:leveret seal:pup kangaroo:joey goat:kid horse:foal deer:fawn
        goose:gosling frog:tadpole""",
    ),
    "units": (
        "Which quantity is measured in the unit {}?",
        "bipm",
        """pascal:pressure weber:magnetic_flux lux:illuminance tesla:magnetic_flux_density
        henry:inductance sievert:dose_equivalent katal:catalytic_activity ohm:resistance""",
    ),
    "arts": (
        "Who painted {}?",
        "wikidata",
        """The_Night_Watch:Rembrandt Guernica:Pablo_Picasso The_Scream:Edvard_Munch
        The_Milkmaid:Johannes_Vermeer Olympia:Édouard_Manet The_Kiss:Gustav_Klimt""",
    ),
}
SKILL = {
    "geography": 2.6,
    "chemistry": 2.3,
    "history": 0.9,
    "astronomy": 2.2,
    "languages": 1.9,
    "biology": 1.5,
    "units": 0.6,
    "arts": 1.2,
}
BANDS = {"easy": 0.9, "medium": 0.0, "hard": -0.8}


def questions(count: int, *, seed: int) -> list[Item]:
    """Four-choice questions; every one differs from the others in its text or its choices."""
    rng = random.Random(seed)
    found: dict[str, Item] = {}
    while len(found) < count:
        topic = rng.choices(list(FACTS), weights=[9, 8, 7, 6, 6, 5, 4, 3])[0]
        wording, source, packed = FACTS[topic]
        facts = [pair.replace("_", " ").split(":") for pair in packed.split()]
        subject, right = rng.choice(facts)
        others = sorted({answer for _, answer in facts} - {right})
        choices = [right, *rng.sample(others, 3)]
        rng.shuffle(choices)
        question = Question(
            wording.format(subject), tuple(choices), choices.index(right), topic, source, "CC0-1.0"
        )
        found[question.id] = Item(question, rng.choice(list(BANDS)))
    return list(found.values())


def answers(items: list[Item], *, skill: float, seed: int) -> list[Scored]:
    """A model's answers: the right choice's logit is raised by what it knows of the topic."""
    rng = random.Random(seed)
    scored = []
    for item in items:
        question = item.question
        assert question.answer is not None
        logits = [rng.gauss(0, 1.0) for _ in question.choices]
        logits[question.answer] += skill * (SKILL[question.topic] + BANDS[item.band]) + 0.35
        total = math.log(math.fsum(math.exp(logit) for logit in logits))
        log_probs = tuple(round(logit - total, 6) for logit in logits)
        choice = max(range(len(logits)), key=log_probs.__getitem__)
        order = Presentation.identity(len(logits))
        prediction = Prediction(question.id, order, Outcome.CLEAN, choice, log_probs)
        scored.append(Scored(prediction, round(math.log(rng.uniform(0.55, 0.9)), 6)))
    return scored


def make_run(folder: Path, *, seed: int = 7, questions_held_out: int = 600) -> Path:
    """Write every file that `underdog run` leaves and the report reads."""
    items = questions(questions_held_out, seed=seed)
    write_header(folder, seed)
    write_data(folder / "data", len(items))
    write_training(folder / "train", seed)
    write_evaluation(folder / "evaluation", items, seed)
    write_match(folder / "match", items[:40], seed)
    return folder


def write_header(folder: Path, seed: int) -> None:
    """The run's manifest and its stages."""
    digest = "".join(random.Random(seed).choices("0123456789abcdef", k=64))
    recipe = {
        "name": "tiny",
        "seed": seed,
        "data": {"chunks": CHUNKS, "validation_share": 0.15},
        "adapter": {"r": 16, "alpha": 32, "dropout": 0.0, "targets": ["q_proj", "v_proj"]},
        "schedule": {"batch_size": BATCH, "learning_rate": [0.002, 0.001], "replay": [0.1, 0.2]},
    }
    identity = {
        "recipe": recipe,
        "seed": seed,
        "code_version": "0.1.0",
        "inputs": {"bank": digest, "base": digest[::-1]},
    }
    machine = {
        "system": "Linux 6.1.0",
        "python": "3.11.9",
        "cpu": "AMD EPYC 7763 64-Core Processor",
        "cores": 2,
        "memory_bytes": 8_319_000_000,
        "packages": {"torch": "2.13.0", "transformers": "5.23.0", "peft": "0.21.2"},
    }
    context = {"machine": machine, "created": "2026-11-20T12:04:31+00:00"}
    write_json(folder / "manifest.json", {"identity": identity, "context": context})
    times = {"data": 6.214, "train": 131.877, "evaluate": 18.402, "match": 2.918}
    stages = [
        {"name": name, "seconds": seconds, "status": "done", "built_on": digest, "left": digest}
        for name, seconds in times.items()
    ]
    write_json(folder / "stages.json", stages)


def write_training(folder: Path, seed: int) -> None:
    """Metrics of a run that was stopped once and continued."""
    rng = random.Random(seed)
    lines: list[dict[str, Any]] = []
    for step in range(1, STEPS + 1):
        chunk = (step - 1) * CHUNKS // STEPS
        hardness = 0.35 * chunk / CHUNKS
        loss = 0.75 + hardness + 2.3 * math.exp(-step / 90) + rng.gauss(0, 0.13)
        elapsed_s = round(0.2 * step + 0.01 * rng.random(), 4)
        lines.append(
            {
                "kind": "step",
                "step": step,
                "chunk": chunk,
                "loss": round(loss, 5),
                "learning_rate": round(0.002 * min(1, step / 20) * (1 - 0.5 * step / STEPS), 8),
                "grad_norm": round(0.4 + rng.random(), 4),
                "samples": BATCH,
                "answer_tokens": BATCH * 3,
                "input_tokens": BATCH * 19,
                "replayed": 0 if chunk == 0 else sum(rng.random() < 0.16 for _ in range(BATCH)),
                "elapsed_s": elapsed_s,
                "samples_per_s": round(BATCH / 0.2, 2),
            }
        )
        if step % (STEPS // CHUNKS) == 0:
            held_out = round(0.95 + 1.7 * math.exp(-step / 110), 4)
            validation = {
                "loss": held_out,
                "accuracy": round(0.8 - 0.35 * math.exp(-step / 150), 4),
            }
            lines.append({"kind": "chunk", "chunk": chunk, "step": step, "validation": validation})
        if step == 300:
            lines.append({"kind": "resumed", "step": 300})
    write_text(folder / "metrics.jsonl", "".join(json_text(line) + "\n" for line in lines))
    (folder / "adapter").mkdir()
    write_json(folder / "result.json", {"result": training_result(), "digests": {}})


def training_result() -> dict[str, Any]:
    """What the trainer says at the end, as far as the report reads it."""
    kept = numbered(120)
    before = [at % 3 != 0 for at in range(120)]
    after = [was and at % 10 != 1 for at, was in enumerate(before)]
    last = {"adapter": "adapter", "step": STEPS, "accuracy": 0.79, "loss": 0.61, "questions": 200}
    return {
        "steps": STEPS,
        "remedies": [{"guard": "explosion", "step": 210}, {"guard": "memory", "step": 3}],
        "adapters": [last, {**last, "adapter": "best", "step": 576, "accuracy": 0.8}],
        "start_accuracy": 0.42,
        "overfitting_since": 600,
        "forgetting": forgetting(kept, before, after).to_json(),
    }


def numbered(count: int) -> list[Question]:
    """Questions of a retention set, on two topics."""
    return [
        Question(f"What is {at} plus one?", (str(at), str(at + 1)), 1, ("sums", "signs")[at % 2])
        for at in range(count)
    ]


def write_evaluation(folder: Path, items: list[Item], seed: int) -> None:
    """Predictions, results and latency of base and tuned."""
    models = {
        "base": answers(items, skill=0.32, seed=seed + 1),
        "tuned": answers(items, skill=1.15, seed=seed + 2),
    }
    scoring = {"style": "texts", "normalisation": "sum"}
    write_results(folder, summarise(items, models, scoring=scoring))
    for index, (name, scored) in enumerate(models.items()):
        write_scored(folder / name / "predictions.jsonl", scored)
        write_json(
            folder / name / "latency.json",
            {
                "questions": 100,
                "warmup": 5,
                "batch": 1,
                "load_s": 0.412,
                "warmup_s": 0.061,
                "mean_s": 0.0084 + 0.001 * index,
                "p50_s": 0.0081 + 0.001 * index,
                "p95_s": 0.0112 + 0.001 * index,
                "p99_s": 0.0154 + 0.001 * index,
                "max_s": 0.0161 + 0.001 * index,
            },
        )


def write_match(folder: Path, items: list[Item], seed: int) -> None:
    """A match of two innings of twenty, one question left out, one answer late."""
    from scipy.stats import binomtest

    innings = [
        _innings(1, items[:20], skill=0.1, seed=seed),
        _innings(2, items[20:40], skill=1.2, seed=seed + 1),
    ]
    innings[0]["table"][3] = {
        "number": 3,
        "topic": items[3].question.topic,
        "rejected": "too_long",
        "detail": "143 tokens, at most 130",
    }
    late = innings[0]["table"][11]
    late.update(answer=None, letter=None, outcome="late", correct=False, log_probs=None)
    for each in innings:
        whole = [row for row in each["table"] if "rejected" not in row]
        each["valid"], each["correct"] = len(whole), sum(row["correct"] for row in whole)
    teams = {}
    for name, shown, own, other in (
        ("A", "tuned", *innings),
        ("B", "longest choice", *innings[::-1]),
    ):
        valid, correct = other["valid"], other["correct"]
        interval = binomtest(correct, valid).proportion_ci(method="wilson")
        asking = 100 * (own["valid"] - own["correct"]) / own["valid"]
        late_answers = 1 if name == "B" else 0
        teams[name] = {
            "name": shown,
            "identity": {"base": f"{len(items):064x}"} if name == "A" else {},
            "official": {
                "asking": asking,
                "answering": 100 * correct / valid,
                "total": asking + 100 * correct / valid,
            },
            "points": {"asking": own["valid"] - own["correct"], "answering": correct, "total": 0},
            "disqualified": False,
            "accuracy": {
                "correct": correct,
                "questions": valid,
                "value": correct / valid,
                "low": float(interval.low),
                "high": float(interval.high),
            },
            "asked": 20,
            "valid": own["valid"],
            "rejected": {"too_long": 1} if name == "A" else {},
            "answers": {"clean": valid - late_answers, "late": late_answers},
            "lost_to_format": 0,
        }
    result = {
        "complete": True,
        "edition": "2026-02",
        "questions": 20,
        "seed": seed,
        "winner": "A",
        "reason": "score",
        "teams": teams,
        "innings": innings,
    }
    write_json(folder / "result.json", result)
    write_text(folder / "events.jsonl", json.dumps({"kind": "match_started"}) + "\n")


def _innings(number: int, items: list[Item], *, skill: float, seed: int) -> dict[str, Any]:
    table = []
    for place, (item, scored) in enumerate(
        zip(items, answers(items, skill=skill, seed=seed), strict=True)
    ):
        question, prediction = item.question, scored.prediction
        assert question.answer is not None
        assert prediction.choice is not None
        letter = LETTERS[prediction.choice]
        table.append(
            {
                "number": place,
                "question_id": question.id,
                "topic": question.topic,
                "question": question.text,
                "choices": [f"{LETTERS[i]}) {text}" for i, text in enumerate(question.choices)],
                "key": LETTERS[question.answer],
                "explanation": "",
                "answer": letter,
                "letter": letter,
                "outcome": "clean",
                "correct": prediction.choice == question.answer,
                "log_probs": list(prediction.log_probs or ()),
            }
        )
    sides = ("A", "B") if number == 1 else ("B", "A")
    return {
        "innings": number,
        "asker": sides[0],
        "answerer": sides[1],
        "valid": len(table),
        "correct": 0,
        "disqualified": False,
        "table": table,
    }


def write_data(folder: Path, held_out: int) -> None:
    """The question set in numbers."""
    digests = ["".join(random.Random(n).choices("0123456789abcdef", k=64)) for n in range(4)]
    summary = Summary(
        files=(
            FileCount("bank", "bank", digests[0], 6_040, 6_012, 28, ()),
            FileCount("science/train.csv", "csv", digests[1], 560, 548, 12, ("key as letter",)),
        ),
        skipped={"science/README.md": "a format that is known; got Markdown"},
        reasons={"duplicate": 26, "fewer than two choices": 9, "no answer": 5},
        splits={"train": 6_560 - held_out, "validation": held_out},
        bands={"easy": 2_187, "medium": 2_187, "hard": 2_186},
        chunks=(*[596] * 9, 596),
        topics={topic: 1_200 - 95 * place for place, topic in enumerate(FACTS)},
        sources={"wikidata": 2_904, "pubchem": 1_420, "wikipedia": 1_240, "nasa": 996},
        licences={"CC0-1.0": 4_324, "CC-BY-SA-4.0": 1_240, "public domain": 996},
        groups=Groups(3_404, 5_996, 7, "What is the capital of Peru?"),
        check=LeakCheck(400, 6_560 - held_out, 0.7, 0, 0.58, 0.8, 0, 0.71, settled=6_012),
        digests={"questions.parquet": digests[2], "rejects.jsonl": digests[3]},
    )
    verdicts = [verdict.to_json() for verdict in judge(summary)]
    write_json(folder / "summary.json", {**summary.to_json(), "verdicts": verdicts})
    write_text(folder / "card.html", "<!DOCTYPE html><title>Data card</title>")
    identity = {"kind": "question set", "files": {file.name: file.digest for file in summary.files}}
    write_json(folder / "manifest.json", {"identity": identity, "context": {}})


if __name__ == "__main__":
    from underdog.report.page import write_report

    print(write_report(make_run(Path(sys.argv[1]))))
