"""Dates as precise as they are written: days, months, decades, centuries, years before Christ.

In: a whole text. Out: `Dates`, all readings that the text allows, or None. A lone year is read by
`numbers`, since only the question tells it from a count. Never: a date completed by guessing (a
missing year stays missing), which is why no date library is used here.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from underdog.data.answers.kind import DateParts
from underdog.data.answers.numerals import ORDINAL_VALUES
from underdog.data.answers.wordlist import word_list, word_set

_MONTH_NAMES = word_list("""
        january february march april may june july august september october november december
    """)
MONTHS = (
    {name: at for at, name in enumerate(_MONTH_NAMES, start=1)}
    | {name[:3]: at for at, name in enumerate(_MONTH_NAMES, start=1)}
    | {"sept": 9}
)
"""Names of months, in full and short, in lower case."""
WEEKDAYS = word_set("monday tuesday wednesday thursday friday saturday sunday")
DECADES = {
    word: decade
    for decade, word in enumerate(
        word_list("""
        twenties thirties forties fifties sixties seventies eighties nineties
    """),
        start=2,
    )
}
"""Spelled decades and their tens."""
DATE_WORDS = frozenset([*MONTHS, *WEEKDAYS, *DECADES, *ORDINAL_VALUES, "the", "ad"])
"""First words with which a date without digits in front can begin, in lower case."""

_MONTH = r"(?P<month>" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\.?"
_DAY = r"(?:the\s+)?(?P<day>\d{1,2})\s?(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{3,4})(?P<era>\s?(?:b\.?c\.?e?\.?|a\.?d\.?|c\.?e\.?))?"
_WEEKDAY = r"(?:(?:" + "|".join(sorted(WEEKDAYS)) + r"),?\s+)?(?:the\s+)?"
_GAP = r"[\s,]+"
_SHAPES = tuple(
    re.compile(f"{_WEEKDAY}{shape}", re.IGNORECASE)
    for shape in (
        rf"{_MONTH}\s*{_DAY}{_GAP}{_YEAR}",
        rf"{_DAY}\s*(?:of\s+)?{_MONTH}[\s,]*{_YEAR}",
        rf"{_MONTH}{_GAP}(?:of\s+)?{_YEAR}",
        rf"{_MONTH}\s+{_DAY}",
        rf"{_DAY}\s*(?:of\s+)?{_MONTH}",
        r"(?:a\.?d\.?\s?)(?P<year>\d{1,4})",
        r"(?P<year>\d{1,6}|\d{1,3},\d{3})(?P<era>\s?(?:b\.?c\.?e?|a\.?d|c\.?e)\.?)",
        r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})",
    )
)
_LONE_MONTH = re.compile(r"(?P<month>" + "|".join(_MONTH_NAMES) + ")", re.IGNORECASE)
_SLASHED = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})")
_DECADE = re.compile(r"(?:the\s+)?(?P<year>['’]?\d{2}|\d{3,4})(?:['’]?s)", re.IGNORECASE)
_DECADE_WORD = re.compile(
    r"(?:the\s+)?(?:(?P<hundreds>nineteen|eighteen)[\s-])?(?P<tens>" + "|".join(DECADES) + ")",
    re.IGNORECASE,
)
_CENTURY = re.compile(
    r"(?:the\s+)?(?:(?P<number>\d{1,2})(?:st|nd|rd|th)?|(?P<word>(?:twenty[\s-])?[a-z]+))"
    r"[\s-]+centur(?:y|ies)(?P<era>\s?(?:b\.?c\.?e?|a\.?d|c\.?e)\.?)?",
    re.IGNORECASE,
)


class Dates(NamedTuple):
    """`parts` is the likelier reading; `others` are further ones ("7/4/1776" is also 7 April)."""

    parts: DateParts
    others: tuple[DateParts, ...] = ()


def read_date(text: str) -> Dates | None:
    """The date that the whole of `text` states, None where it states none."""
    if len(text) > 40:
        return None
    for shape in _SHAPES:
        found = shape.fullmatch(text)
        if found is not None:
            return _from_match(found)
    return _read_slashed(text) or _read_decade(text) or _read_century(text) or _read_month(text)


def _from_match(found: re.Match[str]) -> Dates | None:
    groups = found.groupdict()
    month = groups.get("month")
    parts = DateParts(
        _signed(groups["year"], groups.get("era")) if groups.get("year") else None,
        None if month is None else MONTHS.get(month.lower()) or int(month),
        int(groups["day"]) if groups.get("day") else None,
    )
    return Dates(parts) if _possible(parts) else None


def _signed(digits: str, era: str | None) -> int:
    year = int(digits.replace(",", ""))
    return -year if era is not None and "b" in era.lower() else year


def _possible(parts: DateParts) -> bool:
    return (parts.month is None or 1 <= parts.month <= 12) and (
        parts.day is None or 1 <= parts.day <= 31
    )


def _read_slashed(text: str) -> Dates | None:
    """As in "7/4/1776": the month first, as in the United States; the day first with dots."""
    found = _SLASHED.fullmatch(text)
    if found is None:
        return None
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    readings = [DateParts(year, first, second), DateParts(year, second, first)]
    if found[2] == ".":
        readings.reverse()
    likely = [parts for parts in readings if _possible(parts)]
    return Dates(likely[0], tuple(likely[1:])) if likely else None


def _read_decade(text: str) -> Dates | None:
    found = _DECADE.fullmatch(text)
    if found is not None:
        year = int(found["year"].lstrip("'’"))
        if year % 10:
            return None
        # "the 1800s" is the whole century; "the 2000s" may be a decade or a century: both.
        if year >= 100 and year % 100 == 0:
            century = DateParts(year + 1, span=100)
            return Dates(century, (DateParts(year, span=10),))
        return Dates(DateParts(year, span=10))
    spoken = _DECADE_WORD.fullmatch(text)
    if spoken is None:
        return None
    hundreds = {"nineteen": 1900, "eighteen": 1800}.get((spoken["hundreds"] or "").lower(), 0)
    return Dates(DateParts(hundreds + 10 * DECADES[spoken["tens"].lower()], span=10))


def _read_century(text: str) -> Dates | None:
    found = _CENTURY.fullmatch(text)
    if found is None:
        return None
    number = int(found["number"]) if found["number"] else _spelled(found["word"].lower())
    if number is None or not 1 <= number <= 30:
        return None
    before = "b" in (found["era"] or "").lower()
    return Dates(DateParts(-100 * number if before else 100 * number - 99, span=100))


def _spelled(word: str) -> int | None:
    tens, _, unit = word.replace("-", " ").rpartition(" ")
    value = ORDINAL_VALUES.get(unit)
    return value if value is None else value + (20 if tens else 0)


def _read_month(text: str) -> Dates | None:
    """A month alone, in full and with its capital: "may" is a word and "Jan" a name."""
    found = _LONE_MONTH.fullmatch(text)
    if found is None or text.islower():
        return None
    return Dates(DateParts(None, MONTHS[found["month"].lower()]))


def year_of(value: Fraction) -> int | None:
    """A value as a year of our era with three or four digits, None where it cannot be one."""
    if value.denominator == 1 and 100 <= value <= 2100:
        return int(value)
    return None
