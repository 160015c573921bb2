"""A whole training step of YOLOv8n without the vendor's library, against that library and unfold.

    python benchmarks/yolo_step.py [--imgsz 640] [--batch 4] [--rounds 5] [--threads 2]
                                   [--device cpu] [--cache FILE] [--tune-only] [--no-loader]

Forward, loss, backward and optimizer step of Ultralytics' own model and loss (the `vision` extra),
float32, random images with random boxes; contenders take turns, the fastest round of each counts.
Ours is tuned first, which is not timed; `--cache` keeps the choices. The data loader is measured by
itself, on a set made here, and the projection is step and loader together. Last line: JSON.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import torch

from underdog.vision.conv.cache import ChoiceCache
from underdog.vision.conv.engine import Engine
from underdog.vision.conv.tune import TuneConfig, Tuner
from underdog.vision.yolo.seclusion import secluded
from underdog.vision.yolo.step import (
    StepConfig,
    StepTiming,
    contenders,
    headline,
    loader_rate,
    project,
    time_steps,
)

IMAGES, EPOCHS = 329_299, 50
"""Training images of LTDv2 and epochs of the reference run, for the projection."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--imgsz", type=int, default=640)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--cache", type=Path, help="choices made before, or to be kept")
    parser.add_argument("--tune-only", action="store_true", help="make the choices, time nothing")
    parser.add_argument("--no-loader", action="store_true")
    parser.add_argument("--contenders", default="all", help="names joined by +")
    args = parser.parse_args()
    engine = Engine(Tuner(ChoiceCache(args.cache), TuneConfig()))
    config = StepConfig(imgsz=args.imgsz, batch=args.batch, device=args.device)
    wanted = "ours" if args.tune_only else args.contenders
    chosen = [
        each for each in contenders(engine) if wanted == "all" or each.name in wanted.split("+")
    ]
    with tempfile.TemporaryDirectory() as private, secluded(Path(private)):
        torch.set_num_threads(args.threads)
        timings = time_steps(config, chosen, rounds=0 if args.tune_only else args.rounds)
        without = args.no_loader or args.tune_only
        images_per_s = None if without else loader_rate(args.imgsz, args.batch).images_per_s
    report(args, timings, images_per_s)


def report(args: argparse.Namespace, timings: list[StepTiming], images_per_s: float | None) -> None:
    for each in timings:
        alone, kept = (
            size / args.batch / 2**20 for size in (each.conv_saved_bytes, each.saved_bytes)
        )
        print(
            f"{each.contender:22s} {1000 * each.seconds:8.1f} ms  loss {each.loss:.4f}  kept per "
            f"image: convolutions {alone:6.1f}, all {kept:6.1f} MiB  vendor's: "
            f"{each.vendor_operations}"
        )
    result: dict[str, Any] = {"imgsz": args.imgsz, "batch": args.batch, "threads": args.threads}
    if args.contenders == "all" and not args.tune_only:
        result |= {name: round(value, 6) for name, value in headline(timings).items()}
    ours = next((each for each in timings if each.contender == "ours"), None)
    if ours is not None and images_per_s is not None:
        found = project(ours.seconds, args.batch, images_per_s, images=IMAGES, epochs=EPOCHS)
        result |= {
            "loader_images_per_s": round(images_per_s, 1),
            "images_per_s": round(found.images_per_s, 2),
            "projected_days": round(found.days, 1),
        }
    times = {each.contender: round(1000 * each.seconds, 1) for each in timings}
    print(json.dumps(result | {"ms": times}))


if __name__ == "__main__":
    main()
