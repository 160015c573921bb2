"""COCO's average precision from matched boxes: per class and per threshold, for any weighing of images.

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

    precision_TRK: Floats
    recall_TK: Floats
    present_K: Flags
    """Whether a class has a true box in the images that count."""

    def mean(self) -> float | None:
        """mAP50-95: the mean over thresholds, recalls and present classes; None without any."""
        if not self.present_K.any():
            return None
        return float(self.precision_TRK[:, :, self.present_K].mean())

    def mean_50(self) -> float | None:
        """mAP50: the same at the first threshold only."""
        if not self.present_K.any():
            return None
        return float(self.precision_TRK[0][:, self.present_K].mean())

    def of_class(self, number: int) -> tuple[float, float] | None:
        """AP50 and AP50-95 of the class with this index; None when it is absent."""
        if not self.present_K[number]:
            return None
        precision_TR = self.precision_TRK[:, :, number]
        return float(precision_TR[0].mean()), float(precision_TR.mean())


class _Class(NamedTuple):
    """The found boxes of one class, best first."""

    image: Ints
    right_TD: Flags
    wrong_TD: Flags
    truths_N: Ints


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

    def only(self, chosen_N: Flags) -> Ranked:
        """The same for some of the images; the others weigh nothing."""
        kept = []
        for each in self.classes:
            mine = chosen_N[each.image]
            kept.append(
                _Class(
                    each.image[mine],
                    each.right_TD[:, mine],
                    each.wrong_TD[:, mine],
                    np.where(chosen_N, each.truths_N, 0),
                )
            )
        return Ranked(tuple(kept))

    def curves(self, weight_N: Ints | None = None) -> Curves:
        """Precision over recall when image n counts `weight_N[n]` times (once by default)."""
        columns = [_class_curve(each, weight_N) for each in self.classes]
        return Curves(
            np.stack([column.precision_TR for column in columns], axis=-1),
            np.stack([column.recall_T for column in columns], axis=-1),
            np.array([column.present for column in columns], dtype=np.bool_),
        )


class _Column(NamedTuple):
    precision_TR: Floats
    recall_T: Floats
    present: bool


def _class_curve(of: _Class, weight_N: Ints | None) -> _Column:
    """Sums of right and wrong ones down the ranking, the envelope, 101 points of it."""
    thresholds = len(of.right_TD)
    truths = int(of.truths_N.sum() if weight_N is None else of.truths_N @ weight_N)
    precision_TR, recall_T = np.zeros((thresholds, len(RECALLS))), np.zeros(thresholds)
    if truths == 0 or of.right_TD.shape[1] == 0:
        return _Column(precision_TR, recall_T, truths > 0)
    weight_D = 1 if weight_N is None else weight_N[of.image]
    right_TD = np.cumsum(of.right_TD * weight_D, axis=1, dtype=np.float64)
    wrong_TD = np.cumsum(of.wrong_TD * weight_D, axis=1, dtype=np.float64)
    share_TD = right_TD / (wrong_TD + right_TD + np.spacing(1))
    envelope_TD = np.maximum.accumulate(share_TD[:, ::-1], axis=1)[:, ::-1]
    recall_TD = right_TD / truths
    for t in range(thresholds):
        place_R = np.searchsorted(recall_TD[t], RECALLS, side="left")
        reached = place_R < recall_TD.shape[1]
        precision_TR[t, reached] = envelope_TD[t, place_R[reached]]
    return _Column(precision_TR, recall_TD[:, -1], True)
