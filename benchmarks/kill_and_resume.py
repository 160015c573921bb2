"""Kill a whole run with SIGKILL at random moments, continue it, compare with an undisturbed run.

    python benchmarks/kill_and_resume.py --kills 10 --seed 1
    python benchmarks/kill_and_resume.py --path vision --kills 6 --seed 1

Of `underdog run`, or of `underdog vision run` (small, one thread, needs the `vision` extra). One
run is left alone and timed. Others get the same command again after every kill, until the asked
number of kills has been dealt out and every run has finished. Weights (for vision their digest,
which heads the predictions), every prediction, score and submission must be equal, byte for byte;
`underdog vision run` exits with 0 only when its submission is accepted. Last line: JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Course(NamedTuple):
    """A command to kill: its words, what must be equal, and how far a killed one says it came."""

    words: tuple[str, ...]
    compared: tuple[str, ...]
    reached: Callable[[Path], str]


def stages_reached(out: Path) -> str:
    stages = out / "stages.json"
    done = [s["name"] for s in json.loads(stages.read_text())] if stages.exists() else []
    steps = sorted(path.name for path in out.glob("train/checkpoints/step-*"))
    return f"finished stages: {done}; last checkpoint: {steps[-1] if steps else 'none'}"


def epochs_reached(out: Path) -> str:
    states = sorted(path.stem for path in out.glob("run/states/epoch-*.pt"))
    later = ("predictions.jsonl", "evaluation", "predictions.zip", "labels.html")
    there = [name for name in later if (out / name).exists()]
    return f"last state: {states[-1] if states else 'none'}; there: {there}"


VISION_SIZE = "--train 32 --val 24 --epochs 4 --threads 1 --device cpu"
COURSES = {
    "run": Course(
        ("run", "tiny"),
        (
            "data/questions.parquet",
            "train/adapter/adapter_model.safetensors",
            "train/adapter/adapter_config.json",
            "evaluation/base/predictions.jsonl",
            "evaluation/tuned/predictions.jsonl",
            "evaluation/results.json",
        ),
        stages_reached,
    ),
    "vision": Course(
        ("vision", "run", *VISION_SIZE.split()),
        (
            "data/months.csv",
            "predictions.jsonl",
            "evaluation/evaluation.json",
            "predictions.zip",
            "labels.html",
        ),
        epochs_reached,
    ),
}


def digests(course: Course, out: Path) -> dict[str, str]:
    return {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in course.compared}


def finish(course: Course, out: Path, kill_after_s: float | None) -> bool:
    """Run the command; True when it finished, False when it was killed first."""
    with (out.parent / f"{out.name}.log").open("ab") as log:
        command = [sys.executable, "-m", "underdog", *course.words, "--out", str(out)]
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            status = process.wait(kill_after_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return False
    if status:
        sys.exit(f"the run failed with status {status}: {Path(log.name).read_text()[-2000:]}")
    return True


def disturbed(
    course: Course, folder: Path, kills: int, whole_s: float, rng: random.Random
) -> list[Path]:
    """Finished runs that took `kills` kills between them."""
    runs: list[Path] = []
    dealt = 0
    while dealt < kills:
        out = folder / f"killed-{len(runs)}"
        runs.append(out)
        while True:
            # Later than a third of the whole, or short runs die while they start only.
            moment = rng.uniform(0.3, whole_s * 2 / 3) if dealt < kills else None
            if finish(course, out, moment):
                break
            dealt += 1
            print(f"kill {dealt} after {moment:.1f} s; {course.reached(out)}", flush=True)
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--path", choices=sorted(COURSES), default="run")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--recipe", help="of `underdog run`, instead of tiny")
    args = parser.parse_args()
    course = COURSES[args.path]
    if args.recipe:
        course = course._replace(words=("run", args.recipe))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        started = time.perf_counter()
        finish(course, folder / "whole", None)
        whole_s = time.perf_counter() - started
        print(f"undisturbed: {whole_s:.1f} s", flush=True)
        expected = digests(course, folder / "whole")
        rng = random.Random(args.seed)
        runs = disturbed(course, folder, args.kills, whole_s, rng)
        found = [digests(course, run) for run in runs]
        differing = sorted({n for each in found for n, d in each.items() if d != expected[n]})
    print(
        json.dumps(
            {"kills": args.kills, "runs": len(runs), "equal": not differing, "differing": differing}
        )
    )


if __name__ == "__main__":
    main()
