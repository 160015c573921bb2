"""One file into rows: detect, read, and fill in what the file as a whole says.

The file's name and folder give topic and source where rows give none. Where keys can only be
counted from 1 (no 0, some equal to the number of choices) they are taken so, and a note says it.
"""

from __future__ import annotations

import operator
import re
from collections import Counter
from typing import NamedTuple

from underdog.data.sources.candidate import Broken, Candidate, KeyKind
from underdog.data.sources.detect import READERS, Container, detect
from underdog.data.sources.fields import TEXT_NAMES
from underdog.data.sources.find import SourceFile
from underdog.data.sources.opentriviaqa import count_repairs
from underdog.errors import SourceError
from underdog.runs.files import digest_file

LICENCE_UNKNOWN = "not stated"
_OPENTRIVIAQA = ("OpenTriviaQA", "CC BY-SA 4.0")


class _Origin(NamedTuple):
    """`pattern` is looked for in a file's name; a folder's name must match it as a whole."""

    pattern: re.Pattern[str]
    source: str
    licence: str
    topic: str = ""


_ORIGINS = (
    _Origin(re.compile(r"arc[-_ ]?easy", re.IGNORECASE), "ARC-Easy", "CC BY-SA 4.0"),
    _Origin(re.compile(r"arc[-_ ]?challenge", re.IGNORECASE), "ARC-Challenge", "CC BY-SA 4.0"),
    _Origin(re.compile(r"open[-_ ]?book[-_ ]?qa", re.IGNORECASE), "OpenBookQA", "Apache-2.0"),
    _Origin(re.compile(r"gsm[-_ ]?8k", re.IGNORECASE), "GSM8K", "MIT", "mathematics"),
)
"""Public sets whose files state no origin: told by the name of the file or of its folder (GSM8K
ships as gsm8k/train.jsonl), and a note says so."""


class FileRows(NamedTuple):
    """`rows` are Candidate or Broken, as found; `digest` is the file's SHA-256."""

    name: str
    format: str
    digest: str
    rows: tuple[Candidate | Broken, ...]
    notes: tuple[str, ...]


class NoQuestions(NamedTuple):
    """A file that holds none. `error` is raised when the user named the file itself."""

    name: str
    error: SourceError


def read_file(file: SourceFile) -> FileRows | NoQuestions:
    """Read one file. SourceError when it has a known format and is broken."""
    notes: list[str] = []
    try:
        container = detect(file.path)
    except SourceError as error:
        return NoQuestions(file.name, error)
    try:
        rows = list(READERS[container](file.path))
        digest = digest_file(file.path)
        if container is Container.OPENTRIVIAQA and (repairs := count_repairs(file.path)):
            notes.append(f"stray Windows-1252 bytes repaired ({repairs})")
    except OSError as error:
        raise SourceError("a file that can be read", got=str(error), where=file.path) from error
    if not any(isinstance(row, Candidate) and row.text for row in rows):
        return NoQuestions(file.name, _wrong_schema(file, container, rows=rows))
    rows = _count_from_zero(rows, notes)
    rows = _with_origin(rows, file, container=container, notes=notes)
    shapes = Counter(row.shape for row in rows if isinstance(row, Candidate) and row.shape)
    shown = f"{container.value}, {shapes.most_common(1)[0][0]}" if shapes else container.value
    return FileRows(file.name, shown, digest, tuple(rows), tuple(notes))


def _wrong_schema(
    file: SourceFile, container: Container, *, rows: list[Candidate | Broken]
) -> SourceError:
    first = next((row for row in rows if isinstance(row, Broken)), None)
    fault = f", the first row: {first.reason} ({first.detail})" if first else ""
    return SourceError(
        f"rows with a question in a field such as {', '.join(TEXT_NAMES[:3])}",
        got=f"{container.value} with {len(rows)} rows and no question in any{fault}",
        where=file.path,
        hint='rows such as {"question": "..", "choices": ["..", ".."], "answer": "B"}',
    )


def _count_from_zero(rows: list[Candidate | Broken], notes: list[str]) -> list[Candidate | Broken]:
    places = [_open_index(row) for row in rows]
    known = [place for place in places if place is not None]
    sizes = [
        len(row.choices or ())
        for row, place in zip(rows, places, strict=True)
        if isinstance(row, Candidate) and place is not None
    ]
    if not known or min(known) < 1 or not any(map(operator.eq, known, sizes)):
        return rows
    notes.append("answers are counted from 1")
    return [
        row._replace(key=str(place - 1), kind=KeyKind.INDEX)
        if isinstance(row, Candidate) and place is not None
        else row
        for row, place in zip(rows, places, strict=True)
    ]


def _open_index(row: Candidate | Broken) -> int | None:
    """An index in somebody else's row, where the base of counting is not known."""
    if isinstance(row, Broken) or not row.choices or row.labels or row.key is None:
        return None
    if row.kind is KeyKind.TEXT:
        return None
    settled = row.shape.startswith(("underdog", "instruction")) or row.key in (row.choices or ())
    return None if settled or not re.fullmatch(r"\d{1,2}", row.key) else int(row.key)


def _with_origin(
    rows: list[Candidate | Broken], file: SourceFile, *, container: Container, notes: list[str]
) -> list[Candidate | Broken]:
    source, licence, topic = file.name, LICENCE_UNKNOWN, file.topic
    if container is Container.OPENTRIVIAQA:
        (source, licence), topic = _OPENTRIVIAQA, file.path.stem
    elif (known := _find_origin(file)) is not None:
        source, licence, topic = known.source, known.licence, known.topic or topic
        notes.append(f"{known.source} by its name")
    return [
        row._replace(
            topic=row.topic or topic,
            source=row.source or source,
            licence=row.licence or licence,
        )
        if isinstance(row, Candidate)
        else row
        for row in rows
    ]


def _find_origin(file: SourceFile) -> _Origin | None:
    folder = file.path.resolve().parent.name
    return next(
        (
            origin
            for origin in _ORIGINS
            if origin.pattern.search(file.path.stem) or origin.pattern.fullmatch(folder)
        ),
        None,
    )
