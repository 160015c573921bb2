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
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from underdog.vision.conv.algorithms.native import vendor_libraries
from underdog.vision.conv.bench import Saved, counting_saved, unfold_and_multiply
from underdog.vision.conv.cache import ChoiceCache
from underdog.vision.conv.engine import NATIVE, Engine, Fixed
from underdog.vision.conv.patch import patched
from underdog.vision.conv.spec import ConvSpec
from underdog.vision.conv.tune import TuneConfig, Tuner
from underdog.vision.conv.witness import Witness
from underdog.vision.yolo.seclusion import secluded

IMAGES, EPOCHS = 329_299, 50
"""Training images of LTDv2 and epochs of the reference run, for the projection."""


class Contender(NamedTuple):
    """A way to run the step: layout of the model, and what is on while it runs."""

    name: str
    channels_last: bool
    surroundings: Callable[[], AbstractContextManager[Any]]


def contenders(engine: Engine, choice: str) -> list[Contender]:
    found = [
        Contender("ours", True, lambda: patched(engine)),
        Contender("vendor", False, lambda: vendor_libraries(enabled=True)),
        Contender("vendor, channels last", True, lambda: vendor_libraries(enabled=True)),
        Contender("native", False, lambda: patched(Engine(Fixed(NATIVE)))),
        Contender("unfold + matmul", False, unfolding),
    ]
    return [each for each in found if choice == "all" or each.name in choice.split("+")]


@contextmanager
def unfolding() -> Iterator[None]:
    """Every Conv2d by the usual fallback: all columns at once, gradients left to autograd."""
    original = nn.Conv2d._conv_forward

    def _conv_forward(module: nn.Conv2d, x: Tensor, w: Tensor, bias: Tensor | None) -> Tensor:
        spec = ConvSpec.of(x.shape, w.shape, stride=module.stride, padding=module.padding)
        y = unfold_and_multiply(x, w, spec)
        return y if bias is None else y + bias.view(1, -1, 1, 1)

    nn.Conv2d._conv_forward = _conv_forward
    try:
        with vendor_libraries(enabled=False):
            yield
    finally:
        nn.Conv2d._conv_forward = original


@contextmanager
def counting_convolutions() -> Iterator[Saved]:
    """Bytes that convolutions alone give autograd to keep; an input of two of them once."""
    original, saved = nn.Conv2d._conv_forward, Saved()

    def _conv_forward(module: nn.Conv2d, x: Tensor, w: Tensor, bias: Tensor | None) -> Tensor:
        with torch.autograd.graph.saved_tensors_hooks(saved.pack, lambda tensor: tensor):
            return original(module, x, w, bias)

    nn.Conv2d._conv_forward = _conv_forward
    try:
        yield saved
    finally:
        nn.Conv2d._conv_forward = original


class Step:
    """One contender's model and optimizer. All begin with the same weights."""

    def __init__(self, contender: Contender, args: argparse.Namespace) -> None:
        from ultralytics.cfg import get_cfg
        from ultralytics.nn.tasks import DetectionModel

        torch.manual_seed(0)
        self.contender, self.device = contender, torch.device(args.device)
        self.model = DetectionModel("yolov8n.yaml", nc=4, verbose=False)
        self.model.args = get_cfg()
        form = torch.channels_last if contender.channels_last else torch.contiguous_format
        self.model = self.model.to(self.device, memory_format=form).train()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=1e-4, momentum=0.9)
        self.batch = make_batch(args.batch, args.imgsz, self.device)
        self.times_s: list[float] = []

    def run(self) -> float:
        """One step; its loss."""
        self.optimizer.zero_grad()
        loss = self.model(dict(self.batch))[0].sum()
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())

    def timed(self) -> None:
        """One step that counts."""
        with self.contender.surroundings():
            wait(self.device)
            start = time.perf_counter()
            self.run()
            wait(self.device)
            self.times_s.append(time.perf_counter() - start)

    def first(self) -> dict[str, float]:
        """Untimed: what is tuned or allocated once, what is kept, what a vendor computes."""
        with self.contender.surroundings():
            loss = self.run()
            with counting_saved() as everything:
                self.model(dict(self.batch))
            whole = everything.bytes
            del everything  # it holds what it counted
            with counting_convolutions() as saved:
                self.model(dict(self.batch))
            alone = saved.bytes
            del saved
            with Witness() as witness:
                self.run()
        vendor = sum(count for each, count in witness.sightings.items() if each.vendor)
        return {"loss": loss, "saved": whole, "conv_saved": alone, "vendor": vendor}


