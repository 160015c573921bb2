"""What becomes of an annotation's box: kept, clipped to its image, or left out for one reason.

In: boxes x, y, w, h and the sizes of their images. Out: boxes left, top, right, bottom and a fate
each. Never: a box left out without a reason that is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from underdog.errors import InputError
from underdog.vision.detection.detections import Floats, Ints


class Fate(StrEnum):
    """What became of an annotation. Only `KEPT` and `CLIPPED` reach a label file."""

    KEPT = "kept"
    CLIPPED = "clipped to the image"
    MALFORMED = "no box of four numbers"
    NOT_FINITE = "not finite"
    NO_AREA = "no area"
    OUTSIDE = "outside the image"
    CROSSING = "reaching over the border"
    SMALL = "smaller than the limit"
    CROWD = "crowd"
    NO_IMAGE = "of an unknown image"
    NO_CATEGORY = "of an unknown category"


FATES = tuple(Fate)


@dataclass(frozen=True, slots=True)
class BoxPolicy:
    """What to do with boxes that are not simply inside their image."""

    clip: bool = True
    """Clip boxes that reach over the border; otherwise leave them out."""
    border_px: float = 0.5
    """Reaching over by at most this is rounding: clipped, and counted as kept."""
    least_side_px: float = 1.0
    """Boxes with a shorter side after clipping are left out; 0 keeps all that have an area."""
    crowd: bool = False
    """Keep crowd regions as if they were single objects; otherwise leave them out."""

    def __post_init__(self) -> None:
        if self.border_px < 0 or self.least_side_px < 0:
            got = f"{self.border_px}, {self.least_side_px}"
            raise InputError("lengths of at least 0 pixels", got=got)


class Judged(NamedTuple):
    """N boxes and their fates."""

    boxes: Floats
    """(N, 4): left, top, right, bottom in pixels; only those kept or clipped mean something."""
    fates: Ints
    """(N,): indices into FATES."""


def judge(boxes: Floats, sizes: Ints, policy: BoxPolicy) -> Judged:
    """`boxes` (N, 4) as x, y, width, height; `sizes` (N, 2) as width, height; all in pixels."""
    with np.errstate(invalid="ignore", over="ignore"):
        corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
    finite = np.isfinite(corners).all(axis=1)
    corners = np.where(finite[:, None], corners, 0.0)
    area = finite & (boxes[:, 2:] > 0).all(axis=1)
    clipped = np.clip(corners, 0.0, np.tile(sizes, 2).astype(np.float64))
    sides = clipped[:, 2:] - clipped[:, :2]
    over = np.abs(clipped - corners).max(axis=1, initial=0.0) > policy.border_px
    fates = np.select(
        [
            ~finite,
            ~area,
            (sides <= 0).any(axis=1),
            over if not policy.clip else np.zeros_like(over),
            (sides < policy.least_side_px).any(axis=1),
            over,
        ],
        [
            FATES.index(fate)
            for fate in (
                Fate.NOT_FINITE,
                Fate.NO_AREA,
                Fate.OUTSIDE,
                Fate.CROSSING,
                Fate.SMALL,
                Fate.CLIPPED,
            )
        ],
        FATES.index(Fate.KEPT),
    )
    return Judged(clipped, fates.astype(np.int64))
