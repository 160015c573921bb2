"""Boxes in any order into one text per image, without holding them all.

In: rows of image, class and box. Out: for each image its rows, in the order they came. Never: more
in memory than the rows of `_IMAGES_PER_BUCKET` images.

Rows go to the disk in buckets of neighbouring images; each bucket is then sorted by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from underdog.vision.detection.detections import Floats, Ints

_IMAGES_PER_BUCKET = 8192
_ROW = np.dtype([("image", "<u4"), ("class", "<u4"), ("box", "<f8", (4,))])


class OfImage(NamedTuple):
    """The rows of one image; empty arrays when it has none."""

    place: int
    classes: Ints
    boxes: Floats


class Spill:
    """A folder of buckets."""

    def __init__(self, folder: Path, images_per_bucket: int = _IMAGES_PER_BUCKET) -> None:
        """`folder` is made."""
        folder.mkdir()
        self._folder, self._per_bucket = folder, images_per_bucket

    def add(self, image: Ints, classes: Ints, boxes: Floats) -> None:
        """Rows for the places `image`."""
        rows = np.empty(len(image), dtype=_ROW)
        rows["image"], rows["class"], rows["box"] = image, classes, boxes
        bucket = image // self._per_bucket
        for number in np.unique(bucket).tolist():
            with (self._folder / str(number)).open("ab") as stream:
                stream.write(rows[bucket == number].tobytes())

    def images(self, count: int) -> Iterator[OfImage]:
        """The rows of the places 0 to `count` - 1, one after the other."""
        for first in range(0, count, self._per_bucket):
            path = self._folder / str(first // self._per_bucket)
            rows = np.fromfile(path, dtype=_ROW) if path.exists() else np.zeros(0, dtype=_ROW)
            rows = rows[np.argsort(rows["image"], kind="stable")]
            places = np.arange(first, min(first + self._per_bucket, count))
            starts = np.searchsorted(rows["image"], places, "left")
            stops = np.searchsorted(rows["image"], places, "right")
            for place, start, stop in zip(
                places.tolist(), starts.tolist(), stops.tolist(), strict=True
            ):
                mine = rows[start:stop]
                yield OfImage(place, mine["class"].astype(np.int64), mine["box"])
