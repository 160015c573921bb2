"""Which format a file has: its first bytes decide, its ending only between close relatives."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path

from underdog.data.reject import shorten
from underdog.data.sources.candidate import Broken, Candidate
from underdog.data.sources.json_files import read_json_file, read_json_lines
from underdog.data.sources.opentriviaqa import read_opentriviaqa
from underdog.data.sources.tables import (
    has_question_column,
    read_csv_file,
    read_parquet_file,
    split_header,
)
from underdog.errors import SourceError

HEAD_BYTES = 1 << 16
_PARQUET_MARK = b"PAR1"
_OPENTRIVIAQA = re.compile(rb"^#Q\b[^\n]*\n(?:[^\n]*\n){0,80}?\^", re.MULTILINE)
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))

Reader = Callable[[Path], Iterator[Candidate | Broken]]


class Container(StrEnum):
    """How a file is laid out. What its records look like is found while reading them."""

    PARQUET = "Parquet"
    JSON = "JSON"
    JSON_LINES = "JSON Lines"
    CSV = "CSV"
    OPENTRIVIAQA = "OpenTriviaQA"


READERS: dict[Container, Reader] = {
    Container.PARQUET: read_parquet_file,
    Container.JSON: read_json_file,
    Container.JSON_LINES: read_json_lines,
    Container.CSV: read_csv_file,
    Container.OPENTRIVIAQA: read_opentriviaqa,
}


def detect(path: Path) -> Container:
    """The container of a file. SourceError when it is empty, binary or none that we know."""
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError as error:
        raise SourceError("a file that can be read", got=str(error), where=path) from error
    suffix = path.suffix.casefold()
    if head.startswith(_PARQUET_MARK) or suffix == ".parquet":
        return Container.PARQUET
    head = head.removeprefix(b"\xef\xbb\xbf")
    text = head.strip()
    if not text:
        hint = "copy or download it again, or leave it out"
        raise SourceError("a file with questions", got="an empty file", where=path, hint=hint)
    if _is_binary(head):
        got = f"binary data ({shorten(repr(head[:16]), 80)})"
        hint = "export the questions as UTF-8 text: JSON, JSON Lines or CSV, or as Parquet"
        raise SourceError("a file with questions", got=got, where=path, hint=hint)
    if _OPENTRIVIAQA.search(head):
        return Container.OPENTRIVIAQA
    if text[:1] in b"[{" or suffix in (".json", ".jsonl", ".ndjson"):
        return _which_json(text, suffix)
    first = text.split(b"\n", 1)[0].decode("utf-8", "replace")
    if suffix in (".csv", ".tsv") or has_question_column(split_header(first[:4000])[1]):
        return Container.CSV
    raise SourceError(
        "a file with questions (JSON, JSON Lines, CSV, Parquet or OpenTriviaQA text)",
        got=f"text that starts with {shorten(first, 60)!r}",
        where=path,
        hint='CSV needs a header line such as "question,A,B,C,D,answer"',
    )


def _is_binary(head: bytes) -> bool:
    """A zero byte (UTF-16 has them, too), or more than one control character in thirty."""
    return b"\0" in head or len(head) - len(head.translate(None, _CONTROL)) > len(head) // 30


def _which_json(text: bytes, suffix: str) -> Container:
    if suffix in (".jsonl", ".ndjson"):
        return Container.JSON_LINES
    first, _, rest = text.partition(b"\n")
    if not text.startswith(b"{") or not rest.strip():
        return Container.JSON
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return Container.JSON
    return Container.JSON_LINES
