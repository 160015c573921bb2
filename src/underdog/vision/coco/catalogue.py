"""What a COCO file says of its images and categories.

In: the items of `images` and `categories`. Out: tables with the identifiers as exact strings.
Never: an identifier that went through a float.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from underdog.errors import InputError

_DAY = re.compile(r"(?<!\d)(19\d\d|20\d\d)[-/:_]?(0[1-9]|1[0-2])[-/:_]?(0[1-9]|[12]\d|3[01])")
_UNSAFE = re.compile(r"[/\\\x00]|^\.*$")


class ImageRow(NamedTuple):
    """One image; width and height in pixels are None where the file does not say."""

    identifier: str
    file_name: str
    width: int | None
    height: int | None
    month: str | None


class Category(NamedTuple):
    """A category of the COCO file, and the class it becomes."""

    identifier: str
    name: str


@dataclass(slots=True)
class Catalogue:
    """Images by place and categories; grows while a file is read."""

    where: str
    images: list[ImageRow] = field(default_factory=list)
    place_of: dict[str, int] = field(default_factory=dict)
    categories: tuple[Category, ...] | None = None

    def add_images(self, items: Iterable[Any]) -> None:
        """Raises InputError for an image without id or file name, and for a repeated id."""
        for item in items:
            row = _image(item, self.where)
            if self.place_of.setdefault(row.identifier, len(self.images)) != len(self.images):
                raise InputError(
                    "every image id once", got=f"{row.identifier} twice", where=self.where
                )
            self.images.append(row)

    def add_categories(self, items: Iterable[Any]) -> None:
        """In the order of their ids: numbers by value, others by text."""
        found = []
        for item in items:
            if not isinstance(item, dict) or not {"id", "name"} <= item.keys():
                raise InputError("a category with id and name", got=_short(item), where=self.where)
            found.append(Category(exact_id(item["id"], self.where), str(item["name"])))
        found.sort(key=lambda each: (not each.identifier.isdecimal(), _order(each.identifier)))
        if len({each.identifier for each in found}) != len(found):
            raise InputError("every category id once", got=str(found), where=self.where)
        self.categories = tuple(found)


def exact_id(value: Any, where: str) -> str:
    """An identifier's digits or text; InputError for a float, which may have lost digits."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise InputError(
            "an identifier as a whole number or a string",
            got=f"{type(value).__name__} {_short(value)}",
            where=where,
            hint="write it again without a float: 17 digits do not fit into one",
        )
    return str(value)


def month_of(item: Mapping[str, Any]) -> str | None:
    """The month an image was taken in, ``2020-05``: by its date, its file name or its id."""
    for key in ("date_captured", "file_name", "id"):
        found = _DAY.search(str(item.get(key) or ""))
        if found:
            return f"{found[1]}-{found[2]}"
    return None


def _image(item: Any, where: str) -> ImageRow:
    if not isinstance(item, dict) or not {"id", "file_name"} <= item.keys():
        raise InputError("an image with id and file_name", got=_short(item), where=where)
    identifier = exact_id(item["id"], where)
    if _UNSAFE.search(identifier):
        raise InputError("an image id that can be a file name", got=repr(identifier), where=where)
    name = item["file_name"]
    if not isinstance(name, str) or ".." in PurePosixPath(name).parts or name.startswith("/"):
        raise InputError("a file name below the folder of images", got=_short(name), where=where)
    sides = [item.get("width"), item.get("height")]
    width, height = (_side(side) for side in sides)
    return ImageRow(identifier, name, width, height, month_of(item))


def _side(value: Any) -> int | None:
    """Pixels; None for anything that no image has."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 1 <= value < 1 << 31:
        return None
    return int(value)


def _order(identifier: str) -> tuple[int, str]:
    return (int(identifier) if identifier.isdecimal() else 0, identifier)


def _short(value: Any) -> str:
    return repr(value)[:60]
