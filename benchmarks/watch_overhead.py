"""What watching a run, and recording its readings, costs the run: processor time per second.

    python benchmarks/watch_overhead.py [--seconds 60] [--steps 20000]

A run folder with so many steps grows by ten lines a second. Two things are measured in the same
run, each as a share of one core, from the processor time that the system charges: the recorder
that training starts in its own process (one reading a second), and an observer that looks and
judges every two seconds in a process of its own, after its first look. A training step of plain
matrix products runs beside the recorder, with and without it in turns; the noise of equal turns is
told too. Last line: JSON.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from underdog.runs.recorder import recorded
from underdog.runs.watch.observer import Observer, find_target
from underdog.runs.watch.sight import Sight
from underdog.runs.watch.verdicts import judge

ROUND_S = 2.0


def line(step: int) -> str:
    """As training writes it."""
    return json.dumps(
        {
            "kind": "step",
            "step": step,
            "chunk": step // 1000,
            "loss": 0.5,
            "learning_rate": 1e-4,
            "grad_norm": 1.0,
            "input_tokens": 700,
            "elapsed_s": 0.1 * step,
            "samples_per_s": 160.0,
        }
    )


def watcher_share(folder: Path, seconds: float, steps: int) -> tuple[float, float]:
    """Of one core, by looks and judgements; and the seconds of the first look."""
    metrics = folder / "metrics.jsonl"
    metrics.write_text("".join(line(n + 1) + "\n" for n in range(steps)))
    started = time.process_time()
    observer = Observer(find_target(str(folder)))
    observation = observer.look()
    sight = Sight(observation.facts)
    sight.see(observation)
    judge(sight)
    first_s = time.process_time() - started
    spent, looks = 0.0, max(3, int(seconds / 2))
    for look in range(looks):
        with metrics.open("a") as stream:
            stream.writelines(line(steps + look * 20 + n + 1) + "\n" for n in range(20))
        started = time.process_time()
        sight.see(observer.look())
        judge(sight)
        spent += time.process_time() - started
    return spent / (2 * looks), first_s


def recorder_share(folder: Path, seconds: float) -> float:
    """Of one core, by the thread: this process does nothing else meanwhile."""
    with recorded(folder):
        time.sleep(1)
        started, cpu = time.perf_counter(), time.process_time()
        time.sleep(seconds)
        return (time.process_time() - cpu) / (time.perf_counter() - started)


def rate() -> float:
    """Matrix products per second of processor time, which other work on the machine leaves be."""
    weights = np.ones((256, 256), dtype=np.float32)
    count, started, cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - started < ROUND_S:
        weights @ weights
        count += 1
    return count / (time.process_time() - cpu)


def slowdown(folder: Path, seconds: float) -> tuple[list[float], list[float]]:
    """By turns of alone, beside the recorder, alone: how much slower the middle is than the mean of
    its neighbours, and the second neighbour than the first, which is noise alone.
    """
    found, noise = [], []
    for _ in range(max(5, int(seconds / (3 * ROUND_S)))):
        before = rate()
        with recorded(folder):
            beside = rate()
        after = rate()
        found.append(1 - 2 * beside / (before + after))
        noise.append(1 - after / before)
    return found, noise


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--steps", type=int, default=20_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        watcher, first_s = watcher_share(Path(name), args.seconds, args.steps)
        recorder = recorder_share(Path(name), args.seconds / 2)
        found, noise = slowdown(Path(name), args.seconds)
    print(
        f"watching, a look each 2 s: {100 * watcher:.3f} % of a core (first look {first_s:.2f} s)"
    )
    print(f"recording, a reading each second: {100 * recorder:.3f} % of a core")
    slower, noisy = median(found), median(abs(each) for each in noise)
    print(
        f"products beside the recorder: {100 * slower:+.2f} % slower (median of {len(found)} turns)"
    )
    print(f"two turns that are alike differ by {100 * noisy:.2f} % (median)")
    told = {
        "watcher_core_share": round(watcher, 6),
        "first_look_s": round(first_s, 3),
        "recorder_core_share": round(recorder, 6),
        "product_slowdown": round(slower, 5),
        "noise_between_equal_turns": round(noisy, 5),
        "steps": args.steps,
        "python": platform.python_version(),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
