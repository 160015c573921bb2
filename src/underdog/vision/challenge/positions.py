"""Where in a JSON text each value stands. Slow and exact: used only to name a fault's place.

In: a text that is valid JSON. Out: the offset of every value and key, by its path. Never: decoding
the values themselves.
"""

from __future__ import annotations

import json
from json.decoder import WHITESPACE, scanstring  # type: ignore[attr-defined]  # not in typeshed
from typing import NamedTuple

Path = tuple[str | int, ...]
"""Keys and indices from the outer value inwards, such as ``("boxes", 3, 2)``."""


class Position(NamedTuple):
    """Line and column, both from 1."""

    line: int
    column: int


def offsets(source: str) -> dict[Path, int]:
    """The offset of each value's first character by path; the last one of repeated keys."""
    found: dict[Path, int] = {}
    _walk(source, 0, (), found)
    return found


def position(source: str, offset: int, *, line: int = 1, column: int = 1) -> Position:
    """Line and column of an offset when the text itself begins at `line` and `column`."""
    before = source[:offset]
    lines = before.count("\n")
    if lines == 0:
        return Position(line, column + offset)
    return Position(line + lines, offset - before.rfind("\n"))


def _walk(source: str, at: int, path: Path, found: dict[Path, int]) -> int:
    """Note the value at `at` and those inside it; gives the place behind it."""
    at = WHITESPACE.match(source, at).end()
    found[path] = at
    if source[at] == "[":
        return _walk_array(source, at + 1, path, found)
    if source[at] == "{":
        return _walk_object(source, at + 1, path, found)
    end: int = json.JSONDecoder().raw_decode(source, at)[1]
    return end


def _walk_array(source: str, at: int, path: Path, found: dict[Path, int]) -> int:
    at = WHITESPACE.match(source, at).end()
    index = 0
    while source[at] != "]":
        at = _walk(source, at, (*path, index), found)
        at = _behind_comma(source, at)
        index += 1
    return at + 1


def _walk_object(source: str, at: int, path: Path, found: dict[Path, int]) -> int:
    at = WHITESPACE.match(source, at).end()
    while source[at] != "}":
        key, at = scanstring(source, at + 1)
        at = WHITESPACE.match(source, at).end()
        assert source[at] == ":", "valid JSON"
        at = _walk(source, at + 1, (*path, key), found)
        at = _behind_comma(source, at)
    return at + 1


def _behind_comma(source: str, at: int) -> int:
    at = WHITESPACE.match(source, at).end()
    return WHITESPACE.match(source, at + 1).end() if source[at] == "," else at
