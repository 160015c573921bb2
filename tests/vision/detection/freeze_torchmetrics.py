"""What torchmetrics gives for some cases, cases included, as `torchmetrics.json`.

    python tests/vision/detection/freeze_torchmetrics.py

needs `pip install torchmetrics pycocotools torchvision`. The cases are kept beside the figures,
since numpy promises no generator's stream for ever. torchmetrics keeps its default thresholds in
float32, where 0.6 is a little more than 0.6, so that an overlap of exactly 0.6 does not count:
"challenge" holds its figures as the challenge's evaluator asks for them, "exact" those with COCO's
float64 thresholds and recalls.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from detection_cases import NAMES, random_case

from underdog.vision.detection.detections import Detections
from underdog.vision.detection.folder import TrueBoxes

TABLE = Path(__file__).with_name("torchmetrics.json")
MONTHS = ("2020-05", "2020-06", "2021-01")


def drawn(seed: int, *, right: float) -> dict[str, Any]:
    """A case as plain JSON; a `right` share of the boxes near a true one bears its label."""
    truth, found = random_case(seed)
    random = np.random.default_rng(seed + 1000)
    columns = zip(truth.image_of_box, truth.boxes, truth.labels, truth.crowd, strict=True)
    case: dict[str, Any] = {
        "months": [truth.months[key] for key in truth.images],
        "true": [
            [int(image), *map(float, box), int(label), int(crowd)]
            for image, box, label, crowd in columns
        ],
        "found": [],
    }
    for image, key in enumerate(truth.images):
        mine = truth.image_of_box == image
        for box, score, label in zip(
            found[key].boxes, found[key].scores, found[key].labels, strict=True
        ):
            overlaps = np.abs(truth.boxes[mine] - box).max(axis=1, initial=0)
            near = np.flatnonzero(overlaps <= 2)
            if len(near) and random.random() < right:
                label = truth.labels[mine][near[0]]
            case["found"].append([image, *map(float, box), float(score), int(label)])
    return case


def values(case: dict[str, Any]) -> tuple[TrueBoxes, dict[str, Detections]]:
    """A case as the package takes it."""
    true, found = np.array(case["true"]), np.array(case["found"])
    images = tuple(f"{number:03d}" for number in range(len(case["months"])))
    truth = TrueBoxes(
        names=NAMES,
        images=images,
        sizes=np.full((len(images), 2), 64),
        image_of_box=true[:, 0].astype(np.int64),
        boxes=true[:, 1:5],
        labels=true[:, 5].astype(np.int64),
        crowd=true[:, 6].astype(np.bool_),
        months=dict(zip(images, case["months"], strict=True)),
    )
    return truth, {
        key: Detections.of(key, rows[:, 1:5], rows[:, 5], rows[:, 6].astype(np.int64))
        for number, key in enumerate(images)
        for rows in [found[found[:, 0] == number]]
    }


def figures(case: dict[str, Any], **thresholds: Sequence[float]) -> dict[str, Any]:
    """By torchmetrics: mAP50, mAP, AP by class, mAP50 by month, (1 - CoV) mAP50 (ddof = 1)."""
    images = range(len(case["months"]))
    overall = _computed(case, list(images), **thresholds)
    by_month = [
        _computed(case, [n for n in images if case["months"][n] == month], **thresholds)["map_50"]
        for month in MONTHS
    ]
    map50, spread = overall["map_50"], float(np.std(by_month, ddof=1) / np.mean(by_month))
    return {
        "map50": map50,
        "map": overall["map"],
        "class_ap": overall["map_per_class"],
        "month_map50": by_month,
        "score": (1 - spread) * map50,
    }


def _computed(case: dict[str, Any], images: list[int], **thresholds: Any) -> dict[str, Any]:
    import torch
    from torchmetrics.detection import MeanAveragePrecision

    metric = MeanAveragePrecision(box_format="xyxy", class_metrics=True, **thresholds)
    for image in images:
        true = torch.tensor([row[1:] for row in case["true"] if row[0] == image]).view(-1, 6)
        found = torch.tensor([row[1:] for row in case["found"] if row[0] == image]).view(-1, 6)
        metric.update(
            [{"boxes": found[:, :4], "scores": found[:, 4], "labels": found[:, 5].int()}],
            [{"boxes": true[:, :4], "labels": true[:, 4].int(), "iscrowd": true[:, 5].int()}],
        )
    return {name: value.tolist() for name, value in metric.compute().items()}


def exact() -> dict[str, list[float]]:
    """COCO's thresholds and recalls in float64."""
    return {
        "iou_thresholds": np.linspace(0.5, 0.95, 10).tolist(),
        "rec_thresholds": np.linspace(0.0, 1.0, 101).tolist(),
    }


def main() -> None:
    from importlib.metadata import version

    cases = [drawn(2, right=0.0), drawn(6, right=0.5), drawn(8, right=0.9)]
    for case in cases:
        case["challenge"], case["exact"] = figures(case), figures(case, **exact())
    made_by = {name: version(name) for name in ("torchmetrics", "pycocotools", "torch")}
    TABLE.write_text(json.dumps({"made_by": made_by, "cases": cases}) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
