"""A folder of images and boxes as detectors are trained on it (the layout of Ultralytics' YOLO).

    data.yaml                 train, val, names (and test, where there is one)
    images/{train,val}/       one file per image
    labels/{train,val}/       one text per image: class cx cy w h, as shares of the image's sides
    months.csv                image,month (2020-05); an image of unknown month has no line

In: such a folder. Out: its class names, its images, the true boxes of a split in pixels. Never: a
label that is wrong and silently left out.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from underdog.errors import InputError
from underdog.runs.files import write_text
from underdog.vision.detection.detections import IMAGE_SUFFIXES, Floats, Ints, image_key

DATA_NAME = "data.yaml"
MONTHS_NAME = "months.csv"
_COLUMNS = 5


@dataclass(frozen=True, slots=True, eq=False)
class TrueBoxes:
    """What is in the images of a split: N images, B boxes."""

    names: tuple[str, ...]
    """Class names; the first one is label 1."""
    images: tuple[str, ...]
    """N keys, see `image_key`."""
    sizes: Ints
    """(N, 2): width and height in pixels."""
    image_of_box: Ints
    """(B,): indices into `images`, ascending."""
    boxes: Floats
    """(B, 4): left, top, right, bottom in pixels."""
    labels: Ints
    """(B,): 1 for the first class."""
    crowd: npt.NDArray[np.bool_]
    """(B,): regions of many objects; whatever is found there is neither right nor wrong."""
    months: Mapping[str, str]
    """Month (``2020-05``) by image key, where it is known."""

    def __post_init__(self) -> None:
        lengths = {len(self.image_of_box), len(self.boxes), len(self.labels), len(self.crowd)}
        assert len(lengths) == 1, f"columns of unequal length: {lengths}"
        assert len(self.sizes) == len(self.images)
        if len(set(self.images)) != len(self.images):
            twice = next(key for key in self.images if self.images.count(key) > 1)
            raise InputError("images with names of their own", got=f"{twice} twice")


def write_description(
    folder: Path, names: Sequence[str], splits: Sequence[str] = ("train", "val")
) -> Path:
    """Write data.yaml. Paths in it are relative, so that the folder can be moved."""
    lines = [*(f"{split}: images/{split}" for split in splits), "names:"]
    # A JSON string is a YAML string, whatever it holds.
    lines += [f"  {index}: {json.dumps(name)}" for index, name in enumerate(names)]
    path = folder / DATA_NAME
    write_text(path, "\n".join(lines) + "\n")
    return path


def write_months(folder: Path, months: Iterable[tuple[str, str]]) -> Path:
    """Write months.csv from pairs of an image's file name and its month."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("image", "month"))
    writer.writerows(months)
    path = folder / MONTHS_NAME
    write_text(path, text.getvalue())
    return path


def read_months(folder: Path) -> dict[str, str]:
    """Month by image key; empty when the folder does not say."""
    path = folder / MONTHS_NAME
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        if not {"image", "month"} <= set(rows.fieldnames or ()):
            raise InputError("columns image and month", got=str(rows.fieldnames), where=path)
        return {image_key(row["image"]): row["month"] for row in rows if row["month"]}


def read_names(folder: Path) -> tuple[str, ...]:
    """The class names of data.yaml, in order."""
    names = _description(folder).get("names")
    if isinstance(names, Mapping) and sorted(names) == list(range(len(names))):
        names = [names[index] for index in range(len(names))]
    if not isinstance(names, list) or not names:
        raise InputError(
            "class names, numbered from 0 without gaps", got=repr(names), where=folder / DATA_NAME
        )
    return tuple(str(name) for name in names)


