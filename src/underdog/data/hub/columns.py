"""Columns of a row as the hub gives it, read by name and by type.

In: a row (a dict of plain Python values) and the dotted place of a column ("answer.value"). Out:
text, texts, a place among choices. A column that is missing or of another type is a SourceError
that names it and says which columns came. Never: a guess at another column's name.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

from underdog.errors import SourceError

Row = Mapping[str, Any]
_SCALARS = (str, int, float)


class Labelled(NamedTuple):
    """Choices with their own labels, such as A, B, C or 1, 2, 3."""

    labels: tuple[str, ...]
    texts: tuple[str, ...]


def text(row: Row, path: str) -> str:
    """A scalar as text without outer white space; null is "". Whole floats lose their ".0"."""
    value = _find(row, path)
    if value is None:
        return ""
    if not isinstance(value, _SCALARS):
        _wrong_type(path, "text", value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def texts(row: Row, path: str) -> list[str]:
    """A list of texts; null is an empty list, a null inside is ""."""
    value = _find(row, path)
    if value is None:
        return []
    if not isinstance(value, (list, tuple)) or not all(
        item is None or isinstance(item, _SCALARS) for item in value
    ):
        _wrong_type(path, "a list of texts", value)
    return ["" if item is None else str(item).strip() for item in value]


def flag(row: Row, path: str) -> bool | None:
    """A truth value, or its usual spellings as text; null is None."""
    value = _find(row, path)
    if value is None or isinstance(value, bool):
        return value
    named = {"true": True, "false": False, "yes": True, "no": False}.get(str(value).casefold())
    if named is None:
        _wrong_type(path, "true or false", value)
    return named


def place(row: Row, path: str, *, first: int = 0) -> int | None:
    """A place among choices, counted from 0: from a class label, digits or a letter.

    `first` is what the hub calls the first choice (0 or 1). None when there is no key: null, empty,
    or the -1 that the hub's test splits carry.
    """
    value = _find(row, path)
    if isinstance(value, str):
        value = _read_place(value.strip(), first)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        _wrong_type(path, "a place among the choices", value)
    return value - first if value >= first else None


def _read_place(name: str, first: int) -> int | str | None:
    """A text as a place counted from `first`; the text itself when it is none."""
    if len(name) == 1 and name.upper() in string.ascii_uppercase:
        return string.ascii_uppercase.index(name.upper()) + first
    if name.removeprefix("-").isdecimal():
        return int(name)
    return name or None


def labelled(row: Row, path: str) -> Labelled:
    """Choices as a pair of lists (`label`, `text`), or as a list of such pairs."""
    value = _find(row, path)
    if value is None:
        return Labelled((), ())
    if isinstance(value, Mapping):
        found = Labelled(tuple(texts(row, f"{path}.label")), tuple(texts(row, f"{path}.text")))
        if len(found.labels) == len(found.texts):
            return found
    elif isinstance(value, (list, tuple)) and all(isinstance(item, Mapping) for item in value):
        pairs = [(text(item, "label"), text(item, "text")) for item in value]
        return Labelled(tuple(name for name, _ in pairs), tuple(shown for _, shown in pairs))
    return _wrong_type(path, "label and text lists of equal length", value)


def labelled_place(choices: Labelled, key: str) -> int | None:
    """The place of a label; None when the key is empty or no label."""
    return choices.labels.index(key) if key in choices.labels else None


def _find(row: Row, path: str) -> Any:
    """The value at a dotted place; null when something on the way is null.

    SourceError names the place and the columns that came.
    """
    value: Any = row
    for name in path.split("."):
        if value is None:
            return None
        if not isinstance(value, Mapping) or name not in value:
            came = ", ".join(sorted(map(str, value))) if isinstance(value, Mapping) else ""
            raise SourceError(
                f"a column called {path} is needed",
                got=f"columns {came}" if came else f"{type(value).__name__} before {name!r}",
            )
        value = value[name]
    return value


def _wrong_type(path: str, wanted: str, value: Any) -> NoReturn:
    raise SourceError(
        f"{wanted} in column {path} is needed",
        got=f"{type(value).__name__} {value!r}"[:120],
    )
