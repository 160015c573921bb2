"""What can be wrong with one image's entry of a submission, and with one box, score or label.

In: decoded JSON. Out: faults with the path of the value. Never: only the first fault.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from enum import StrEnum
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from underdog.vision.challenge.positions import Path
from underdog.vision.challenge.submission import MOST_BOXES

FIELDS = ("boxes", "scores", "labels")
BORDER_PX = 0.01
"""How far a box may reach over its image's border: rounding of a float32."""


class Kind(StrEnum):
    """Everything that is refused."""

    NOT_A_ZIP = "not a zip"
    MEMBERS = "files in the zip"
    NOT_JSON = "not JSON"
    FLOAT_ID = "identifier as a float"
    MISSING_KEY = "missing key"
    EXTRA_KEY = "extra key"
    REPEATED_KEY = "repeated key"
    FIELDS = "wrong fields"
    TYPE = "wrong type"
    LENGTHS = "wrong lengths"
    TOO_MANY = "too many boxes"
    NOT_FINITE = "not finite"
    XYWH = "xywh instead of xyxy"
    NO_AREA = "box without area"
    OUTSIDE = "box outside the image"
    SCORE = "score outside 0 to 1"
    UNSORTED = "scores unsorted"
    LABEL_ZERO = "label 0"
    LABEL = "unknown label"


class Fault(NamedTuple):
    """One thing wrong with the value at `path` inside an entry."""

    kind: Kind
    path: Path
    text: str
    """What was wanted; what came."""


class Limits(NamedTuple):
    """What an entry is held against."""

    classes: int
    """Labels are 1 to this."""
    size: tuple[int, int] | None
    """Width and height of the image in pixels, None when not known."""


def is_sound(entry: Any, limits: Limits) -> bool:
    """Whether `entry_faults` would find nothing, in a few passes over arrays."""
    if not (isinstance(entry, dict) and sorted(entry) == sorted(FIELDS)):
        return False
    boxes, scores, labels = (entry[field] for field in FIELDS)
    if not (isinstance(boxes, list) and isinstance(scores, list) and isinstance(labels, list)):
        return False
    if not len(boxes) == len(scores) == len(labels) <= MOST_BOXES:
        return False
    if any(type(box) is not list or len(box) != 4 for box in boxes):
        return False
    if not set(map(type, chain(scores, *boxes))) <= {int, float} or set(map(type, labels)) - {int}:
        return False
    return not boxes or _sound_numbers(boxes, scores, labels, limits)


def _sound_numbers(
    boxes: list[list[float]], scores: list[float], labels: list[int], limits: Limits
) -> bool:
    try:
        box, score = np.array(boxes, dtype=np.float64), np.array(scores, dtype=np.float64)
    except OverflowError:  # a whole number beyond 1.8e308
        return False
    if not (np.isfinite(box).all() and np.isfinite(score).all()):
        return False
    right = limits.size or (math.inf, math.inf)
    return bool(
        (box[:, 2:] > box[:, :2]).all()
        and (box[:, :2] >= -BORDER_PX).all()
        and (box[:, 2:] <= np.add(right, BORDER_PX)).all()
        and score[0] <= 1
        and score[-1] >= 0
        and (np.diff(score) <= 0).all()
        and min(labels) >= 1
        and max(labels) <= limits.classes
    )


def entry_faults(entry: Any, limits: Limits) -> Iterator[Fault]:
    """Every fault of one image's entry."""
    if not isinstance(entry, dict):
        yield Fault(
            Kind.TYPE, (), f"an object with {', '.join(FIELDS)} is wanted; got {_of(entry)}"
        )
        return
    for field in sorted(entry.keys() - set(FIELDS)):
        yield Fault(Kind.FIELDS, (field,), f"only {', '.join(FIELDS)} are wanted; got {field}")
    for field in FIELDS:
        if field not in entry:
            yield Fault(Kind.FIELDS, (), f"{', '.join(FIELDS)} are wanted; {field} is missing")
        elif not isinstance(entry[field], list):
            text = f"a list is wanted; got {_of(entry[field])}"
            yield Fault(Kind.TYPE, (field,), text)
    lists = {key: entry[key] for key in FIELDS if isinstance(entry.get(key), list)}
    yield from _length_faults(lists)
    for index, box in enumerate(lists.get("boxes", ())):
        yield from box_faults(box, ("boxes", index), limits.size)
    yield from _scores_faults(lists.get("scores", []))
    for index, label in enumerate(lists.get("labels", ())):
        yield from label_faults(label, ("labels", index), limits.classes)


