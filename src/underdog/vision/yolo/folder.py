"""A data set in YOLO's layout, read without running anything that is in it.

In: a folder with `data.yaml`, or that file. Out: its class names, the two folders of images, and a
digest. Ultralytics itself runs what a data.yaml has under `download` and unpickles `labels/*.cache`
files; neither is looked at here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from underdog.errors import InputError
from underdog.runs.files import digest_bytes, digest_value

IMAGE_ENDS = {".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


@dataclass(frozen=True, slots=True)
class YoloFolder:
    """`train` and `val` are folders of images; labels lie in the folder of the same name with
    "labels" for "images". `names` are in the order of their numbers.
    """

    file: Path
    train: Path
    val: Path
    names: tuple[str, ...]

    def as_ultralytics(self) -> dict[str, Any]:
        """What its trainer wants to know of a data set."""
        return {
            "path": self.file.parent,
            "yaml_file": str(self.file),
            "train": str(self.train),
            "val": str(self.val),
            "names": dict(enumerate(self.names)),
            "nc": len(self.names),
            "channels": 3,
        }

    def digest(self) -> str:
        """Over names and sizes of all images, the content of all labels, and the class names."""
        parts: list[Any] = [list(self.names)]
        for split in (self.train, self.val):
            for image in images(split):
                label = label_of(image)
                content = digest_bytes(label.read_bytes()) if label.is_file() else None
                place = image.relative_to(split).as_posix()
                parts.append([split.name, place, image.stat().st_size, content])
        return digest_value(parts)


def read_folder(path: Path) -> YoloFolder:
    """Check and read; InputError naming what is missing."""
    import yaml

    file = path / "data.yaml" if path.is_dir() else path
    if not file.is_file():
        raise InputError("a YOLO folder with data.yaml, or that file", got="none", where=path)
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError("a data.yaml in YAML", got=str(error), where=file) from error
    if not isinstance(content, Mapping):
        raise InputError("keys train, val and names", got=type(content).__name__, where=file)
    root = file.parent / str(content.get("path") or ".")
    return YoloFolder(
        file.resolve(),
        _split(content, "train", root, file),
        _split(content, "val", root, file),
        _names(content.get("names"), file),
    )


def images(folder: Path) -> list[Path]:
    """Every image below a folder, sorted."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_ENDS)


def label_of(image: Path) -> Path:
    """The label file of an image: the last folder called "images" becomes "labels"."""
    parts = list(image.parts)
    for number in range(len(parts) - 2, -1, -1):
        if parts[number] == "images":
            parts[number] = "labels"
            break
    return Path(*parts).with_suffix(".txt")


def _split(content: Mapping[Any, Any], name: str, root: Path, file: Path) -> Path:
    value = content.get(name)
    if not isinstance(value, str):
        raise InputError(f"one folder of images under {name!r}", got=repr(value), where=file)
    folder = (root / value).resolve()
    if not folder.is_dir() or not images(folder):
        raise InputError(f"a folder of images under {name!r}", got=str(folder), where=file)
    return folder


def _names(value: Any, file: Path) -> tuple[str, ...]:
    if isinstance(value, Mapping):
        numbers = sorted(value) if all(isinstance(key, int) for key in value) else []
        if numbers == list(range(len(value))):
            value = [value[number] for number in numbers]
    if not isinstance(value, list) or not value:
        raise InputError("names numbered from 0", got=repr(value), where=file)
    return tuple(str(name) for name in value)
