"""Text that is safe to show: what strangers wrote, cut short and cleaned, and numbers in words.

In: text of any kind, and intervals. Out: one line without control characters; the same, escaped for
Markdown. `shown` does this for every text inside a value, so that no template can forget it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from underdog.data.reject import shorten
from underdog.interval import Interval
from underdog.pages.words import bounds, percent

Value = TypeVar("Value")
LONGEST_SHOWN = 600
"""Characters of any text on a card; the builders cut names and choices shorter."""
_NAME_CHARACTERS = 80
_BREAK = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]+")
"""Ends of lines, tabulators and their like."""
_UNSEEN = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Control characters, and those that turn the direction of the text after them."""
_MARKDOWN = re.compile(r"([\\`*_\[\]|~$#])")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def clean(text: str) -> str:
    """One line without control characters, of at most LONGEST_SHOWN characters.

    Half of a surrogate pair, which no file in UTF-8 can hold, becomes a question mark.
    """
    line = _UNSEEN.sub("", _BREAK.sub(" ", text))
    whole = line.encode("utf-8", "replace").decode("utf-8")
    return whole if len(whole) <= LONGEST_SHOWN else f"{whole[: LONGEST_SHOWN - 1]}…"


def name(text: str, empty: str = "(not stated)") -> str:
    """A short name; `empty` in the place of none."""
    return shorten(text, _NAME_CHARACTERS) or empty


def escape_markdown(text: str) -> str:
    """A line that Markdown shows as it is, also in a table and next to HTML."""
    return _MARKDOWN.sub(r"\\\1", text.translate(_ENTITIES))


def shown(value: Value, escape: Callable[[str], str]) -> Value:
    """The same value with every text in it cleaned, then escaped."""
    changed: Value = _walk(value, lambda text: escape(clean(text)))
    return changed


def _walk(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {each.name: _walk(getattr(value, each.name), change) for each in fields(value)}
        return replace(value, **changed)
    if isinstance(value, tuple):
        items = [_walk(item, change) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    return value


def told(interval: Interval) -> str:
    """A share with its bounds: ``31.2 % [30.1, 32.3]``."""
    return f"{percent(interval.value)} {bounds(interval.to_json())}"
