"""What a detector found in one image, as a value: boxes, scores and labels.

In: arrays or lists. Out: a checked, sorted `Detections`. Never: a number that is not finite, a box
without area, a label below 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from underdog.errors import InputError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

IMAGE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
"""Files that count as images, and endings that `image_key` takes off."""


def image_key(name: str) -> str:
    """The name an image goes by everywhere: its file name without folder and image suffix.

    ``images/val/20200514114224046.png`` and ``20200514114224046`` are one image.
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    stem, dot, suffix = last.rpartition(".")
    return stem if stem and f"{dot}{suffix}".lower() in IMAGE_SUFFIXES else last


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Found objects of one image, best first; equal scores keep the order they came in."""

    image: str
    """Its key, see `image_key`."""
    boxes: Floats
    """(N, 4): left, top, right, bottom in pixels; right > left, bottom > top."""
    scores: Floats
    """(N,), 0 to 1, descending."""
    labels: Ints
    """(N,), 1 for the first class."""

    def __post_init__(self) -> None:
        fault = _fault(self.boxes, self.scores, self.labels)
        if fault is not None:
            raise InputError("detections with sound numbers", got=fault, where=self.image)

    @classmethod
    def of(cls, image: str, boxes: Any, scores: Any, labels: Any) -> Detections:
        """From anything numpy can read (tensors on the CPU included); sorts by score."""
        box, score, label = as_arrays(boxes, scores, labels)
        if not len(box) == len(score) == len(label):
            sizes = f"{len(box)} boxes, {len(score)} scores, {len(label)} labels"
            raise InputError("a box, a score and a label per object", got=sizes, where=image)
        order = np.argsort(-score, kind="stable")
        return cls(image_key(image), box[order], score[order], label[order])

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Detections:
        """From one line of a predictions file."""
        return cls.of(entry["image"], entry["boxes"], entry["scores"], entry["labels"])

    def to_json(self) -> dict[str, Any]:
        """One line of a predictions file; equal detections give equal text."""
        return {
            "image": self.image,
            "boxes": self.boxes.tolist(),
            "scores": self.scores.tolist(),
            "labels": self.labels.tolist(),
        }

    def best(self, limit: int) -> Detections:
        """The `limit` best ones."""
        cut = slice(limit)
        return Detections(self.image, self.boxes[cut], self.scores[cut], self.labels[cut])

    def __len__(self) -> int:
        return len(self.scores)


def as_arrays(boxes: Any, scores: Any, labels: Any) -> tuple[Floats, Floats, Ints]:
    """Arrays of the right type and shape, also of nothing."""
    box = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    score = np.asarray(scores, dtype=np.float64).reshape(-1)
    label = np.asarray(labels).reshape(-1)
    if not np.array_equal(label, np.rint(label)):
        raise InputError("whole numbers as labels", got=str(label[:5].tolist()))
    return box, score, label.astype(np.int64)


def _fault(boxes: Floats, scores: Floats, labels: Ints) -> str | None:
    """The first thing wrong, in words."""
    if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
        return "a number that is not finite"
    if ((scores < 0) | (scores > 1)).any():
        return f"a score of {scores[(scores < 0) | (scores > 1)][0]:g}, outside 0 to 1"
    if (boxes[:, 2:] <= boxes[:, :2]).any():
        return f"the box {boxes[(boxes[:, 2:] <= boxes[:, :2]).any(1)][0].tolist()} without area"
    if (labels < 1).any():
        return f"label {labels.min()}; labels start at 1"
    return None
