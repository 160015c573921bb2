"""A whole training step of one of Ultralytics' models: the engine against the vendor and others.

In: an architecture, sizes, an `Engine`. Out: for every contender the time of a step (forward, loss,
backward, optimizer), what autograd keeps, and how many operations reach a vendor's library; and
the rate of Ultralytics' own data loader, which bounds what a fast step is worth. Contenders begin
with the same weights and take turns on the same images; the fastest round counts.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from underdog.runs.progress import SILENT, Progress
from underdog.vision.conv.algorithms.native import vendor_libraries
from underdog.vision.conv.bench import Saved, balanced, counting_saved, unfold_and_multiply
from underdog.vision.conv.engine import NATIVE, Engine, Fixed
from underdog.vision.conv.patch import patched
from underdog.vision.conv.spec import ConvSpec
from underdog.vision.conv.witness import Witness
from underdog.vision.yolo.folder import images, label_of, read_folder
from underdog.vision.yolo.train import check_model

BOXES_PER_IMAGE = 6
"""Of the made images; the thermal challenge's frames hold about as many."""
MADE_FRAMES = 64
"""Frames that the loader is timed on where no data set is given."""
SAMPLED = 256
"""Images of a data set that the loader is timed on."""
SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class StepConfig:
    """What a step is made of."""

    model: str = "yolov8n.yaml"
    """An architecture that Ultralytics brings."""
    imgsz: int = 640
    """Sides of the images in pixels."""
    batch: int = 4
    """Images per step."""
    device: str = "cpu"
    """torch's name of it."""


@dataclass(frozen=True, slots=True)
class StepTiming:
    """One contender. Bytes are of a whole batch: what convolutions alone give autograd to keep,
    and what everything does. `vendor_operations` counts those of one step.
    """

    contender: str
    seconds: float
    loss: float
    conv_saved_bytes: int
    saved_bytes: int
    vendor_operations: int

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return asdict(self)


class Contender(NamedTuple):
    """A way to run the step: layout of the model, and what is on while it runs."""

    name: str
    channels_last: bool
    surroundings: Callable[[], AbstractContextManager[Any]]


def contenders(engine: Engine) -> tuple[Contender, ...]:
    """The engine, the vendor's library in both layouts, and two ways without it."""
    return (
        Contender("ours", True, lambda: patched(engine)),
        Contender("vendor", False, lambda: vendor_libraries(enabled=True)),
        Contender("vendor, channels last", True, lambda: vendor_libraries(enabled=True)),
        Contender("native", False, lambda: patched(Engine(Fixed(NATIVE)))),
        Contender("unfold + matmul", False, _unfolding),
    )


def time_steps(
    config: StepConfig,
    chosen: Sequence[Contender],
    *,
    rounds: int,
    progress: Progress = SILENT,
) -> list[StepTiming]:
    """Every contender's fastest round, after steps that warm up, tune and count. With 0 rounds
    nothing is timed, and `seconds` is that of the first step, tuning included.
    """
    check_model(config.model)
    progress.begin("timing steps", len(chosen) * (1 + rounds))
    steps = []
    for each in chosen:
        steps.append(_Step(each, config))
        progress.advance(note=f"{each.name}: first step")
    for number in range(rounds):
        # What one contender leaves in the allocator should not always meet the same next one.
        for step in balanced(steps, number):
            step.timed()
            progress.advance(note=f"{step.contender.name}: {step.times_s[-1]:.2f} s")
    progress.end()
    return [step.timing() for step in steps]


def headline(timings: Sequence[StepTiming]) -> dict[str, float]:
    """Ours / vendor in its faster layout; others / ours in time and in bytes kept."""
    found = {each.contender: each for each in timings}
    ours, unfold = found["ours"], found["unfold + matmul"]
    vendor_s = min(found[name].seconds for name in ("vendor", "vendor, channels last"))
    return {
        "vendor_ratio": ours.seconds / vendor_s,
        "unfold_speedup": unfold.seconds / ours.seconds,
        "tier0_speedup": found["native"].seconds / ours.seconds,
        "conv_saved_ratio": unfold.conv_saved_bytes / ours.conv_saved_bytes,
        "saved_ratio": unfold.saved_bytes / ours.saved_bytes,
        "vendor_operations_left": ours.vendor_operations,
        "loss_gap": abs(ours.loss - found["vendor"].loss),
    }


class Projection(NamedTuple):
    """Step and loader one after the other."""

    images_per_s: float
    epoch_s: float
    days: float


def project(
    step_s: float, batch: int, loader_images_per_s: float, *, images: int, epochs: int
) -> Projection:
    """What a training run takes. Without the loader's rate there is no projection."""
    per_image_s = step_s / batch + 1 / loader_images_per_s
    epoch_s = per_image_s * images
    return Projection(1 / per_image_s, epoch_s, epochs * epoch_s / SECONDS_PER_DAY)


