"""Whether a submission would be accepted: every violation, with its file, line, column and key.

In: a file, the template's identifiers. Out: a `Report`. Never: stopping at the first violation,
more in memory than one image's entry and the identifiers.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from underdog.errors import InputError
from underdog.runs.progress import SILENT, Progress
from underdog.vision.challenge.faults import (
    Fault,
    Kind,
    Limits,
    box_faults,
    entry_faults,
    is_sound,
    label_faults,
    score_faults,
)
from underdog.vision.challenge.positions import Path as ValuePath
from underdog.vision.challenge.positions import offsets, position
from underdog.vision.challenge.submission import MEMBER_NAME, MOST_BOXES
from underdog.vision.json_stream import JsonStream, Text

KEPT = 1000
"""Violations that a report holds; all are counted."""
_FLOAT = re.compile(r"[+-]?\d+(\.\d*([eE][+-]?\d+)?|[eE][+-]?\d+)")
_COCO_FIELDS = ("bbox", "category_id", "image_id", "score")


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing wrong, and where; line and column are from 1, None where a file has none."""

    kind: Kind
    file: str
    line: int | None
    column: int | None
    key: str | None
    """The image's identifier."""
    path: ValuePath
    """Inside its entry."""
    text: str

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        inner = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path)
        about = f" {self.key or ''}{inner}" if self.key or inner else ""
        return f"{place}:{about} {self.kind}: {self.text}"


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found."""

    images: int
    boxes: int
    violations: tuple[Violation, ...]
    """The first ones, in the order of the file."""
    counts: Mapping[str, int]
    """All of them by kind."""

    @property
    def accepted(self) -> bool:
        """Whether nothing is wrong."""
        return not self.counts

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        told = [
            {"kind": each.kind.value, "line": each.line, "column": each.column, "key": each.key}
            | {"file": each.file, "path": list(each.path), "text": each.text}
            for each in self.violations
        ]
        return {
            "accepted": self.accepted,
            "images": self.images,
            "boxes": self.boxes,
            "counts": dict(self.counts),
            "violations": told,
        }


def check_submission(
    path: Path,
    template: Sequence[str],
    *,
    classes: int,
    sizes: Mapping[str, tuple[int, int]] | None = None,
    progress: Progress = SILENT,
) -> Report:
    """Check the challenge's zip against the template's identifiers.

    `sizes` (width, height by identifier) also finds boxes outside their image. Raises InputError
    when there is no file; everything else is a violation.
    """
    book = _Book(template, classes, sizes or {})
    _file_size(path)
    with _opened(path, book) as stream:
        if stream is not None:
            _guarded(book, lambda: _check_entries(JsonStream(stream, "", progress=progress), book))
    return book.report()


def check_coco_results(
    path: Path,
    template: Sequence[str],
    *,
    classes: int,
    sizes: Mapping[str, tuple[int, int]] | None = None,
    progress: Progress = SILENT,
) -> Report:
    """Check COCO's results array; images of the template may be absent from it."""
    book = _Book(template, classes, sizes or {})
    _file_size(path)
    book.file = path.name
    with path.open(encoding="utf-8", newline="") as stream:
        _guarded(book, lambda: _check_results(JsonStream(stream, "", progress=progress), book))
    return book.report()


