"""Convolution without the vendor's library, against that library and two ways round it.

    python benchmarks/conv.py [--batch 4] [--rounds 7] [--threads 2] [--device cpu] [--json FILE]
                              [--cache FILE]

Six layers of YOLOv8n, float32, forward and backward, in one process, contenders in turns, fastest
round of each. Ours is tuned first, which is not timed. The vendor's library (oneDNN on a CPU) runs
in both layouts and the faster total counts. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from underdog.runs.files import write_json
from underdog.vision.conv.bench import contenders, headline, run, totals_s
from underdog.vision.conv.cache import ChoiceCache
from underdog.vision.conv.engine import Engine
from underdog.vision.conv.tune import TuneConfig, Tuner


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--cache", type=Path, help="choices made before, or to be kept")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    engine = Engine(Tuner(ChoiceCache(args.cache), TuneConfig(rounds=5)))
    timings = run(
        contenders(engine), batch=args.batch, rounds=args.rounds, device=torch.device(args.device)
    )
    for each in timings:
        print(
            f"{each.layer:11s} {each.contender:22s} forward {1000 * each.forward_s:7.2f} ms  "
            f"backward {1000 * each.backward_s:7.2f} ms  kept {each.saved_bytes / 2**20:7.2f} MiB"
        )
    totals_ms = {name: round(1000 * total, 1) for name, total in totals_s(timings).items()}
    result = {name: round(value, 3) for name, value in headline(timings).items()}
    if args.json:
        write_json(args.json, {"timings": [each.to_json() for each in timings]} | result)
    print(json.dumps(result | {"total_ms": totals_ms, "threads": args.threads}))


if __name__ == "__main__":
    main()
