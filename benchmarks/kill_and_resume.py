"""Kill `underdog run` with SIGKILL at random moments, continue it, compare with an undisturbed run.

    python benchmarks/kill_and_resume.py --kills 10 --seed 1

One run is left alone and timed. Others get the same command again after every kill, until the
asked number of kills has been dealt out and every run has finished. The final adapter's weights and
every prediction must be equal, byte for byte. Ends with one line of JSON.
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
from pathlib import Path

COMPARED = (
    "data/questions.parquet",
    "train/adapter/adapter_model.safetensors",
    "train/adapter/adapter_config.json",
    "evaluation/base/predictions.jsonl",
    "evaluation/tuned/predictions.jsonl",
    "evaluation/results.json",
)


def command(out: Path, recipe: str) -> list[str]:
    return [sys.executable, "-m", "underdog", "run", recipe, "--out", str(out)]


def digests(out: Path) -> dict[str, str]:
    return {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in COMPARED}


def finish(out: Path, recipe: str, kill_after_s: float | None) -> bool:
    """Run the command; True when it finished, False when it was killed first."""
    with (out.parent / f"{out.name}.log").open("ab") as log:
        process = subprocess.Popen(
            command(out, recipe), stdout=log, stderr=log, start_new_session=True
        )
        try:
            status = process.wait(kill_after_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return False
    if status:
        sys.exit(f"the run failed with status {status}; see {log.name}")
    return True


def disturbed(
    folder: Path, recipe: str, kills: int, whole_s: float, rng: random.Random
) -> list[Path]:
    """Finished runs that took `kills` kills between them."""
    runs: list[Path] = []
    dealt = 0
    while dealt < kills:
        out = folder / f"killed-{len(runs)}"
        runs.append(out)
        while True:
            moment = rng.uniform(0.3, whole_s / 3) if dealt < kills else None
            if finish(out, recipe, moment):
                break
            dealt += 1
            stages = out / "stages.json"
            done = [s["name"] for s in json.loads(stages.read_text())] if stages.exists() else []
            steps = sorted(path.name for path in out.glob("train/checkpoints/step-*"))
            print(
                f"kill {dealt} after {moment:.1f} s; finished stages: {done}; "
                f"last checkpoint: {steps[-1] if steps else 'none'}",
                flush=True,
            )
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--recipe", default="tiny")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        started = time.perf_counter()
        finish(folder / "whole", args.recipe, None)
        whole_s = time.perf_counter() - started
        print(f"undisturbed: {whole_s:.1f} s", flush=True)
        expected = digests(folder / "whole")
        rng = random.Random(args.seed)
        runs = disturbed(folder, args.recipe, args.kills, whole_s, rng)
        differing = sorted({n for run in runs for n, d in digests(run).items() if d != expected[n]})
    print(
        json.dumps(
            {"kills": args.kills, "runs": len(runs), "equal": not differing, "differing": differing}
        )
    )


if __name__ == "__main__":
    main()
