"""Matching and average precision against pycocotools, on random cases and on chosen ones."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np
import pytest
from detection_cases import NAMES, random_case

from underdog.errors import InputError
from underdog.vision.detection.average_precision import Ranked
from underdog.vision.detection.detections import Detections
from underdog.vision.detection.folder import TrueBoxes
from underdog.vision.detection.matching import Matches, as_columns, match


def coco_arrays(truth: TrueBoxes, found: dict[str, Detections], limit: int) -> tuple[Any, Any]:
    """The precision (T, R, K) and recall (T, K) that pycocotools gives for the area range "all"."""
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


def one_image(true: list[list[float]], crowd: list[bool], found: list[list[float]]) -> Matches:
    """One image and one class; found boxes come best first."""
    truth = TrueBoxes(
        names=("thing",),
        images=("a",),
        sizes=np.array([[100, 100]]),
        image_of_box=np.zeros(len(true), dtype=np.int64),
        boxes=np.array(true, dtype=np.float64).reshape(-1, 4),
        labels=np.ones(len(true), dtype=np.int64),
        crowd=np.array(crowd, dtype=np.bool_),
        months={},
    )
    scores = np.linspace(0.9, 0.1, len(found))
    detections = {"a": Detections.of("a", found, scores, [1] * len(found))}
    return match(truth, as_columns(truth, detections))


def test_a_true_box_is_found_once() -> None:
    """Of two equal found boxes the better scored one is right, the other one wrong."""
    box = [0.0, 0.0, 10.0, 10.0]
    matches = one_image([box], [False], [box, box])
    assert matches.right[0].tolist() == [True, False]
    assert not matches.ignored.any()


def test_what_falls_on_a_crowd_is_neither_right_nor_wrong() -> None:
    """A crowd region takes any number of boxes, and only those that no single object takes."""
    region, inside = [0.0, 0.0, 50.0, 50.0], [5.0, 5.0, 15.0, 15.0]
    matches = one_image([region, inside], [True, False], [inside, inside, [60.0, 60, 70, 70]])
    assert matches.right[0].tolist() == [True, False, False]
    assert matches.ignored[0].tolist() == [False, True, False]
    assert matches.truths.tolist() == [[1]]


def test_an_overlap_on_the_threshold_counts() -> None:
    """Half of a box is an overlap of exactly 0.5: right at the first threshold only."""
    matches = one_image([[0.0, 0, 10, 10]], [False], [[0.0, 0, 10, 5]])
    assert matches.right[:, 0].tolist() == [True] + [False] * 9


def test_nothing_found_and_nothing_there_are_fine() -> None:
    """Empty columns match nothing; a class without a true box has no score."""
    assert one_image([], [], []).right.shape == (10, 0)
    assert Ranked.of(one_image([], [], [[0.0, 0, 1, 1]])).curves().mean() is None
    assert Ranked.of(one_image([[0.0, 0, 1, 1]], [False], [])).curves().mean() == 0.0


def test_predictions_of_another_split_are_refused() -> None:
    """An image or a label that the truth does not know is an error that names it."""
    truth, found = random_case(0)
    with pytest.raises(InputError, match="1 others, the first is elsewhere"):
        as_columns(truth, {**found, "elsewhere": Detections.of("elsewhere", [], [], [])})
    with pytest.raises(InputError, match="labels from 1 to 4; got 5"):
        as_columns(truth, {"000": Detections.of("000", [[0, 0, 1, 1]], [0.5], [5])})


@pytest.mark.parametrize("seed", range(3))
def test_weighing_an_image_twice_is_having_it_twice(seed: int) -> None:
    """Whole-number weights, which the bootstrap draws, equal repeated images."""
    truth, found = random_case(seed, images=5)
    weight = np.array([2, 0, 1, 3, 1])
    weighed = Ranked.of(match(truth, as_columns(truth, found))).curves(weight)
    doubled, again = repeated(truth, found, weight)
    plain = Ranked.of(match(doubled, as_columns(doubled, again))).curves()
    np.testing.assert_array_equal(weighed.present, plain.present)
    np.testing.assert_allclose(weighed.recall, plain.recall, rtol=0, atol=1e-12)


def repeated(
    truth: TrueBoxes, found: dict[str, Detections], weight: Any
) -> tuple[TrueBoxes, dict[str, Detections]]:
    """The same images as often as `weight` says, each under a name of its own."""
    places = np.repeat(np.arange(len(truth.images)), weight)
    rows = [np.nonzero(truth.image_of_box == place)[0] for place in places]
    row = np.concatenate(rows)
    names = tuple(f"{truth.images[place]}-{turn}" for turn, place in enumerate(places))
    again = TrueBoxes(
        names=truth.names,
        images=names,
        sizes=truth.sizes[places],
        image_of_box=np.repeat(np.arange(len(places)), [len(each) for each in rows]),
        boxes=truth.boxes[row],
        labels=truth.labels[row],
        crowd=truth.crowd[row],
        months={},
    )
    old = [found[truth.images[place]] for place in places]
    return again, {
        name: Detections(name, each.boxes, each.scores, each.labels)
        for name, each in zip(names, old, strict=True)
    }
