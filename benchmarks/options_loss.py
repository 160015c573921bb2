"""The loss over options against the loss over the vocabulary: answers and time, over seeds.

    python benchmarks/options_loss.py --seeds 3       # six runs, about a minute on one core

The embedded base, asked for letters: the same questions, first weights and order on both sides,
then held-out questions scored as `underdog evaluate` scores them. Time is processor time of
training. The last line is one line of JSON; differences are paired by seed (options - vocabulary).
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from shapes import read_questions, take_rows

BASE, ASKED = "tiny-base", 300
LOSSES = ("vocabulary", "options")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=800)
    args = parser.parse_args()
    found: dict[str, list[dict[str, float]]] = {loss: [] for loss in LOSSES}
    for seed in range(args.seeds):
        for loss in LOSSES if seed % 2 == 0 else LOSSES[::-1]:
            run = measure(loss, seed, args.rows)
            found[loss].append(run)
            print(f"seed {seed} {loss:10} {run['accuracy']:.1%} right, {run['seconds']:.1f} s")
    print(json.dumps({"benchmark": "options_loss", **headline(found)}))


def measure(loss: str, seed: int, count: int) -> dict[str, float]:
    """Train as a user does, then ask."""
    from underdog.adapters.base import load_base
    from underdog.adapters.settings import AdapterSettings
    from underdog.evaluation.accuracy import accuracy, marks
    from underdog.inference.score import score
    from underdog.inference.scorer import ScoringConfig, open_scorer
    from underdog.mcq.prompt import PromptStyle
    from underdog.training.record import TrainingJob
    from underdog.training.trainer import train

    drawn = take_rows(read_questions()[0], count + ASKED)
    with tempfile.TemporaryDirectory() as folder:
        job = TrainingJob(
            drawn[:count], load_base(BASE), config_of(loss, seed), AdapterSettings(16, 32.0),
            Path(folder) / "run", {},
        )  # fmt: skip
        started = time.process_time()
        train(job)
        seconds = time.process_time() - started
        scorer = open_scorer(BASE, job.out, config=ScoringConfig(style=PromptStyle.LETTERS))
        questions = [row.question for row in drawn[count:]]
        right = accuracy(marks(questions, score(questions, scorer))).value
    return {"accuracy": right, "seconds": seconds}


def config_of(loss: str, seed: int) -> Any:
    """As in the tiny recipe, with letters."""
    from underdog.mcq.prompt import PromptStyle
    from underdog.training.config import AnswerLoss, ExecutionConfig, TrainingConfig
    from underdog.training.schedule import ScheduleConfig

    return TrainingConfig(
        style=PromptStyle.LETTERS,
        seed=seed,
        loss=AnswerLoss(loss),
        schedule=ScheduleConfig(batch_size=16, learning_rate=(1e-3, 5e-4), warm_up_steps=5),
        execution=ExecutionConfig(threads=1, device="cpu"),
    )


def headline(found: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    pairs = list(zip(found["options"], found["vocabulary"], strict=True))
    return {
        "seeds": len(pairs),
        **{
            f"{loss}_{key}": round(statistics.mean(run[key] for run in runs), 4)
            for loss, runs in found.items()
            for key in ("accuracy", "seconds")
        },
        "accuracy_differences": [round(a["accuracy"] - b["accuracy"], 4) for a, b in pairs],
        "time_ratios": [round(a["seconds"] / b["seconds"], 3) for a, b in pairs],
    }


if __name__ == "__main__":
    main()
