"""Dates as precise as they are written."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.data.answers.dates import Dates, read_date
from underdog.data.answers.kind import DateParts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("July 4, 1776", (1776, 7, 4)),
        ("4 July 1776", (1776, 7, 4)),
        ("4th of July 1776", (1776, 7, 4)),
        ("December 19,1917", (1917, 12, 19)),
        ("Sept. 11, 2001", (2001, 9, 11)),
        ("Monday, July 4, 1776", (1776, 7, 4)),
        ("1776-07-04", (1776, 7, 4)),
        ("July 1776", (1776, 7)),
        ("July of 1776", (1776, 7)),
        ("July 4", (None, 7, 4)),
        ("the 4th of July", (None, 7, 4)),
        ("July", (None, 7)),
        ("44 BC", (-44,)),
        ("10,000 B.C.", (-10000,)),
        ("AD 79", (79,)),
        ("1066 AD", (1066,)),
        ("1960s", (1960, None, None, 10)),
        ("the '60s", (60, None, None, 10)),
        ("the 60's", (60, None, None, 10)),
        ("sixties", (60, None, None, 10)),
        ("the Nineteen Sixties", (1960, None, None, 10)),
        ("18th century", (1701, None, None, 100)),
        ("the twenty-first century", (2001, None, None, 100)),
        ("5th century BC", (-500, None, None, 100)),
    ],
)
def test_a_date_is_read_with_what_it_says_and_no_more(text: str, parts: tuple[int, ...]) -> None:
    """A part that is not written stays None."""
    assert read_date(text) == Dates(DateParts(*parts))


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("7/4/1776", [(1776, 7, 4), (1776, 4, 7)]),
        ("4.7.1776", [(1776, 7, 4), (1776, 4, 7)]),
        ("13/4/1776", [(1776, 4, 13)]),
        ("1800s", [(1801, None, None, 100), (1800, None, None, 10)]),
    ],
)
def test_a_date_that_can_be_read_in_two_ways_has_both(
    text: str, readings: list[tuple[int, ...]]
) -> None:
    """The likelier reading comes first: the month, with dots the day, a hundred for "1800s"."""
    first, *others = [DateParts(*each) for each in readings]
    assert read_date(text) == Dates(first, tuple(others))


@pytest.mark.parametrize(
    "text",
    [
        *("", "1776", "may", "Jan", "Saturday", "The Beatles", "99/99/1999", "June 45"),
        *("1965s", "nth century", "40th century", "July 4, 1776 in Philadelphia, Pennsylvania"),
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    """A lone year is a number, and neither words nor impossible days make a date."""
    assert read_date(text) is None


@settings(max_examples=60)
@given(st.dates(datetime.date(1000, 1, 1), datetime.date(2100, 1, 1)))
def test_a_day_is_the_same_day_in_every_spelling(day: datetime.date) -> None:
    """English and American order, ordinals, short months and ISO."""
    month = day.strftime("%B")
    spellings = (
        f"{month} {day.day}, {day.year}",
        f"{day.day} {month} {day.year}",
        f"the {day.day}th of {month}, {day.year}",
        f"{month[:3]}. {day.day} {day.year}",
        day.isoformat(),
    )
    expected = Dates(DateParts(day.year, day.month, day.day))
    assert [read_date(text) for text in spellings] == [expected] * len(spellings)
