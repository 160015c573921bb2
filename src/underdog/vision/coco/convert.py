"""COCO annotations of any size into a folder that detectors train on.

In: one COCO JSON per split, a folder of images. Out: a folder as `underdog.vision.detection.folder`
reads it, its images named by their id, and a `Conversion` that accounts for every annotation.
Never: the whole JSON in memory, an id through a float, half a folder.

Memory grows with the number of images (a name and a size each), not with that of annotations.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from underdog.errors import InputError
from underdog.runs.files import json_text, replacing_folder
from underdog.runs.progress import SILENT, Progress
from underdog.vision.coco.boxes import FATES, BoxPolicy, Fate, judge
from underdog.vision.coco.catalogue import Catalogue, Category, ImageRow, exact_id
from underdog.vision.coco.spill import Spill
from underdog.vision.detection.detections import IMAGE_SUFFIXES
from underdog.vision.detection.folder import (
    image_size,
    label_text,
    shares,
    write_description,
    write_months,
)
from underdog.vision.json_stream import JsonStream

CONVERSION_NAME = "conversion.json"
TEMPLATE_NAME = "template.json"
SPLITS = ("train", "val", "test")
_ROWS = 8192
"""Annotations judged at a time."""
_SPILL_NAME = "spill"


class Placing(StrEnum):
    """How images come into the folder."""

    LINK = "link"
    """A hard link, or a symbolic one where the folder is on another disk. Costs no room."""
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class ConvertConfig:
    """How to convert."""

    boxes: BoxPolicy = field(default_factory=BoxPolicy)
    """What becomes of boxes that are not simply inside their image."""
    images: Placing = Placing.LINK
    """How images come into the folder."""
    skip_missing: bool = False
    """Leave out images whose file is not there, and count them; otherwise refuse to convert."""


@dataclass(frozen=True, slots=True)
class SplitReport:
    """What became of one COCO file."""

    source: str
    images: int
    missing: int
    """Images left out because their file is not there."""
    empty: int
    """Images without a box; they are kept, as examples of nothing."""
    annotations: int
    fates: Mapping[str, int]
    """Annotations by what became of them; they add up to `annotations`."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a conversion did."""

    categories: tuple[Category, ...]
    """Class 0 is the first one."""
    splits: Mapping[str, SplitReport]

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object, with the class of each category."""
        classes = [
            {"class": number, "category_id": each.identifier, "name": each.name}
            for number, each in enumerate(self.categories)
        ]
        splits = {name: asdict(report) for name, report in self.splits.items()}
        return {"classes": classes, "splits": splits}


def convert(
    sources: Mapping[str, Path],
    images: Path,
    target: Path,
    *,
    config: ConvertConfig = ConvertConfig(),
    progress: Progress = SILENT,
) -> Conversion:
    """Convert the COCO files in `sources` (by split: train, val, test) into the folder `target`.

    File names in them are looked up below `images`. Besides the folder's usual files:
    ``conversion.json``, this function's result, and ``template.json``, the ids of the last split in
    the order train, val, test: those that predictions will be asked for. Raises InputError, with
    file and line where there is one, and leaves nothing behind; a folder that exists is refused.
    """
    _check(sources, images, target)
    categories: tuple[Category, ...] | None = None
    reports: dict[str, SplitReport] = {}
    months: list[tuple[str, str]] = []
    names = [split for split in SPLITS if split in sources]
    with replacing_folder(target, many_files=True) as partial:
        for split in names:
            work = _Split(
                sources[split],
                images,
                folder=partial,
                split=split,
                config=config,
                progress=progress,
            )
            reports[split] = work.run()
            months += work.months
            if categories is not None and work.categories != categories:
                raise InputError(
                    f"the categories of {sources[names[0]].name}",
                    got=", ".join(f"{id_} {name}" for id_, name in work.categories),
                    where=sources[split],
                )
            categories = work.categories
            empty: dict[str, list[object]] = {"boxes": [], "scores": [], "labels": []}
            template = {row.identifier: empty for row in work.catalogue.images}
        assert categories is not None, "at least one split"
        write_description(partial, [each.name for each in categories], names)
        write_months(partial, months)
        (partial / TEMPLATE_NAME).write_text(json.dumps(template), encoding="utf-8")
        done = Conversion(categories, reports)
        (partial / CONVERSION_NAME).write_text(json_text(done.to_json(), 2) + "\n", "utf-8")
    return done


def _check(sources: Mapping[str, Path], images: Path, target: Path) -> None:
    if not sources or not set(sources) <= set(SPLITS):
        raise InputError(f"a COCO file for some of {', '.join(SPLITS)}", got=", ".join(sources))
    for path in sources.values():
        if not path.is_file():
            raise InputError("a COCO JSON file", got="none", where=path)
    if not images.is_dir():
        raise InputError("a folder of images", got="none", where=images)
    if target.exists():
        raise InputError(
            "a new folder", got="one that exists", where=target, hint="another one, or remove it"
        )


class _Split:
    """The conversion of one COCO file."""

    def __init__(
        self,
        source: Path,
        images: Path,
        *,
        folder: Path,
        split: str,
        config: ConvertConfig,
        progress: Progress,
    ) -> None:
        """`images` is where files are looked up, `folder` the data set to be."""
        self._source, self._root, self._config = source, images, config
        self._images, self._labels = folder / "images" / split, folder / "labels" / split
        self._spill_folder = folder / _SPILL_NAME
        self._progress = progress
        self.catalogue = Catalogue(str(source))
        self.categories: tuple[Category, ...] = ()
        self.months: list[tuple[str, str]] = []
        self._class_of: dict[str, int] = {}
        self._fates: Counter[str] = Counter()
        self._sizes = np.zeros((0, 2), dtype=np.int64)
        self._there = np.zeros(0, dtype=np.bool_)

    def run(self) -> SplitReport:
        """Read, judge, sort, write."""
        self._images.mkdir(parents=True)
        self._labels.mkdir(parents=True)
        spill = Spill(self._spill_folder)
        judged = self._read(spill)
        if not self._is_known():
            raise InputError("images and categories", got="not both", where=self._source)
        # Where annotations stand before the images they are of, the file is read twice.
        if not judged:
            self._settle()
            self._read(spill, again=True)
        empty = self._write(spill)
        shutil.rmtree(self._spill_folder)
        return SplitReport(
            source=self._source.name,
            images=int(self._there.sum()),
            missing=int((~self._there).sum()),
            empty=empty,
            annotations=self._fates.total(),
            fates={fate.value: self._fates[fate.value] for fate in FATES},
        )

    def _read(self, spill: Spill, *, again: bool = False) -> bool:
        """One pass over the file; False when it has annotations that came too early."""
        judged = True
        self._progress.begin(f"reading {self._source.name}", self._source.stat().st_size)
        try:
            with self._source.open(encoding="utf-8-sig", newline="") as stream:
                reader = JsonStream(stream, self._source, progress=self._progress)
                for key, line in reader.members():
                    if key == "images" and not again:
                        self.catalogue.add_images(reader.items())
                    elif key == "categories" and not again:
                        self.catalogue.add_categories(reader.items())
                    elif key == "annotations" and self._is_known():
                        self._settle()
                        self._judge_all(reader.items(), spill, f"{self._source}:{line}")
                    elif key == "annotations":
                        judged = False
        finally:
            self._progress.end()
        return judged

    def _is_known(self) -> bool:
        return bool(self.catalogue.images and self.catalogue.categories)

    def _settle(self) -> None:
        """Find the image files and their sizes, and number the classes."""
        if len(self._there) == len(self.catalogue.images):
            return
        self.categories = self.catalogue.categories or ()
        self._class_of = {each.identifier: n for n, each in enumerate(self.categories)}
        pairs = [self._size(row) for row in self.catalogue.images]
        self._there = np.array([pair is not None for pair in pairs], dtype=np.bool_)
        self._sizes = np.array([pair or (1, 1) for pair in pairs], dtype=np.int64)

    def _size(self, row: ImageRow) -> tuple[int, int] | None:
        """Width and height of an image; None when its file is not there."""
        path = self._root / row.file_name
        if path.suffix.lower() not in IMAGE_SUFFIXES:
            raise InputError("an image file", got=row.file_name, where=self._source)
        if not path.is_file():
            if self._config.skip_missing:
                return None
            raise InputError(
                f"the image {row.file_name}",
                got="none",
                where=self._root,
                hint="another --images folder, or --skip-missing to leave such images out",
            )
        if row.width is None or row.height is None:
            return image_size(path)
        return row.width, row.height

    def _judge_all(self, items: Iterator[Any], spill: Spill, where: str) -> None:
        rows: list[tuple[int, int, Any]] = []
        for item in items:
            row = self._row(item, where)
            if row is not None:
                rows.append(row)
            if len(rows) == _ROWS:
                self._judge(rows, spill)
                rows.clear()
        self._judge(rows, spill)

    def _row(self, item: Any, where: str) -> tuple[int, int, Any] | None:
        """Place, class and box of an annotation; None, counted, when its fate is known already."""
        fate = self._fate(item, where)
        if fate is not None:
            self._fates[fate.value] += 1
            return None
        place = self.catalogue.place_of[str(item["image_id"])]
        return place, self._class_of[str(item["category_id"])], item["bbox"]

    def _fate(self, item: Any, where: str) -> Fate | None:
        """The fate of an annotation whose box need not be looked at; None for all others."""
        if not isinstance(item, dict):
            return Fate.MALFORMED
        image, category = item.get("image_id"), item.get("category_id")
        if isinstance(image, float) or isinstance(category, float):
            exact_id(image, where)
            exact_id(category, where)
        place = self.catalogue.place_of.get(str(image))
        if place is None or not self._there[place]:
            return Fate.NO_IMAGE
        if str(category) not in self._class_of:
            return Fate.NO_CATEGORY
        if item.get("iscrowd") and not self._config.boxes.crowd:
            return Fate.CROWD
        box = item.get("bbox")
        if not isinstance(box, list) or len(box) != 4 or not set(map(type, box)) <= {int, float}:
            return Fate.MALFORMED
        return None

    def _judge(self, rows: list[tuple[int, int, Any]], spill: Spill) -> None:
        if not rows:
            return
        places = np.array([row[0] for row in rows], dtype=np.int64)
        classes = np.array([row[1] for row in rows], dtype=np.int64)
        boxes = np.array([row[2] for row in rows], dtype=np.float64)
        judged = judge(boxes, self._sizes[places], self._config.boxes)
        for number, count in zip(*np.unique(judged.fates, return_counts=True), strict=True):
            self._fates[FATES[number].value] += int(count)
        kept = np.isin(judged.fates, [FATES.index(Fate.KEPT), FATES.index(Fate.CLIPPED)])
        spill.add(places[kept], classes[kept], judged.boxes[kept])

    def _write(self, spill: Spill) -> int:
        """Labels and images; gives the number of images without a box."""
        empty = 0
        self._progress.begin(f"writing {self._images.name}", len(self.catalogue.images))
        try:
            for place, classes, boxes in spill.images(len(self.catalogue.images)):
                self._progress.advance()
                if not self._there[place]:
                    continue
                row = self.catalogue.images[place]
                name = row.identifier + Path(row.file_name).suffix.lower()
                text = label_text(classes, shares(boxes, self._sizes[place]))
                (self._labels / f"{row.identifier}.txt").write_text(text, encoding="utf-8")
                _bring(self._root / row.file_name, self._images / name, self._config.images)
                if row.month is not None:
                    self.months.append((name, row.month))
                empty += not text
        finally:
            self._progress.end()
        return empty


def _bring(source: Path, target: Path, placing: Placing) -> None:
    if placing is Placing.COPY:
        shutil.copyfile(source, target)
        return
    try:
        os.link(source.resolve(), target)
    except OSError:  # another disk, or one that knows no hard links
        target.symlink_to(source.resolve())
