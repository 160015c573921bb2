"""Dates and fractions that are taken for one another, written as precisely as the given one.

In: the text of a date or of a fraction. Out: its parts, the parts of others one slip away, and the
text with other parts. Never: a date finer or coarser than the given one, or one that is none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from underdog.data.answers.numerals import suffix
from underdog.data.answers.wordlist import word_list
from underdog.data.conversion.slips import Bounds, year_slips

_FULL = word_list(
    "January February March April May June July August September October November December"
)
_SHORT = [name[:3] for name in _FULL]
_PIECE = re.compile(
    rf"(?P<month>\b(?:{'|'.join(_FULL)})\b|\b(?:{'|'.join(_SHORT)})\b(?!\w))"
    r"|(?P<decade>\b\d{3}0(?=[’']?s\b))"
    r"|(?P<century>\b\d{1,2}(?:st|nd|rd|th)(?=[\s-]+centur))"
    r"|(?P<year>\b\d{4}\b)"
    r"|(?P<day>\b\d{1,2}(?:st|nd|rd|th)?\b)",
    re.IGNORECASE,
)
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAY_SLIPS = ((1, 3.0), (2, 2.0), (3, 1.0), (5, 1.0), (7, 1.0), (10, 1.0))
_FRACTION = re.compile(r"(\d{1,4})(\s?/\s?)(\d{1,4})")

Parts = tuple[int, ...]


class Date(NamedTuple):
    """`between` are the texts around the parts, one more than there are parts."""

    names: tuple[str, ...]
    """What each part is: month, decade, century, year or day."""
    values: Parts
    written: tuple[str, ...]
    between: tuple[str, ...]

    def write(self, values: Parts) -> str:
        """The text with other values, each written as the one it replaces."""
        parts = [
            _write(name, written, value)
            for name, written, value in zip(self.names, self.written, values, strict=True)
        ]
        return "".join(
            text for pair in zip(self.between, [*parts, ""], strict=True) for text in pair
        )

    def slips(
        self, values: Parts, *, latest_year: int, year_weight: Callable[[int], float]
    ) -> dict[Parts, float]:
        """Dates of the same form that differ in one part. All parts slip equally often."""
        slips: dict[Parts, float] = {}
        for at, name in enumerate(self.names):
            targets = dict(_part_slips(name, values[at], latest_year=latest_year))
            if name == "year":
                targets = {year: weight * year_weight(year) for year, weight in targets.items()}
            total = sum(targets.values())
            for target, weight in targets.items():
                changed = (*values[:at], target, *values[at + 1 :])
                if self._exists(changed):
                    slips[changed] = weight / total
        return slips

    def _exists(self, values: Parts) -> bool:
        named = dict(zip(self.names, values, strict=True))
        longest = _DAYS[named["month"] - 1] if "month" in named else 31
        return 1 <= named.get("day", 1) <= longest


def read_date(text: str) -> Date | None:
    """The parts of a date, None where there are none, or two of one name ("1939 to 1945")."""
    found = list(_PIECE.finditer(text))
    names = tuple(str(each.lastgroup) for each in found)
    bounds = [0, *(at for each in found for at in each.span()), len(text)]
    between = tuple(text[start:end] for start, end in zip(bounds[::2], bounds[1::2], strict=True))
    if not names or len(set(names)) < len(names) or any(map(_has_digit, between)):
        return None
    written = tuple(each[0] for each in found)
    values = tuple(_read(name, each) for name, each in zip(names, written, strict=True))
    date = Date(names, values, written, between)
    return date if date._exists(values) else None


def _has_digit(text: str) -> bool:
    return any(letter.isdigit() for letter in text)


def _read(name: str, written: str) -> int:
    if name == "month":
        return _SHORT.index(written[:3].capitalize()) + 1
    return int("".join(letter for letter in written if letter.isdigit()))


def _write(name: str, written: str, value: int) -> str:
    if name == "month":
        full = len(written) > 3 or (written.lower() == "may" and len(_FULL[value - 1]) > 3)
        word = _FULL[value - 1] if full else _SHORT[value - 1]
        return word.upper() if written.isupper() else word if written[0].isupper() else word.lower()
    ordinal = not written.isdigit()
    return f"{value}{suffix(value)}" if ordinal else str(value).rjust(_padded(written), "0")


def _padded(written: str) -> int:
    return len(written) if written.startswith("0") else 1


def _part_slips(name: str, value: int, *, latest_year: int) -> Iterator[tuple[int, float]]:
    if name == "year":
        yield from year_slips(value, Bounds(1000, max(latest_year, value))).items()
        return
    low, high, step = {
        "month": (1, 12, 1),
        "day": (1, 31, 1),
        "century": (1, max(latest_year // 100 + 1, value), 1),
        "decade": (1000, max(latest_year, value), 10),
    }[name]
    slips = _DAY_SLIPS if name == "day" else _DAY_SLIPS[:4]
    for distance, weight in slips:
        for target in (value - distance * step, value + distance * step):
            if low <= target <= high:
                yield target, weight


class Fraction(NamedTuple):
    """Two whole numbers with the bar as it was written."""

    values: Parts
    bar: str

    def write(self, values: Parts) -> str:
        """Another fraction with the same bar."""
        return f"{values[0]}{self.bar}{values[1]}"


def read_fraction(text: str) -> Fraction | None:
    """A text that is a fraction of two whole numbers and nothing else; None for a whole number."""
    found = _FRACTION.fullmatch(text)
    if found is None:
        return None
    values = (int(found[1]), int(found[3]))
    return Fraction(values, found[2]) if _is_fraction(values) else None


def fraction_slips(values: Parts) -> dict[Parts, float]:
    """One part off by one, twice or half, what is missing to 1, and top and bottom swapped."""
    top, bottom = values
    targets = {
        (bottom - top, bottom): 2.0,
        (bottom, top): 1.0,
        **{(top + step, bottom): 2.0 for step in (-1, 1)},
        **{(top, bottom + step): 2.0 for step in (-1, 1)},
        (2 * top, bottom): 1.0,
        (top, 2 * bottom): 1.0,
        **({(top // 2, bottom): 1.0} if top % 2 == 0 else {}),
        **({(top, bottom // 2): 1.0} if bottom % 2 == 0 else {}),
    }
    proper = top < bottom
    return {
        parts: weight
        for parts, weight in targets.items()
        if parts != values and _is_fraction(parts) and (parts[0] < parts[1] or not proper)
    }


def _is_fraction(values: Parts) -> bool:
    """In lowest terms, and no whole number."""
    return values[0] >= 1 and values[1] >= 2 and math.gcd(*values) == 1
