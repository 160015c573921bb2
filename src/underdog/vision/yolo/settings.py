"""What a detector is trained with, as plain values.

Names and defaults are those of Ultralytics 8.4 (`cfg/default.yaml`) unless a line says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from underdog.errors import InputError


class Precision(StrEnum):
    """What the forward and backward pass compute in; weights and optimizer stay float32."""

    AUTO = "auto"
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"


@dataclass(frozen=True, slots=True)
class YoloConfig:
    """What decides the weights, apart from data and model."""

    epochs: int = 50
    """Passes over the training images, at least 1; the reference run's."""
    batch: int = 16
    """Images per forward pass, at least 1."""
    imgsz: int = 640
    """Longer side in pixels, a multiple of 32. Thermal frames of 384x288 lose nothing at 384."""
    nominal_batch: int = 64
    """Images per optimizer step: gradients of nominal_batch / batch passes are summed. Unlike
    Ultralytics' `nbs`, the sum never reaches over an epoch's end, and there is no ramp."""
    optimizer: str = "auto"
    """auto, SGD, AdamW, ...; auto also sets the learning rate."""
    lr0: float = 0.01
    """First learning rate; without effect for auto."""
    warmup_epochs: float = 3.0
    """Epochs of rising learning rate."""
    patience: int = 100
    """Epochs without a better score after which training ends."""
    seed: int = 0
    """Of everything random."""
    precision: Precision = Precision.AUTO
    """auto decides by the device, see `precision.py`."""

    def __post_init__(self) -> None:
        for name in ("epochs", "batch", "nominal_batch", "patience"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} of at least 1", got=str(getattr(self, name)))
        if self.imgsz < 32 or self.imgsz % 32:
            raise InputError("an image size that is a multiple of 32", got=str(self.imgsz))
        if self.lr0 <= 0 or self.warmup_epochs < 0:
            raise InputError(
                "a positive learning rate and no negative warm-up",
                got=f"{self.lr0} and {self.warmup_epochs}",
            )

    @property
    def accumulation(self) -> int:
        """Forward passes per optimizer step."""
        return max(1, round(self.nominal_batch / self.batch))


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How training images are varied. Shares are probabilities or relative sizes in [0, 1]."""

    mosaic: float = 1.0
    """Chance that four images become one."""
    close_mosaic: int = 10
    """Last epochs without mosaic."""
    scale: float = 0.5
    """Largest relative change of size."""
    translate: float = 0.1
    """Largest shift, a share of the image."""
    fliplr: float = 0.5
    """Chance of a mirrored image."""
    hsv_v: float = 0.4
    """Largest relative change of brightness. Hue and saturation, which grey images have not, stay
    at Ultralytics' defaults."""

    def __post_init__(self) -> None:
        for name in ("mosaic", "scale", "translate", "fliplr", "hsv_v"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"{name} from 0 to 1", got=str(getattr(self, name)))
        if self.close_mosaic < 0:
            raise InputError("close_mosaic of at least 0", got=str(self.close_mosaic))


@dataclass(frozen=True, slots=True)
class Execution:
    """How it runs here; another machine may continue with other values."""

    device: str = "auto"
    """cpu, cuda (ROCm's name, too) or auto: a GPU if there is one."""
    patch: bool | None = None
    """Convolutions and norms without the vendor's library; None: on AMD GPUs only."""
    workers: int = 0
    """Processes that load images. On AMD start with 0: forking beside a GPU's runtime hung the
    reference project's runs."""
    threads: int | None = None
    """CPU threads; None: as many as there are cores."""
    budget_mib: int = 256
    """Workspace of one patched convolution."""
    stall_s: float = 120.0
    """Shortest silence that is a stall."""
    stop_on_stall: bool = False
    """End the process at a stall instead of waiting on."""


@dataclass(frozen=True, slots=True)
class YoloJob:
    """`data` is a YOLO folder or its data.yaml; `model` an architecture of Ultralytics
    ("yolov8n.yaml") or a .pt file, which is code: only ever one that the user named. `out` is the
    run's folder.
    """

    data: Path
    model: str
    out: Path
    config: YoloConfig = field(default_factory=YoloConfig)
    augmentation: Augmentation = field(default_factory=Augmentation)
    execution: Execution = field(default_factory=Execution)


def ultralytics_arguments(job: YoloJob, *, device: str, precision: Precision) -> Mapping[str, Any]:
    """The job in Ultralytics' names. Plots, tables, weights and pictures are ours to write."""
    config = job.config
    return {
        "task": "detect",
        "mode": "train",
        "model": job.model,
        "data": str(job.data),
        "save_dir": str(job.out),
        "epochs": config.epochs,
        "batch": config.batch,
        # One call of `optimizer_step` per batch: `hooks.py` counts the passes itself.
        "nbs": config.batch,
        "imgsz": config.imgsz,
        "optimizer": config.optimizer,
        "lr0": config.lr0,
        "warmup_epochs": config.warmup_epochs,
        "patience": config.patience,
        "seed": config.seed,
        "deterministic": device == "cpu",
        "device": device,
        "workers": job.execution.workers,
        "amp": {Precision.FLOAT32: False, Precision.BFLOAT16: "bf16"}.get(precision, True),
        "plots": False,
        "verbose": False,
        "exist_ok": True,
        **asdict(job.augmentation),
    }
