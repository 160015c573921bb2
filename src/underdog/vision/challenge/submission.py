"""Predictions into what is handed in: the thermal challenge's zip, or plain COCO results.

In: detections by image, the template whose keys are asked for. Out: a file that
`underdog.vision.challenge.check` accepts. Never: an identifier that went through a float, a key
more or less than the template has, more than 100 boxes of an image.

The challenge (RTIOD@WACV2026, repository MarcoParola/RTIOD) reads a zip with predictions.json:

    {"20200502114224046": {"boxes": [[l, t, r, b], ...], "scores": [...], "labels": [...]}, ...}
"""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from underdog.errors import InputError
from underdog.runs.files import json_text, replacing_file
from underdog.vision.detection.detections import Detections

MEMBER_NAME = "predictions.json"
MOST_BOXES = 100
"""torchmetrics' default, which the challenge's evaluator uses: further boxes are not read."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can hold: equal predictions give equal bytes."""


class Written(NamedTuple):
    """What went into a submission."""

    images: int
    boxes: int
    empty: int
    """Images of the template without a box."""
    cut: int
    """Boxes beyond the best 100 of their image."""
    clipped: int
    """Boxes that reached over the image's border."""
    outside: int
    """Boxes left out because nothing of them lay inside the image."""


def read_template(path: Path) -> tuple[str, ...]:
    """The identifiers a submission must have, in order: keys of an object, or items of an array.

    Raises InputError for an identifier that is a float (17 digits do not fit into one), for one
    that stands there twice, and for a file that is not JSON.
    """
    try:
        # A list of pairs marks an object, so that keys that stand there twice are seen.
        text = path.read_text(encoding="utf-8")
        value = json.loads(text, object_pairs_hook=lambda pairs: {"keys": [k for k, _ in pairs]})
    except (OSError, ValueError, RecursionError) as error:
        raise InputError("a template in JSON", got=str(error), where=path) from error
    keys = value["keys"] if isinstance(value, dict) else value
    if not isinstance(keys, list) or not keys:
        raise InputError("an object or an array with identifiers", got="none", where=path)
    for key in keys:
        if isinstance(key, bool) or not isinstance(key, (str, int)):
            raise InputError(
                "identifiers as strings or whole numbers", got=repr(key)[:60], where=path
            )
    names = tuple(str(key) for key in keys)
    if len(set(names)) != len(names):
        twice = Counter(names).most_common(1)[0][0]
        raise InputError("every identifier once", got=f"{twice} twice", where=path)
    return names


def write_submission(
    path: Path,
    template: Sequence[str],
    found: Mapping[str, Detections],
    *,
    sizes: Mapping[str, tuple[int, int]] | None = None,
) -> Written:
    """Write the challenge's zip. Images of the template without predictions get empty lists.

    `sizes` (width, height by identifier) clips boxes to their image. Raises InputError when
    predictions are of images that the template does not have.
    """
    if path.suffix != ".zip":
        raise InputError("a file name that ends in .zip", got=path.name)
    _check_known(template, found, path)
    tally = _Tally(sizes or {})
    with (
        replacing_file(path) as partial,
        zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        info = zipfile.ZipInfo(MEMBER_NAME, _EPOCH)
        info.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(info, "w", force_zip64=True) as stream:
            for line in _lines(template, found, tally):
                stream.write(line.encode("utf-8"))
    return tally.written(len(template))


def write_coco_results(
    path: Path,
    template: Sequence[str],
    found: Mapping[str, Detections],
    *,
    sizes: Mapping[str, tuple[int, int]] | None = None,
    whole_numbers: bool = True,
) -> Written:
    """Write COCO's results array: image_id, category_id, bbox (x, y, w, h), score.

    Identifiers of digits are written as whole numbers, exactly, unless `whole_numbers` is False or
    a leading zero would be lost; then all are strings.
    """
    _check_known(template, found, path)
    exact = whole_numbers and all(str(int(key)) == key for key in template if key.isdecimal())
    exact = exact and all(key.isdecimal() for key in template)
    tally = _Tally(sizes or {})
    with replacing_file(path) as partial, partial.open("w", encoding="utf-8") as stream:
        stream.write("[")
        separator = "\n"
        for key in template:
            for entry in _coco_entries(tally.take(key, found.get(key)), int(key) if exact else key):
                stream.write(separator + json_text(entry))
                separator = ",\n"
        stream.write("\n]\n")
    return tally.written(len(template))


def _check_known(template: Sequence[str], found: Mapping[str, Detections], path: Path) -> None:
    strange = sorted(found.keys() - set(template))
    if strange:
        raise InputError(
            "predictions for the template's images only",
            got=f"{len(strange)} others, the first is {strange[0]}",
            where=path,
        )


def _lines(
    template: Sequence[str], found: Mapping[str, Detections], tally: _Tally
) -> Iterator[str]:
    """One line per image, so that a checker's line number says which."""
    yield "{\n"
    for place, key in enumerate(template):
        entry = tally.take(key, found.get(key))
        end = "" if place == len(template) - 1 else ","
        yield f"{json.dumps(key)}: {json_text(_entry(entry))}{end}\n"
    yield "}\n"


def _entry(found: Detections | None) -> dict[str, Any]:
    if found is None:
        return {"boxes": [], "scores": [], "labels": []}
    return {key: value for key, value in found.to_json().items() if key != "image"}


def _coco_entries(found: Detections | None, identifier: str | int) -> Iterator[dict[str, Any]]:
    if found is None:
        return
    for (left, top, right, bottom), score, label in zip(
        found.boxes.tolist(), found.scores.tolist(), found.labels.tolist(), strict=True
    ):
        # Seven digits: the difference of two rounded numbers is not a short one.
        width, height = round(right - left, 7), round(bottom - top, 7)
        yield {"image_id": identifier, "category_id": label, "score": score} | {
            "bbox": [left, top, width, height]
        }


class _Tally:
    """Counts what is changed on the way into a file."""

    def __init__(self, sizes: Mapping[str, tuple[int, int]]) -> None:
        self._sizes = sizes
        self._boxes = self._empty = self._cut = self._clipped = self._outside = 0

    def take(self, key: str, found: Detections | None) -> Detections | None:
        """The detections of an image as they are handed in."""
        if found is not None:
            found = self._inside(key, found)
            self._cut += max(0, len(found) - MOST_BOXES)
            found = found.best(MOST_BOXES)
        self._boxes += 0 if found is None else len(found)
        self._empty += found is None or len(found) == 0
        return found

    def written(self, images: int) -> Written:
        """The counts."""
        return Written(images, self._boxes, self._empty, self._cut, self._clipped, self._outside)

    def _inside(self, key: str, found: Detections) -> Detections:
        size = self._sizes.get(key)
        if size is None:
            return found
        boxes = np.clip(found.boxes, 0.0, np.array([*size, *size], dtype=np.float64))
        some = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        self._outside += int((~some).sum())
        self._clipped += int((boxes != found.boxes).any(axis=1)[some].sum())
        return Detections(key, boxes[some], found.scores[some], found.labels[some])