def make_batch(count: int, size: int, device: torch.device) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    boxes = torch.rand((6 * count, 4), generator=generator) * 0.3 + 0.2
    return {
        "img": torch.rand((count, 3, size, size), generator=generator).to(device),
        "cls": torch.randint(0, 4, (6 * count, 1), generator=generator).float().to(device),
        "bboxes": boxes.to(device),
        "batch_idx": torch.arange(count).repeat_interleave(6).float().to(device),
    }


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def loader_images_per_s(imgsz: int, batch: int) -> float:
    """Ultralytics' own loader with mosaic, one process, on 384x288 frames; a second pass counts."""
    from PIL import Image
    from ultralytics.cfg import get_cfg
    from ultralytics.data import build_dataloader, build_yolo_dataset

    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for folder in ("images", "labels"):
            (root / folder).mkdir()
        for number in range(64):
            pixels = random.integers(0, 255, (72, 96), dtype=np.uint8)
            frame = Image.fromarray(pixels).resize((384, 288)).convert("RGB")
            frame.save(root / "images" / f"{number}.jpg", quality=90)
            (root / "labels" / f"{number}.txt").write_text("0 0.5 0.5 0.1 0.1\n")
        data = {"names": {0: "thing"}, "nc": 1, "channels": 3, "train": str(root / "images")}
        config = get_cfg(overrides={"imgsz": imgsz, "task": "detect"})
        made = build_yolo_dataset(config, data["train"], batch, data, mode="train")
        loader = build_dataloader(made, batch, workers=0, shuffle=True)
        for _ in range(2):
            start, seen = time.perf_counter(), 0
            for images in loader:
                seen += len(images["img"])
            elapsed_s = time.perf_counter() - start
    return seen / elapsed_s


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
    with tempfile.TemporaryDirectory() as private, secluded(Path(private)):
        torch.set_num_threads(args.threads)
        chosen = "ours" if args.tune_only else args.contenders
        steps = [Step(each, args) for each in contenders(engine, chosen)]
        first = {step.contender.name: step.first() for step in steps}
        if args.tune_only:
            print(json.dumps({"choices": len(engine.chooser.cache), **first["ours"]}))
            return
        for _ in range(args.rounds):
            for step in steps:
                step.timed()
        images_per_s = None if args.no_loader else loader_images_per_s(args.imgsz, args.batch)
    report(args, steps, first, images_per_s)


def report(
    args: argparse.Namespace,
    steps: list[Step],
    first: dict[str, dict[str, float]],
    images_per_s: float | None,
) -> None:
    times = {step.contender.name: min(step.times_s) for step in steps}
    for name, seconds in times.items():
        kept, alone = (first[name][key] / args.batch / 2**20 for key in ("saved", "conv_saved"))
        print(
            f"{name:22s} {1000 * seconds:8.1f} ms  loss {first[name]['loss']:.4f}  kept per image: "
            f"convolutions {alone:6.1f}, all {kept:6.1f} MiB  vendor's: {first[name]['vendor']:.0f}"
        )
    result: dict[str, Any] = {"imgsz": args.imgsz, "batch": args.batch, "threads": args.threads}
    ours = times.get("ours")
    if ours is not None and args.contenders == "all":
        vendor = min(times["vendor"], times["vendor, channels last"])
        unfold = "unfold + matmul"
        result |= {
            "vendor_ratio": round(ours / vendor, 3),
            "unfold_speedup": round(times[unfold] / ours, 3),
            "tier0_speedup": round(times["native"] / ours, 3),
            "conv_saved_ratio": round(first[unfold]["conv_saved"] / first["ours"]["conv_saved"], 3),
            "saved_ratio": round(first[unfold]["saved"] / first["ours"]["saved"], 3),
            "vendor_operations_left": first["ours"]["vendor"],
            "loss_gap": abs(first["ours"]["loss"] - first["vendor"]["loss"]),
        }
    if ours is not None and images_per_s is not None:
        per_image_s = ours / args.batch + 1 / images_per_s
        result |= {
            "loader_images_per_s": round(images_per_s, 1),
            "images_per_s": round(1 / per_image_s, 2),
            "projected_days": round(per_image_s * IMAGES * EPOCHS / 86400, 1),
        }
    print(json.dumps(result | {"ms": {name: round(1000 * s, 1) for name, s in times.items()}}))


if __name__ == "__main__":
    main()