def image_files(folder: Path, split: str) -> list[Path]:
    """The images of a split, sorted by name.

    Raises InputError when the folder has no such split, or it holds no image.
    """
    where = _description(folder).get(split)
    if not isinstance(where, str):
        raise InputError(
            f"a split {split!r} that is one folder", got=repr(where), where=folder / DATA_NAME
        )
    root = folder / where
    if not root.is_dir():
        raise InputError("a folder of images", got="none", where=root)
    found = sorted(path for path in root.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    if not found:
        raise InputError("at least one image", got="none", where=root)
    return found


def image_sizes(folder: Path, split: str) -> dict[str, tuple[int, int]]:
    """Width and height in pixels of each image of a split, by its key."""
    return {image_key(path.name): image_size(path) for path in image_files(folder, split)}


def seen_months(folder: Path) -> frozenset[str] | None:
    """The months of the training images; None when the folder has none of known month."""
    if not isinstance(_description(folder).get("train"), str):
        return None
    months = read_months(folder)
    keys = (image_key(path.name) for path in image_files(folder, "train"))
    return frozenset(months[key] for key in keys if key in months) or None


def label_file(image: Path) -> Path:
    """Where the boxes of an image stand: the last folder ``images`` becomes ``labels``."""
    parts = list(image.parts)
    for index in range(len(parts) - 2, -1, -1):
        if parts[index] == "images":
            parts[index] = "labels"
            return Path(*parts).with_suffix(".txt")
    raise InputError("an image below a folder named images", got=str(image))


def read_truth(folder: Path, split: str = "val") -> TrueBoxes:
    """The true boxes of a split. MissingExtraError without pillow.

    An image without a label file has no objects, as for Ultralytics; a label file that cannot be
    read is an InputError with its line.
    """
    names, files = read_names(folder), image_files(folder, split)
    sizes = np.array([image_size(path) for path in files], dtype=np.int64)
    tables = [_read_labels(label_file(path), len(names)) for path in files]
    counts = np.array([len(table) for table in tables], dtype=np.int64)
    image_of_box = np.repeat(np.arange(len(files), dtype=np.int64), counts)
    table = np.concatenate([np.zeros((0, _COLUMNS)), *tables])
    return TrueBoxes(
        names=names,
        images=tuple(image_key(path.name) for path in files),
        sizes=sizes,
        image_of_box=image_of_box,
        boxes=pixels(table[:, 1:], sizes[image_of_box]),
        labels=table[:, 0].astype(np.int64) + 1,
        crowd=np.zeros(len(table), dtype=np.bool_),
        months=read_months(folder),
    )


def shares(boxes: Floats, sizes: Floats | Ints) -> Floats:
    """Pixels (left, top, right, bottom) -> cx, cy, w, h as shares of each row's (width, height)."""
    low, high = boxes[:, :2] / sizes, boxes[:, 2:] / sizes
    return np.concatenate([(low + high) / 2, high - low], axis=1)


def pixels(labels: Floats, sizes: Floats | Ints) -> Floats:
    """The reverse of `shares`."""
    middle, half = labels[:, :2], labels[:, 2:] / 2
    return np.concatenate([(middle - half) * sizes, (middle + half) * sizes], axis=1)


def label_text(classes: Ints, boxes_share: Floats) -> str:
    """The content of a label file. Seven digits: a tenth of a pixel on a million of them."""
    lines = (
        f"{number} {cx:.7f} {cy:.7f} {w:.7f} {h:.7f}\n"
        for number, (cx, cy, w, h) in zip(classes.tolist(), boxes_share.tolist(), strict=True)
    )
    return "".join(lines)


def image_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels, from the file's header."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            return image.size
    except (UnidentifiedImageError, OSError) as error:
        raise InputError("an image file", got=str(error), where=path) from error


def _description(folder: Path) -> dict[str, Any]:
    import yaml

    path = folder / DATA_NAME
    if not path.is_file():
        raise InputError(
            f"a data set with a {DATA_NAME}",
            got="none",
            where=folder,
            hint="underdog vision data synth, or underdog vision data convert",
        )
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError("a YAML file", got=str(error), where=path) from error
    if not isinstance(value, dict):
        raise InputError("a table of settings", got=type(value).__name__, where=path)
    return value


def _read_labels(path: Path, classes: int) -> Floats:
    if not path.is_file():
        return np.zeros((0, _COLUMNS))
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [_read_line(line, f"{path}:{n}", classes) for n, line in enumerate(lines, 1) if line]
    return np.array(rows, dtype=np.float64).reshape(-1, _COLUMNS)


def _read_line(line: str, where: str, classes: int) -> list[float]:
    try:
        row = [float(part) for part in line.split()]
    except ValueError as error:
        raise InputError("class cx cy w h", got=repr(line), where=where) from error
    if len(row) != _COLUMNS or not np.isfinite(row).all():
        raise InputError("class cx cy w h", got=repr(line), where=where)
    if not (row[0].is_integer() and 0 <= row[0] < classes):
        raise InputError(f"a class from 0 to {classes - 1}", got=f"{row[0]:g}", where=where)
    return row
