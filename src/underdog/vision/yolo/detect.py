"""A trained model as a detector: image files in, boxes, scores and labels out.

In: a run's folder, from whose best epoch the model is built again without unpickling anything, or a
.pt file that the user named. Out: for the duration of a block, a callable for
`vision.detection.predictions.predict`. Boxes are in pixels of the file, labels count from 1.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from underdog.errors import InputError
from underdog.runs.files import digest_file
from underdog.vision.detection.predictions import Detector, Raw
from underdog.vision.yolo.patching import CHOICES_NAME, patched_where_wanted
from underdog.vision.yolo.precision import read_device
from underdog.vision.yolo.seclusion import secluded
from underdog.vision.yolo.state import BEST_NAME, STATES_NAME, read_best


@dataclass(frozen=True, slots=True)
class DetectConfig:
    """How a model is asked."""

    imgsz: int | None = None
    """Longer side in pixels; None: what the run was trained at, 640 for a file."""
    confidence: float = 0.001
    """Least score; average precision gains from low ones."""
    iou: float = 0.7
    """Overlap above which the weaker of two boxes is dropped; Ultralytics' default."""
    most: int = 300
    """Boxes per image at most."""
    device: str = "auto"
    """As in training."""
    patch: bool | None = None
    """As in training."""


def identity(source: Path, config: DetectConfig) -> str:
    """Which detector this is: the digest of its weights and how it is asked."""
    weights = source / STATES_NAME / BEST_NAME if source.is_dir() else source
    if not weights.is_file():
        raise InputError("a run of underdog vision train, or a .pt file", got="none", where=source)
    asked = f"imgsz {config.imgsz}, confidence {config.confidence}, iou {config.iou}"
    return f"{digest_file(weights)}, {asked}, at most {config.most}"


@contextmanager
def detecting(source: Path, config: DetectConfig) -> Iterator[Detector]:
    """The detector for a block. Patched, a run's detector keeps its choices beside those of
    training, so that a killed prediction goes on by the same algorithms.
    """
    with ExitStack() as held:
        private = held.enter_context(tempfile.TemporaryDirectory())
        held.enter_context(secluded(Path(private)))
        device = read_device(config.device)
        choices = source / CHOICES_NAME if source.is_dir() else None
        held.enter_context(patched_where_wanted(config.patch, device, cache=choices))
        model, imgsz = _model(source)
        predictor = _predictor(config, device.kind, config.imgsz or imgsz, Path(private))
        predictor.setup_model(model, verbose=False)
        yield lambda paths: _detect(predictor, paths)


def _model(source: Path) -> tuple[Any, int]:
    from ultralytics.nn.tasks import DetectionModel, load_checkpoint

    if not source.is_dir():
        return load_checkpoint(source)[0], 640
    best = read_best(source)
    model = DetectionModel(best.architecture, nc=len(best.names), verbose=False)
    model.load_state_dict(best.average)
    model.names = dict(enumerate(best.names))
    return model.eval(), best.imgsz


def _predictor(config: DetectConfig, device: str, imgsz: int, private: Path) -> Any:
    from ultralytics.models.yolo.detect import DetectionPredictor

    overrides = {
        "task": "detect",
        "mode": "predict",
        "imgsz": imgsz,
        "conf": config.confidence,
        "iou": config.iou,
        "max_det": config.most,
        "device": device if device == "cpu" else "0",
        "verbose": False,
        "save": False,
        "save_dir": str(private),
    }
    return DetectionPredictor(overrides=overrides)


def _detect(predictor: Any, paths: Sequence[Path]) -> list[Raw]:
    from PIL import Image

    # Opened here: a list of paths would let file names decide what is loaded from where.
    pictures = []
    for path in paths:
        with Image.open(path) as picture:
            pictures.append(picture.convert("RGB"))
    return [
        Raw(
            found.boxes.xyxy.cpu().numpy(),
            found.boxes.conf.cpu().numpy(),
            found.boxes.cls.cpu().numpy().astype(int) + 1,
        )
        for found in predictor(pictures)
    ]