def _length_faults(lists: dict[str, list[Any]]) -> Iterator[Fault]:
    lengths = {key: len(value) for key, value in lists.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{length} {key}" for key, length in lengths.items())
        yield Fault(Kind.LENGTHS, (), f"lists of equal length are wanted; got {told}")
    boxes = lengths.get("boxes", 0)
    if boxes > MOST_BOXES:
        text = f"at most {MOST_BOXES} boxes are read; got {boxes}"
        yield Fault(Kind.TOO_MANY, ("boxes", MOST_BOXES), text)


def box_faults(box: Any, path: Path, size: tuple[int, int] | None) -> Iterator[Fault]:
    """Faults of one box [left, top, right, bottom]."""
    if not isinstance(box, list) or len(box) != 4:
        yield Fault(Kind.TYPE, path, f"[left, top, right, bottom] is wanted; got {_of(box)}")
        return
    broken = False
    for index, value in enumerate(box):
        for fault in _number_faults(value, (*path, index)):
            broken = True
            yield fault
    if broken:
        return
    left, top, right, bottom = box
    if right < left or bottom < top:
        text = f"left < right and top < bottom are wanted; {box} looks like [x, y, width, height]"
        yield Fault(Kind.XYWH, path, text)
    elif right == left or bottom == top:
        yield Fault(Kind.NO_AREA, path, f"left < right and top < bottom are wanted; got {box}")
    width, height = size or (math.inf, math.inf)
    over = max(-left, -top, right - width, bottom - height)
    if over > BORDER_PX:
        image = f"{width} x {height} pixels" if size else "one that begins at 0, 0"
        yield Fault(Kind.OUTSIDE, path, f"a box inside the image, {image}, is wanted; got {box}")


def score_faults(score: Any, path: Path) -> Iterator[Fault]:
    """Faults of one score."""
    broken = list(_number_faults(score, path))
    yield from broken
    if not broken and not 0 <= score <= 1:
        yield Fault(Kind.SCORE, path, f"a score from 0 to 1 is wanted; got {score}")


def _scores_faults(scores: list[Any]) -> Iterator[Fault]:
    before: float | None = None
    told = False
    for index, score in enumerate(scores):
        faults = list(score_faults(score, ("scores", index)))
        yield from faults
        if any(fault.kind is not Kind.SCORE for fault in faults):
            continue
        if before is not None and score > before and not told:
            told = True  # one exchange of two would else be told many times
            text = f"the best score first is wanted; got {score} after {before}"
            yield Fault(Kind.UNSORTED, ("scores", index), text)
        before = score


def label_faults(label: Any, path: Path, classes: int) -> Iterator[Fault]:
    """Faults of one label."""
    if type(label) is not int:
        yield Fault(Kind.TYPE, path, f"a whole number is wanted; got {_of(label)}")
    elif label == 0:
        yield Fault(Kind.LABEL_ZERO, path, f"labels 1 to {classes} are wanted; got 0")
    elif not 1 <= label <= classes:
        yield Fault(Kind.LABEL, path, f"labels 1 to {classes} are wanted; got {label}")


def _number_faults(value: Any, path: Path) -> Iterator[Fault]:
    if type(value) not in (int, float):
        yield Fault(Kind.TYPE, path, f"a number is wanted; got {_of(value)}")
    elif not _is_finite(value):
        yield Fault(Kind.NOT_FINITE, path, f"a finite number is wanted; got {_of(value)}")


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that no float can hold
        return False


def _of(value: Any) -> str:
    """A value in a few characters."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
