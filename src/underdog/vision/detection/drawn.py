"""A page of images with their boxes drawn, for a person to see whether the labels are right.

In: a folder of images and boxes. Out: one HTML file that needs nothing else. Never: a clock, a
script, a request; equal folders and seeds give equal bytes.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from underdog.errors import InputError
from underdog.pages.environment import open_templates
from underdog.pages.words import counted
from underdog.runs.files import write_text
from underdog.vision.detection.folder import TrueBoxes, image_files, read_truth

PAGE_NAME = "labels.html"
_LONGEST_SIDE_PX = 640
"""Larger images are shown smaller: a page of forty stays below about ten megabytes."""


class DrawnBox(NamedTuple):
    """A box in per cent of the image's sides."""

    x: float
    y: float
    width: float
    height: float
    name: str
    number: int
    """Its class, from 0."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One image of the page."""

    key: str
    month: str
    source: str
    """A data URL."""
    width: int
    height: int
    boxes: tuple[DrawnBox, ...]

    @property
    def spoken(self) -> str:
        """The picture in words."""
        names = ", ".join(box.name for box in self.boxes)
        return f"{self.key}: {names or 'nothing'}"


class ClassCount(NamedTuple):
    """How often a class is there, ready to print; sides are medians."""

    name: str
    number: int
    boxes: int
    images: int
    side: str


def write_label_page(
    folder: Path, split: str = "val", *, count: int = 24, seed: int = 0, target: Path | None = None
) -> Path:
    """Draw `count` images of a split, chosen evenly over the months, and give the page's path.

    Raises InputError for a folder that cannot be read, MissingExtraError without pillow or jinja2.
    """
    if count < 1:
        raise InputError("at least one image to draw", got=str(count))
    truth, files = read_truth(folder, split), image_files(folder, split)
    chosen = choose(truth, count, np.random.default_rng(seed))
    templates = open_templates(__name__.rpartition(".")[0], feature="the page of labels")
    page = templates.get_template("labels.html.j2").render(
        title=f"{folder.resolve().name}, {split}",
        lede=f"{counted(len(truth.images), 'image')}, {counted(len(truth.boxes), 'box', 'boxes')}; "
        f"{counted(len(chosen), 'image')} drawn, evenly over the months.",
        classes=_classes(truth),
        pictures=[_picture(truth, place, files[place]) for place in chosen],
    )
    path = folder / PAGE_NAME if target is None else target
    write_text(path, page)
    return path


def choose(truth: TrueBoxes, count: int, random: np.random.Generator) -> list[int]:
    """Places of `count` images in ascending order, as many of each month as there are."""
    months = [truth.months.get(key, "") for key in truth.images]
    shuffled = random.permutation(len(months)).tolist()
    by_month: dict[str, list[int]] = {}
    for place in shuffled:
        by_month.setdefault(months[place], []).append(place)
    turns = [(turn, month) for month, places in by_month.items() for turn in range(len(places))]
    return sorted(by_month[month][turn] for turn, month in sorted(turns)[:count])


def _classes(truth: TrueBoxes) -> Sequence[ClassCount]:
    found = []
    for number, name in enumerate(truth.names):
        mine = truth.labels == number + 1
        sides = truth.boxes[mine, 2:] - truth.boxes[mine, :2]
        middle = np.median(sides, axis=0) if mine.any() else None
        side = "none" if middle is None else f"{middle[0]:.0f} × {middle[1]:.0f} px"
        images = len(np.unique(truth.image_of_box[mine]))
        found.append(ClassCount(name, number, int(mine.sum()), images, side))
    return found


def _picture(truth: TrueBoxes, place: int, path: Path) -> Picture:
    width, height = truth.sizes[place].tolist()
    mine = truth.image_of_box == place
    sides = np.array([width, height, width, height])
    shares = 100 * truth.boxes[mine] / sides
    boxes = [
        DrawnBox(
            round(left, 3),
            round(top, 3),
            round(right - left, 3),
            round(bottom - top, 3),
            truth.names[label - 1],
            label - 1,
        )
        for (left, top, right, bottom), label in zip(
            shares.tolist(), truth.labels[mine].tolist(), strict=True
        )
    ]
    key = truth.images[place]
    month = truth.months.get(key, "month unknown")
    return Picture(key, month, _data_url(path), width, height, tuple(boxes))


def _data_url(path: Path) -> str:
    from PIL import Image

    with Image.open(path) as image:
        shown = image if image.mode in ("L", "RGB") else image.convert("RGB")
        shown.thumbnail((_LONGEST_SIDE_PX, _LONGEST_SIDE_PX))
        content = io.BytesIO()
        shown.save(content, "PNG")
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode('ascii')}"
