"""Random true and found boxes for the tests of matching and scores."""

from __future__ import annotations

import numpy as np

from underdog.vision.detection.detections import Detections
from underdog.vision.detection.folder import TrueBoxes

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
