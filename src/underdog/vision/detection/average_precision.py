"""COCO's average precision from matched boxes: by class and threshold, for any weights of images.

In: `Matches`. Out: precision at 101 recalls, recall, their means. Never: -1 or NaN for a class that
is not there; it is absent.

Shape letters: T thresholds, R recalls, K classes, N images, D found boxes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from underdog.vision.detection.detections import Floats, Ints
from underdog.vision.detection.matching import Flags, Matches

RECALLS = np.linspace(0.0, 1.0, 101)
"""0.00, 0.01, ..., 1.00 (cocoeval.py, Params.setDetParams)."""


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Precision over recall; columns of absent classes hold zeros that mean nothing."""

    precision: Floats
    """(T, R, K): the best precision at this recall or a higher one."""
    recall: Floats
    """(T, K): the share of true boxes that was found."""
    present: Flags
    """(K,): whether a class has a true box in the images that count."""

    def mean(self) -> float | None:
        """mAP50-95: the mean over thresholds, recalls and present classes; None without any."""
        if not self.present.any():
            return None
        return float(self.precision[:, :, self.present].mean())

    def mean_50(self) -> float | None:
        """mAP50: the same at the first threshold only."""
        if not self.present.any():
            return None
        return float(self.precision[0][:, self.present].mean())

    def of_class(self, number: int) -> tuple[float, float] | None:
        """AP50 and AP50-95 of the class with this index; None when it is absent."""
        if not self.present[number]:
            return None
        precision = self.precision[:, :, number]
        return float(precision[0].mean()), float(precision.mean())


class _Class(NamedTuple):
    """The found boxes of one class, best first."""

    image: Ints
    """(D,)"""
    right: Flags
    """(T, D)"""
    wrong: Flags
    """(T, D)"""
    truths: Ints
    """(N,): true boxes of this class by image."""


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """Matches sorted once, so that many weighings of the images cost one pass each."""

    classes: tuple[_Class, ...]

    @classmethod
    def of(cls, matches: Matches, thresholds: int | None = None) -> Ranked:
        """Of the first `thresholds` thresholds, or of all."""
        right = matches.right[:thresholds]
        wrong = ~right & ~matches.ignored[:thresholds]
        found = []
        for number in range(matches.truths.shape[1]):
            mine = np.nonzero(matches.labels == number + 1)[0]
            # Equal scores keep the order of images: mergesort, as cocoeval.py accumulate.
            mine = mine[np.argsort(-matches.scores[mine], kind="stable")]
            found.append(
                _Class(
                    matches.image_of_box[mine],
                    right[:, mine],
                    wrong[:, mine],
                    matches.truths[:, number],
                )
            )
        return cls(tuple(found))

    def only(self, chosen: Flags) -> Ranked:
        """The same for some of the images; the others weigh nothing."""
        kept = []
        for each in self.classes:
            mine = chosen[each.image]
            kept.append(
                _Class(
                    each.image[mine],
                    each.right[:, mine],
                    each.wrong[:, mine],
                    np.where(chosen, each.truths, 0),
                )
            )
        return Ranked(tuple(kept))

    def curves(self, weight: Ints | None = None) -> Curves:
        """Precision over recall when image n counts `weight[n]` times (once by default)."""
        columns = [_class_curve(each, weight) for each in self.classes]
        return Curves(
            np.stack([column.precision for column in columns], axis=-1),
            np.stack([column.recall for column in columns], axis=-1),
            np.array([column.present for column in columns], dtype=np.bool_),
        )


class _Column(NamedTuple):
    """(T, R), (T,) and one truth value: a class's part of `Curves`."""

    precision: Floats
    recall: Floats
    present: bool


def _class_curve(of: _Class, weight: Ints | None) -> _Column:
    """Sums of right and wrong ones down the ranking, the envelope, 101 points of it."""
    thresholds = len(of.right)
    truths = int(of.truths.sum() if weight is None else of.truths @ weight)
    precision, recall = np.zeros((thresholds, len(RECALLS))), np.zeros(thresholds)
    if truths == 0 or of.right.shape[1] == 0:
        return _Column(precision, recall, truths > 0)
    weight_of_box = 1 if weight is None else weight[of.image]
    right = np.cumsum(of.right * weight_of_box, axis=1, dtype=np.float64)
    wrong = np.cumsum(of.wrong * weight_of_box, axis=1, dtype=np.float64)
    share = right / (wrong + right + np.spacing(1))
    envelope = np.maximum.accumulate(share[:, ::-1], axis=1)[:, ::-1]
    recalls = right / truths
    for t in range(thresholds):
        place = np.searchsorted(recalls[t], RECALLS, side="left")
        reached = place < recalls.shape[1]
        precision[t, reached] = envelope[t, place[reached]]
    return _Column(precision, recalls[:, -1], True)
