"""Does a detector learn the same without the vendor's library? Patched and unpatched, over seeds.

    python benchmarks/patched_training.py --out DIR [--seeds 3] [--epochs 8] [--train 320]
                                          [--val 160] [--device cpu] [--threads N]

YOLOv8n from nothing on the built-in thermal set; frames and order are the seed's, so a pair differs
in the convolutions alone. Continues when started again. Last line: JSON, mAP50 of each
run, the mean paired difference with its 95 % interval (Student's t), whether zero is in it.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from statistics import mean, stdev

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
    scores: dict[bool, list[float]] = {True: [], False: []}
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for seed in range(args.seeds):
        frames = ThermalConfig(train=args.train, val=args.val, seed=seed)
        data = synthesise(args.out / f"data-{seed}", frames)
        for patch in (False, True):
            config = WalkConfig(
                epochs=args.epochs,
                seed=seed,
                device=args.device,
                patch=patch,
                threads=args.threads,
            )
            out = args.out / f"{'patched' if patch else 'plain'}-{seed}"
            result = train(config.job(data, out))
            scores[patch].append(result.scores["map50"])
            seconds[patch].append(result.elapsed_s)
            print(f"seed {seed} {out.name:10s} mAP50 {result.scores['map50']:.4f}", flush=True)
    gaps = [one - other for one, other in zip(scores[True], scores[False], strict=True)]
    half = STUDENT[args.seeds] * stdev(gaps) / math.sqrt(len(gaps))
    low, high = mean(gaps) - half, mean(gaps) + half
    found = {
        "map50_patched": [round(value, 4) for value in scores[True]],
        "map50_plain": [round(value, 4) for value in scores[False]],
        "gap": round(mean(gaps), 4),
        "gap_interval": [round(low, 4), round(high, 4)],
        "within_noise": low <= 0 <= high,
        "time_ratio": round(sum(seconds[True]) / sum(seconds[False]), 3),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