class _Step:
    """One contender's model and optimizer. All begin with the same weights."""

    def __init__(self, contender: Contender, config: StepConfig) -> None:
        from ultralytics.cfg import get_cfg
        from ultralytics.nn.tasks import DetectionModel

        torch.manual_seed(0)
        self.contender, self.device = contender, torch.device(config.device)
        model: Any = DetectionModel(config.model, nc=4, verbose=False)
        model.args = get_cfg()
        form = torch.channels_last if contender.channels_last else torch.contiguous_format
        self.model = model.to(self.device, memory_format=form).train()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=1e-4, momentum=0.9)
        self.batch = make_batch(config.batch, config.imgsz, self.device)
        self.times_s: list[float] = []
        with self.contender.surroundings():
            start = time.perf_counter()
            self.loss = self.run()
            self.first_s = time.perf_counter() - start
            self.count()

    def run(self) -> float:
        """One step; its loss."""
        self.optimizer.zero_grad()
        loss = self.model(dict(self.batch))[0].sum()
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())

    def count(self) -> None:
        """What is kept for backward, and what a vendor computes."""
        with counting_saved() as everything:
            self.model(dict(self.batch))
        self.saved_bytes = everything.bytes
        del everything  # it holds what it counted
        with _counting_convolutions() as alone:
            self.model(dict(self.batch))
        self.conv_saved_bytes = alone.bytes
        del alone
        with Witness() as witness:
            self.run()
        self.vendor = sum(count for each, count in witness.sightings.items() if each.vendor)

    def timed(self) -> None:
        """One step that counts."""
        with self.contender.surroundings():
            _wait(self.device)
            start = time.perf_counter()
            self.run()
            _wait(self.device)
            self.times_s.append(time.perf_counter() - start)

    def timing(self) -> StepTiming:
        """The fastest round."""
        return StepTiming(
            self.contender.name,
            min(self.times_s, default=self.first_s),
            self.loss,
            self.conv_saved_bytes,
            self.saved_bytes,
            self.vendor,
        )


def make_batch(count: int, size: int, device: torch.device) -> dict[str, Tensor]:
    """Random pixels and boxes as Ultralytics' loader gives them; equal for equal sizes."""
    generator = torch.Generator().manual_seed(0)
    total = BOXES_PER_IMAGE * count
    boxes = torch.rand((total, 4), generator=generator) * 0.3 + 0.2
    return {
        "img": torch.rand((count, 3, size, size), generator=generator).to(device),
        "cls": torch.randint(0, 4, (total, 1), generator=generator).float().to(device),
        "bboxes": boxes.to(device),
        "batch_idx": torch.arange(count).repeat_interleave(BOXES_PER_IMAGE).float().to(device),
    }


@contextmanager
def _unfolding() -> Iterator[None]:
    """Every Conv2d by the usual fallback: all columns at once, gradients left to autograd."""

    def by_columns(module: nn.Conv2d, x: Tensor, w: Tensor, bias: Tensor | None) -> Tensor:
        spec = ConvSpec.of(
            x.shape, w.shape, stride=module.stride, padding=module.padding, groups=module.groups
        )
        y = unfold_and_multiply(x, w, spec)
        return y if bias is None else y + bias.view(1, -1, 1, 1)

    with vendor_libraries(enabled=False), _convolving(by_columns):
        yield


@contextmanager
def _counting_convolutions() -> Iterator[Saved]:
    """Bytes that convolutions alone give autograd to keep; an input of two of them once."""
    original, saved = nn.Conv2d._conv_forward, Saved()

    def counted(module: nn.Conv2d, x: Tensor, w: Tensor, bias: Tensor | None) -> Tensor:
        with torch.autograd.graph.saved_tensors_hooks(saved.pack, lambda tensor: tensor):
            y: Tensor = original(module, x, w, bias)
        return y

    with _convolving(counted):
        yield saved


@contextmanager
def _convolving(convolve: Callable[..., Tensor]) -> Iterator[None]:
    original = nn.Conv2d._conv_forward
    setattr(nn.Conv2d, "_conv_forward", convolve)  # noqa: B010 - a method is assigned for a while
    try:
        yield
    finally:
        setattr(nn.Conv2d, "_conv_forward", original)  # noqa: B010


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


class LoaderRate(NamedTuple):
    """Images per second, and how many images an epoch has (None without a data set)."""

    images_per_s: float
    images: int | None


def loader_rate(imgsz: int, batch: int, *, data: Path | None = None) -> LoaderRate:
    """Ultralytics' own loader with mosaic, in this process; of two passes the second counts.

    On up to `SAMPLED` training images of the YOLO folder `data`, which are linked elsewhere, since
    Ultralytics leaves caches beside labels; without one, on frames of 384 x 288 made here.
    """
    from ultralytics.cfg import get_cfg
    from ultralytics.data import build_dataloader, build_yolo_dataset

    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for folder in ("images", "labels"):
            (root / folder).mkdir()
        names, total = _make_frames(root) if data is None else _link_sample(root, data)
        described = {"names": dict(enumerate(names)), "nc": len(names), "channels": 3}
        config = get_cfg(overrides={"imgsz": imgsz, "task": "detect"})
        made = build_yolo_dataset(config, str(root / "images"), batch, described, mode="train")
        loader = build_dataloader(made, batch, workers=0, shuffle=True)
        for _ in range(2):
            start, seen = time.perf_counter(), 0
            for batched in loader:
                seen += len(batched["img"])
            elapsed_s = time.perf_counter() - start
    return LoaderRate(seen / elapsed_s, total)


def _link_sample(root: Path, data: Path) -> tuple[tuple[str, ...], int | None]:
    """Images all over the set, and their labels."""
    folder = read_folder(data)
    every = images(folder.train)
    step = max(1, len(every) // SAMPLED)
    for number, image in enumerate(every[::step][:SAMPLED]):
        (root / "images" / f"{number}{image.suffix}").symlink_to(image.resolve())
        label = label_of(image)
        if label.is_file():
            (root / "labels" / f"{number}.txt").symlink_to(label.resolve())
    return folder.names, len(every)


def _make_frames(root: Path) -> tuple[tuple[str, ...], int | None]:
    from PIL import Image

    random = np.random.default_rng(0)
    for number in range(MADE_FRAMES):
        pixels = random.integers(0, 255, (72, 96), dtype=np.uint8)
        frame = Image.fromarray(pixels).resize((384, 288)).convert("RGB")
        frame.save(root / "images" / f"{number}.jpg", quality=90)
        (root / "labels" / f"{number}.txt").write_text("0 0.5 0.5 0.1 0.1\n", encoding="utf-8")
    return ("thing",), None
