"""Does a detector learn the same without the vendor's library? Patched and unpatched, over seeds.

    python benchmarks/patched_training.py --out DIR [--seeds 3] [--epochs 8] [--train 320]
                                          [--val 160] [--device cpu] [--threads N]

YOLOv8n from nothing on the built-in thermal set; frames and order are the seed's, so patched and
plain differ in the convolutions alone. Control is plain on another number of threads: it differs in
roundings alone, and so tells how far a training comes from itself. Continues when started again.
Last line: JSON, mAP50 of each run, mean paired differences of patched and of control to plain with
95 % intervals (Student's t), and whether patched comes no further from plain than control does.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch

from underdog.vision.thermal.synthesis import ThermalConfig, synthesise
from underdog.vision.walk import WalkConfig
from underdog.vision.yolo.train import train

STUDENT = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 8: 2.365, 10: 2.262}
"""97.5 % points of Student's t by number of pairs."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3, choices=sorted(STUDENT))
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--train", type=int, default=320)
    parser.add_argument("--val", type=int, default=160)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, help="of each run; default: all cores")
    args = parser.parse_args()
    threads = args.threads or torch.get_num_threads()
    arms = {
        "plain": (False, threads),
        "control": (False, threads - 1 or threads + 1),
        "patched": (True, threads),
    }
    scores: dict[str, list[float]] = {name: [] for name in arms}
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    for seed in range(args.seeds):
        frames = ThermalConfig(train=args.train, val=args.val, seed=seed)
        data = synthesise(args.out / f"data-{seed}", frames)
        for name, (patch, count) in arms.items():
            config = WalkConfig(
                epochs=args.epochs, seed=seed, device=args.device, patch=patch, threads=count
            )
            result = train(config.job(data, args.out / f"{name}-{seed}"))
            scores[name].append(result.scores["map50"])
            seconds[name].append(result.elapsed_s)
            print(f"seed {seed} {name:8s} mAP50 {result.scores['map50']:.4f}", flush=True)
    gap, control = (differences(scores[name], scores["plain"]) for name in ("patched", "control"))
    found = {
        **{f"map50_{name}": [round(value, 4) for value in scores[name]] for name in arms},
        "gap": gap,
        "control_gap": control,
        "within_noise": max(map(abs, gap["each"])) <= max(map(abs, control["each"])),
        "time_ratio": round(sum(seconds["patched"]) / sum(seconds["plain"]), 3),
    }
    print(json.dumps(found))


def differences(ones: list[float], others: list[float]) -> dict[str, Any]:
    """Paired differences, their mean and its 95 % interval."""
    gaps = [one - other for one, other in zip(ones, others, strict=True)]
    half = STUDENT[len(gaps)] * stdev(gaps) / math.sqrt(len(gaps))
    return {
        "each": [round(gap, 4) for gap in gaps],
        "mean": round(mean(gaps), 4),
        "interval": [round(mean(gaps) - half, 4), round(mean(gaps) + half, 4)],
    }


if __name__ == "__main__":
    main()
