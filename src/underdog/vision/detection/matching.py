"""Which found box is which true box: COCO's greedy matching, for all images and thresholds at once.

In: true boxes and found boxes as columns. Out: for every found box and every IoU threshold, right,
wrong, or neither. Never: a Python loop over images or boxes; the only loop is over ranks (the best
box of every image, then the second best, ...), and there are at most `max_detections` of them.

Shape letters: T thresholds, D found boxes, G groups (all boxes of one class in one image), M true
boxes of the largest group.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from underdog.errors import InputError
from underdog.vision.detection.detections import Detections, Floats, Ints
from underdog.vision.detection.folder import TrueBoxes

Flags = npt.NDArray[np.bool_]

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""0.50, 0.55, ..., 0.95: COCO's own (cocoeval.py, Params.setDetParams)."""
MAX_DETECTIONS = 100
"""Boxes per image and class that count, COCO's third setting."""
_CELLS = 2_000_000
"""Entries of the largest array in a step: 16 MB of float64."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Found boxes of many images as columns; D boxes."""

    image_of_box: Ints
    """(D,): indices into the images of the truth, ascending."""
    boxes: Floats
    """(D, 4): left, top, right, bottom in pixels."""
    scores: Floats
    """(D,): 0 to 1; descending within an image."""
    labels: Ints
    """(D,): 1 for the first class."""


class Matches(NamedTuple):
    """What became of the D boxes that count, and how many there were to find."""

    image_of_box: Ints
    labels: Ints
    scores: Floats
    right: Flags
    """(T, D): matched with a true box that nothing better took."""
    ignored: Flags
    """(T, D): fell on a crowd region; neither right nor wrong."""
    truths: Ints
    """(images, classes): true boxes that are not crowd regions."""


def as_columns(truth: TrueBoxes, found: Mapping[str, Detections]) -> Found:
    """Detections in the order of the truth's images; images without any count as empty.

    Raises InputError for detections of an image that the truth does not know.
    """
    strange = sorted(found.keys() - set(truth.images))
    if strange:
        raise InputError(
            "predictions for the images of this split only",
            got=f"{len(strange)} others, the first is {strange[0]}",
        )
    given = [found.get(key) for key in truth.images]
    counts = [0 if each is None else len(each) for each in given]
    some = [each for each in given if each is not None]
    labels = np.concatenate([np.zeros(0, np.int64), *(each.labels for each in some)])
    if labels.size and labels.max() > len(truth.names):
        raise InputError(f"labels from 1 to {len(truth.names)}", got=str(labels.max()))
    return Found(
        np.repeat(np.arange(len(given), dtype=np.int64), counts),
        np.concatenate([np.zeros((0, 4)), *(each.boxes for each in some)]),
        np.concatenate([np.zeros(0), *(each.scores for each in some)]),
        labels,
    )


def match(truth: TrueBoxes, found: Found, max_detections: int = MAX_DETECTIONS) -> Matches:
    """Match every class of every image by itself, at every threshold of IOU_THRESHOLDS.

    The best scored box takes the true box that it overlaps most, if by at least the threshold, and
    so on down (cocoeval.py, evaluateImg, area range "all"). Of equally overlapped true boxes the
    last one is taken, as there. A box that finds no true box but a crowd region is ignored.
    """
    classes = len(truth.names)
    found_group = found.image_of_box * classes + found.labels - 1
    order = np.lexsort((-found.scores, found_group))
    rank = _ranks(found_group[order])
    order, rank = order[rank < max_detections], rank[rank < max_detections]
    true_group = truth.image_of_box * classes + truth.labels - 1
    plain_first = np.lexsort((truth.crowd, true_group))
    outcome = np.zeros((2, len(IOU_THRESHOLDS), len(order)), dtype=np.bool_)
    table = _Table(
        true_group[plain_first], _xywh(truth.boxes)[plain_first], truth.crowd[plain_first]
    )
    boxes, group = _xywh(found.boxes)[order], found_group[order]
    for chosen in _pieces(group, table):
        outcome[:, :, chosen] = _match_piece(boxes[chosen], group[chosen], rank[chosen], table)
    counted = true_group[~truth.crowd]
    truths = np.bincount(counted, minlength=len(truth.images) * classes)
    return Matches(
        image_of_box=found.image_of_box[order],
        labels=found.labels[order],
        scores=found.scores[order],
        right=outcome[0],
        ignored=outcome[1],
        truths=truths.reshape(len(truth.images), classes),
    )


class _Table(NamedTuple):
    """True boxes sorted by group, those that are not crowds first within a group."""

    group: Ints
    boxes: Floats
    crowd: Flags


