"""Keys of values: under which exact values an answer could be meant.

In: a `Value`. Out: keys for the whole ("m=1000") and for what it may stand for in doubt: the number
without its unit, the decade or the year of a date. Never: a rounded value.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from underdog.data.answers.dates import year_of
from underdog.data.answers.kind import AnswerKind, DateParts, Numeral
from underdog.data.answers.value import Value


class ValueKeys(NamedTuple):
    """`full` name the value; `parts` name what it may be taken for."""

    full: tuple[str, ...]
    parts: tuple[str, ...]


def value_keys(value: Value) -> ValueKeys:
    """The keys of one value, with all its readings."""
    full: list[str] = []
    parts: list[str] = []
    for unit, each in ((value.unit, value.value), *value.others):
        if isinstance(each, DateParts):
            _put_date(each, full, parts)
        else:
            full.append(f"{unit}={each}")
    if value.kind is AnswerKind.YEAR:
        full = [f"{value.mark} {key}" for key in full]
    if isinstance(value.value, Fraction):
        _put_number(value, value.value, parts)
    if value.bound:
        parts += full
        full = [f"{value.bound} {key}" for key in full]
    return ValueKeys(tuple(full), tuple(parts))


def _put_number(value: Value, exact: Fraction, parts: list[str]) -> None:
    number = value.number
    if value.kind in (AnswerKind.INTEGER, AnswerKind.YEAR):
        year = year_of(exact)
        if year is not None and number is not None and number.numeral is Numeral.DIGITS:
            parts += _spans(year)
        if value.kind is AnswerKind.YEAR:
            # "500 BC" and "500 AD" may both be meant by "500", but not by each other.
            parts.append(f"={abs(exact)}")
    elif number is not None:
        # In doubt, the unit is what the question asked for: "5" may answer for "5 km".
        parts.append(f"={number.amount}")
        if value.kind is AnswerKind.MONEY:
            parts.append(f"={exact}")
            if value.unit.endswith("D") and value.unit != "USD":
                parts.append(f"USD={exact}")


def _put_date(parts: DateParts, full: list[str], loose: list[str]) -> None:
    year, month, day, span = parts
    if span > 1:
        full.append(f"span {year}/{span}")
        if span == 10 and year is not None and year >= 100:
            loose += (f"span {year % 100}/10", f"span {year // 100 * 100 + 1}/100")
        return
    full.append(f"date {year}-{month}-{day}")
    if year is not None:
        loose.append(f"={year}")
        loose += _spans(year)
        if month is not None:
            loose += (f"date None-{month}-{day}", f"date {year}-{month}-None")
    loose.append(f"date None-{month}-None")


def _spans(year: int) -> list[str]:
    """The decade, the decade without its century, and the century or centuries of a year."""
    decade = year // 10 * 10
    spans = [
        f"span {decade}/10",
        f"span {decade % 100}/10",
        f"span {(year - 1) // 100 * 100 + 1}/100",
    ]
    if year % 100 == 0:
        # 1900 belongs to the 19th century, and to "the 1900s" in common speech.
        spans.append(f"span {year + 1}/100")
    return spans
