"""Matching and average precision against pycocotools, on random cases and on chosen ones."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np
import pytest

from underdog.errors import InputError
from underdog.vision.detection.average_precision import Ranked
from underdog.vision.detection.detections import Detections
from underdog.vision.detection.folder import TrueBoxes
from underdog.vision.detection.matching import as_columns, match

NAMES = ("person", "bicycle", "motorcycle", "vehicle")


def random_case(
    seed: int, images: int = 12, crowd: float = 0.1
) -> tuple[TrueBoxes, dict[str, Detections]]:
    """True boxes on a coarse grid, found ones near them or anywhere, with many equal scores."""
    random = np.random.default_rng(seed)
    counts = random.integers(0, 7, size=images)
    image_of_box = np.repeat(np.arange(images), counts)
    total = len(image_of_box)
    corner = random.integers(0, 40, size=(total, 2)).astype(float)
    boxes = np.concatenate([corner, corner + random.integers(2, 20, size=(total, 2))], axis=1)
    truth = TrueBoxes(
        names=NAMES,
        images=tuple(f"{number:03d}" for number in range(images)),
        sizes=np.full((images, 2), 64),
        image_of_box=image_of_box,
        boxes=boxes,
        labels=random.integers(1, 4, size=total),  # the fourth class is never there
        crowd=random.random(total) < crowd,
        months={f"{n:03d}": ("2020-05", "2020-06", "2021-01")[n % 3] for n in range(images)},
    )
    found = {}
    for number, key in enumerate(truth.images):
        near = boxes[image_of_box == number].repeat(2, axis=0)
        near = near + np.tile(random.integers(-2, 3, size=(len(near), 2)), 2)
        loose = random.integers(0, 40, size=(3, 2)).astype(float)
        all_boxes = np.concatenate([near, np.concatenate([loose, loose + 9.5], axis=1)])
        scores = random.integers(1, 8, size=len(all_boxes)) / 8
        found[key] = Detections.of(key, all_boxes, scores, random.integers(1, 5, len(all_boxes)))
    return truth, found


def coco_arrays(truth: TrueBoxes, found: dict[str, Detections], limit: int) -> tuple[Any, Any]:
    """pycocotools' precision (T, R, K) and recall (T, K) of the area range "all"."""
    coco = pytest.importorskip("pycocotools.coco", reason="pycocotools is not installed")
    from pycocotools.cocoeval import COCOeval

    def xywh(box: Any) -> list[float]:
        return [box[0], box[1], box[2] - box[0], box[3] - box[1]]

    columns = zip(truth.image_of_box.tolist(), truth.boxes, truth.labels, truth.crowd, strict=True)
    annotations = [
        {"id": number, "image_id": image, "category_id": int(label), "bbox": xywh(box)}
        | {"area": float((box[2] - box[0]) * (box[3] - box[1])), "iscrowd": int(crowd)}
        for number, (image, box, label, crowd) in enumerate(columns, start=1)
    ]
    results = [
        {"image_id": number, "category_id": int(label), "bbox": xywh(box), "score": float(score)}
        for number, key in enumerate(truth.images)
        for box, score, label in zip(
            found[key].boxes, found[key].scores, found[key].labels, strict=True
        )
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        reference = coco.COCO()
        reference.dataset = {
            "images": [{"id": number} for number in range(len(truth.images))],
            "categories": [{"id": number} for number in range(1, len(NAMES) + 1)],
            "annotations": annotations,
        }
        reference.createIndex()
        evaluation = COCOeval(reference, reference.loadRes(results), "bbox")
        evaluation.params.maxDets = [limit]
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation.eval["precision"][:, :, :, 0, 0], evaluation.eval["recall"][:, :, 0, 0]


@pytest.mark.parametrize("seed", range(12))
def test_precision_and_recall_are_those_of_pycocotools(seed: int) -> None:
    """Whole arrays, with crowds, ties of scores and of overlaps, and an absent class; the bound
    1e-12 is for sums in another order, measured differences are zero.
    """
    truth, found = random_case(seed)
    limit = 100 if seed % 2 else 2
    precision, recall = coco_arrays(truth, found, limit)
    curves = Ranked.of(match(truth, as_columns(truth, found), limit)).curves()
    np.testing.assert_array_equal(curves.present, precision[0, 0] > -1)
    present = curves.present
    np.testing.assert_allclose(
        curves.precision[:, :, present], precision[:, :, present], rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(curves.recall[:, present], recall[:, present], rtol=0, atol=1e-12)