def _pieces(group: Ints, table: _Table) -> Iterator[Ints]:
    """Indices of found boxes, whole groups together, groups of like size together.

    Groups without a true box have nothing to match and are left out.
    """
    groups = np.unique(group)
    first = np.searchsorted(table.group, groups, "left")
    sizes = np.searchsorted(table.group, groups, "right") - first
    groups, sizes = groups[sizes > 0], sizes[sizes > 0]
    by_size = np.argsort(sizes, kind="stable")
    start = 0
    while start < len(by_size):
        # Sizes ascend: twice the smallest is the most that padding may waste.
        most = max(2 * int(sizes[by_size[start]]), 8)
        stop = int(np.searchsorted(sizes[by_size], most, "right"))
        stop = min(stop, start + max(1, _CELLS // (most * len(IOU_THRESHOLDS))))
        yield np.nonzero(np.isin(group, groups[by_size[start:stop]]))[0]
        start = stop


def _match_piece(boxes: Floats, group: Ints, rank: Ints, table: _Table) -> Flags:
    """(2, T, D) flags, right and ignored, of these found boxes; `group` ascends."""
    groups, place = np.unique(group, return_inverse=True)
    first = np.searchsorted(table.group, groups, "left")
    size = np.searchsorted(table.group, groups, "right") - first
    column = np.arange(size.max())
    exists = column < size[:, None]
    at = np.minimum(first[:, None] + column, len(table.group) - 1)
    true_boxes, crowd = table.boxes[at], table.crowd[at] & exists
    free = np.broadcast_to(exists, (len(IOU_THRESHOLDS), *exists.shape)).copy()
    outcome = np.zeros((2, len(IOU_THRESHOLDS), len(boxes)), dtype=np.bool_)
    for turn in range(int(rank.max()) + 1):
        now = np.nonzero(rank == turn)[0]
        g = place[now]
        iou = _iou(boxes[now], true_boxes[g], crowd[g])
        taken = _choose(iou, free[:, g], crowd[g])
        t, d = np.nonzero(taken >= 0)
        m = taken[t, d]
        crowded = crowd[g[d], m]
        free[t, g[d], m] &= crowded  # a crowd region can be met again
        outcome[0, t, now[d]] = ~crowded
        outcome[1, t, now[d]] = crowded
    return outcome


def _choose(iou: Floats, free: Flags, crowd: Flags) -> Ints:
    """(T, D): the column of the box each found one takes, -1 for none; crowds come second.

    `iou` and `crowd` are (D, M), `free` is (T, D, M).
    """
    least = np.minimum(IOU_THRESHOLDS, 1 - 1e-10)[:, None, None]
    open_pairs = free & (iou >= least)
    taken = _last_best(np.where(open_pairs & ~crowd, iou, -1.0))
    if not crowd.any():
        return taken
    crowded_columns = _last_best(np.where(open_pairs & crowd, iou, -1.0))
    return np.where(taken >= 0, taken, crowded_columns)


def _last_best(value: Floats) -> Ints:
    """(T, D, M) -> (T, D): the last column of the greatest value, -1 where all are negative."""
    last = value.shape[-1] - 1
    column = last - np.argmax(value[..., ::-1], axis=-1)
    best = np.take_along_axis(value, column[..., None], axis=-1)[..., 0]
    return np.where(best >= 0, column, -1)


def _iou(boxes: Floats, true_boxes: Floats, crowd: Flags) -> Floats:
    """Boxes (D, 4) and (D, M, 4) as x, y, w, h -> (D, M) overlap over union, or over the found
    box's own area where the true one is a crowd.

    The same operations in the same order as COCO's bbIou (maskApi.c), so that a box that lies on a
    threshold falls on the same side.
    """
    x, y, w, h = np.moveaxis(boxes[:, None, :], -1, 0)
    tx, ty, tw, th = np.moveaxis(true_boxes, -1, 0)
    across = np.minimum(w + x, tw + tx) - np.maximum(x, tx)
    down = np.minimum(h + y, th + ty) - np.maximum(y, ty)
    common = np.where((across > 0) & (down > 0), across * down, 0.0)
    union = np.where(crowd, w * h, w * h + tw * th - common)
    return np.asarray(common / union)


def _xywh(boxes: Floats) -> Floats:
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)


def _ranks(group: Ints) -> Ints:
    """0, 1, 2, ... within each run of equal values."""
    place = np.arange(len(group), dtype=np.int64)
    starts = np.r_[True, group[1:] != group[:-1]] if len(group) else np.zeros(0, np.bool_)
    return place - np.maximum.accumulate(np.where(starts, place, 0))
