"""JSON and JSON Lines: our own rows, the common aliases, and the competition's question files.

A JSON file may hold a list of records, a list of JSON texts (raw output of a question agent), a
dict of topics with a list each, one record, or a list under a name such as "questions".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from underdog.data.reject import Reason, shorten
from underdog.data.sources.candidate import Broken, Candidate
from underdog.data.sources.fields import CHOICE_NAMES, TEXT_NAMES
from underdog.data.sources.lines import LONGEST_LINE_BYTES, read_lines
from underdog.data.sources.record import read_record
from underdog.errors import SourceError

LARGEST_JSON_BYTES = 512 << 20
"""512 MiB: parsed as a whole, a JSON file costs about four times its size in memory."""
_LIST_NAMES = ("questions", "data", "rows", "items", "records", "examples", "train", "validation")


class _Element(NamedTuple):
    row: int
    value: Any
    topic: str


def read_json_file(path: Path) -> Iterator[Candidate | Broken]:
    """Every element of a file; `row` counts them from 1. SourceError when it does not parse."""
    for row, value, topic in _elements(_load(path)):
        found = read_record(row, value)
        if topic and isinstance(found, Candidate) and not found.topic:
            found = found._replace(topic=topic)
        yield found


def _load(path: Path) -> Any:
    size = path.stat().st_size
    if size > LARGEST_JSON_BYTES:
        raise SourceError(
            f"a JSON file of at most {LARGEST_JSON_BYTES >> 20} MiB",
            got=f"{size >> 20} MiB",
            where=path,
            hint="JSON Lines (.jsonl, one record per line), which is read line by line",
        )
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        got = f"byte {error.object[error.start]:#04x} at offset {error.start}"
        hint = "iconv -f WINDOWS-1252 -t UTF-8, or whatever the file's encoding is"
        raise SourceError("UTF-8 text is needed", got=got, where=path, hint=hint) from error
    except RecursionError as error:
        raise SourceError(
            "a list of flat records is needed",
            got="JSON nested too deeply to read",
            where=path,
            hint='a list such as [{"question": .., "choices": [..], "answer": ..}]',
        ) from error
    except ValueError as error:
        hint = "a whole JSON file, or the ending .jsonl when it holds one record per line"
        raise SourceError("a JSON file", got=str(error), where=path, hint=hint) from error


def _elements(value: Any) -> Iterator[_Element]:
    if isinstance(value, Mapping):
        yield from _mapping_elements(value)
        return
    items = value if isinstance(value, list) else [value]
    for row, item in enumerate(items, start=1):
        yield _Element(row, item, "")


def _mapping_elements(value: Mapping[str, Any]) -> Iterator[_Element]:
    names = {str(name).casefold() for name in value}
    if names & {*TEXT_NAMES, "instruction"} and names & {*CHOICE_NAMES, "a", "instruction"}:
        yield _Element(1, value, "")
        return
    lists = {str(name): items for name, items in value.items() if isinstance(items, list)}
    if not lists:
        yield _Element(1, value, "")
        return
    row = 0
    for name, items in lists.items():
        for item in items:
            row += 1
            yield _Element(row, item, "" if name.casefold() in _LIST_NAMES else name)


def read_json_lines(path: Path) -> Iterator[Candidate | Broken]:
    """Every line that is not empty; `row` is its number."""
    for line in read_lines(path):
        if not line.content.strip():
            continue
        start = line.content[:400].decode("utf-8", "replace")
        if line.cut:
            detail = f"a line of more than {LONGEST_LINE_BYTES >> 20} MiB"
            yield Broken(line.number, Reason.TOO_LONG, detail, shorten(start))
            continue
        try:
            yield read_record(line.number, json.loads(line.content.decode("utf-8")))
        except UnicodeDecodeError as error:
            detail = f"byte {error.object[error.start]:#04x} at column {error.start + 1}"
            yield Broken(line.number, Reason.NOT_UTF8, detail, shorten(start))
        except RecursionError:
            yield Broken(line.number, Reason.NOT_A_RECORD, "nested too deeply", shorten(start))
        except ValueError as error:
            yield Broken(line.number, Reason.NOT_A_RECORD, shorten(str(error)), shorten(start))