class _Book:
    """What is found while a file is read."""

    def __init__(
        self, template: Sequence[str], classes: int, sizes: Mapping[str, tuple[int, int]]
    ) -> None:
        self.wanted, self.classes, self.sizes = frozenset(template), classes, sizes
        self.order = template
        self.file = ""
        self.images = self.boxes = 0
        self.counts: Counter[str] = Counter()
        self._kept: list[Violation] = []

    def note(
        self,
        fault: Fault,
        *,
        key: str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        """Count a fault, and keep it while there is room."""
        self.counts[fault.kind.value] += 1
        if len(self._kept) < KEPT:
            kind, path, text = fault
            self._kept.append(Violation(kind, self.file, line, column, key, path, text))

    def note_inside(self, faults: Iterator[Fault], of: Text, key: str | None) -> None:
        """The same for faults inside a value whose source is known."""
        places: dict[ValuePath, int] | None = None
        for fault in faults:
            places = offsets(of.source) if places is None else places
            at = position(of.source, places.get(fault.path, 0), line=of.line, column=of.column)
            self.note(fault, key=key, line=at.line, column=at.column)

    def limits(self, key: str) -> Limits:
        """What the entry of this image is held against."""
        return Limits(self.classes, self.sizes.get(key))

    def report(self) -> Report:
        """Everything found."""
        return Report(self.images, self.boxes, tuple(self._kept), dict(sorted(self.counts.items())))


def _file_size(path: Path) -> int:
    if not path.is_file():
        raise InputError("a file to check", got="none", where=path)
    return path.stat().st_size


@contextmanager
def _opened(path: Path, book: _Book) -> Iterator[TextIO | None]:
    """The text of predictions.json, None when there is none; a bare JSON file is read, too."""
    book.file = path.name
    if not zipfile.is_zipfile(path):
        text = f"a zip with {MEMBER_NAME} is wanted; the challenge's server takes nothing else"
        book.note(Fault(Kind.NOT_A_ZIP, (), text))
        with path.open(encoding="utf-8", newline="") as stream:
            yield stream
        return
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if names != [MEMBER_NAME]:
            text = f"one file, {MEMBER_NAME}, is wanted; got {', '.join(names[:5]) or 'none'}"
            book.note(Fault(Kind.MEMBERS, (), text))
        if MEMBER_NAME not in names:
            yield None
            return
        book.file = MEMBER_NAME
        with archive.open(MEMBER_NAME) as raw:
            yield io.TextIOWrapper(raw, encoding="utf-8", newline="")


def _guarded(book: _Book, read: Callable[[], None]) -> None:
    """Turn a text that cannot be read further into a violation."""
    try:
        read()
    except InputError as error:
        line = int(error.where.rpartition(":")[2])
        text = f"{error.wanted} is wanted; got {error.got}; nothing behind it was checked"
        book.note(Fault(Kind.NOT_JSON, (), text), line=line)
    except (zipfile.BadZipFile, EOFError) as error:
        book.note(Fault(Kind.NOT_A_ZIP, (), f"a whole zip is wanted; got {error}"))


def _check_entries(stream: JsonStream, book: _Book) -> None:
    seen: set[str] = set()
    for key, line in stream.members():
        entry = stream.text()
        if key in seen:
            fault = Fault(Kind.REPEATED_KEY, (), "every identifier once is wanted")
            book.note(fault, key=key, line=line)
        elif key not in book.wanted:
            book.note(_stranger(key, book), key=key, line=line)
        seen.add(key)
        book.images += 1
        limits = book.limits(key)
        if isinstance(entry.value, dict) and isinstance(entry.value.get("boxes"), list):
            book.boxes += len(entry.value["boxes"])
        if not is_sound(entry.value, limits):
            book.note_inside(entry_faults(entry.value, limits), entry, key)
        elif entry.source.count('"') > 2 * len(entry.value):
            fault = Fault(Kind.FIELDS, (), "every field once is wanted")
            book.note(fault, key=key, line=entry.line, column=entry.column)
    for key in book.order:
        if key not in seen:
            fault = Fault(Kind.MISSING_KEY, (), "this identifier of the template is wanted")
            book.note(fault, key=key, line=stream.closing_line)


def _stranger(key: str, book: _Book) -> Fault:
    """A key that the template does not have: a float, or simply another one."""
    if _FLOAT.fullmatch(key):
        text = "an identifier as its digits is wanted; 17 digits do not survive a float"
        return Fault(Kind.FLOAT_ID, (), text)
    text = f"only the template's {len(book.wanted)} identifiers are wanted"
    return Fault(Kind.EXTRA_KEY, (), text)


def _check_results(stream: JsonStream, book: _Book) -> None:
    of_image: Counter[str] = Counter()
    for entry in stream.item_texts():
        book.boxes += 1
        book.note_inside(
            _result_faults(entry.value, book, of_image), entry, _result_key(entry.value)
        )
    stream.finish()
    book.images = len(of_image)


def _result_key(entry: Any) -> str | None:
    return str(entry["image_id"]) if isinstance(entry, dict) and "image_id" in entry else None


def _result_faults(entry: Any, book: _Book, of_image: Counter[str]) -> Iterator[Fault]:
    """Faults of one entry of COCO's results array."""
    if not isinstance(entry, dict) or sorted(entry) != list(_COCO_FIELDS):
        got = ", ".join(sorted(entry)) if isinstance(entry, dict) else repr(entry)[:40]
        yield Fault(Kind.FIELDS, (), f"{', '.join(_COCO_FIELDS)} are wanted; got {got}")
        return
    key = _result_key(entry) or ""
    of_image[key] += 1
    if of_image[key] == MOST_BOXES + 1:
        yield Fault(Kind.TOO_MANY, (), f"at most {MOST_BOXES} boxes of an image are read")
    if isinstance(entry["image_id"], float):
        text = f"a whole number or a string is wanted; got {entry['image_id']!r}"
        yield Fault(Kind.FLOAT_ID, ("image_id",), text)
    elif key not in book.wanted:
        yield _stranger(key, book)._replace(path=("image_id",))
    yield from label_faults(entry["category_id"], ("category_id",), book.classes)
    yield from score_faults(entry["score"], ("score",))
    yield from _xywh_faults(entry["bbox"], book.sizes.get(key))


def _xywh_faults(box: Any, size: tuple[int, int] | None) -> Iterator[Fault]:
    """COCO's boxes are [x, y, width, height]: checked as the box they stand for."""
    numbers = isinstance(box, list) and len(box) == 4
    if numbers and all(type(value) in (int, float) for value in box):
        x, y, width, height = box
        if width <= 0 or height <= 0:
            yield Fault(Kind.NO_AREA, ("bbox",), f"width and height above 0 are wanted; got {box}")
            return
        box = [x, y, x + width, y + height]
    yield from (fault._replace(path=("bbox",)) for fault in box_faults(box, ("bbox",), size))
