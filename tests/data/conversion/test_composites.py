"""Dates and fractions with other parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.data.conversion.composites import (
    Date,
    Fraction,
    fraction_slips,
    read_date,
    read_fraction,
)


def date(text: str) -> Date:
    found = read_date(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "names", "values", "other", "written"),
    [
        ("July 4, 1776", ("month", "day", "year"), (7, 4, 1776), (6, 28, 1766), "June 28, 1766"),
        ("4 Jul 1776", ("day", "month", "year"), (4, 7, 1776), (5, 12, 1776), "5 Dec 1776"),
        ("on May 1st", ("month", "day"), (5, 1), (6, 2), "on June 2nd"),
        ("MARCH", ("month",), (3,), (4,), "APRIL"),
        ("the 1960s", ("decade",), (1960,), (1950,), "the 1950s"),
        ("19th century", ("century",), (19,), (21,), "21st century"),
        ("January 04", ("month", "day"), (1, 4), (1, 9), "January 09"),
    ],
)
def test_dates_are_read_and_written(
    text: str,
    names: tuple[str, ...],
    values: tuple[int, ...],
    other: tuple[int, ...],
    written: str,
) -> None:
    """The parts of a date are found, and others take their place in the same form."""
    found = date(text)
    assert (found.names, found.values) == (names, values)
    assert (found.write(values), found.write(other)) == (text, written)


@pytest.mark.parametrize(
    "text", ["1939 to 1945", "12/25/1999", "February 30", "soon", "July 4 in 76th"]
)
def test_what_is_no_plain_date_is_left(text: str) -> None:
    """Spans, dates in figures, days that do not exist and words are not read."""
    assert read_date(text) is None


@given(st.integers(1, 12), st.integers(1, 28), st.integers(1000, 2026))
def test_slips_of_dates_lead_back(month: int, day: int, year: int) -> None:
    """Every slip changes one part to another day that exists, none is in the future, and the given
    date is a slip of each of its slips.
    """
    base, given_values = date("July 4, 1776"), (month, day, year)
    slips = base.slips(given_values, latest_year=2026, year_weight=lambda _: 1.0)
    assert slips
    for other in slips:
        assert sum(one != two for one, two in zip(given_values, other, strict=True)) == 1
        assert other[2] <= 2026
        back = base.slips(other, latest_year=2026, year_weight=lambda _: 1.0)
        assert given_values in back
        assert read_date(base.write(other)) is not None


def test_all_parts_of_a_date_slip_equally_often() -> None:
    """The weights of the slips of each part have the same sum."""
    slips = date("July 14, 1776").slips((7, 14, 1776), latest_year=2026, year_weight=lambda _: 2.0)
    sums = [
        sum(weight for other, weight in slips.items() if other[at] != (7, 14, 1776)[at])
        for at in range(3)
    ]
    assert sums == pytest.approx([1.0, 1.0, 1.0])


def test_a_decade_to_come_is_no_slip() -> None:
    """Beside the 2020s stand earlier decades only."""
    slips = date("the 2020s").slips((2020,), latest_year=2026, year_weight=lambda _: 1.0)
    assert set(slips) == {(2010,), (2000,), (1990,), (1970,)}


@pytest.mark.parametrize("text", ["4/2", "1/0", "3/1", "1 1/2", "half", "3/4 of it"])
def test_only_plain_fractions_are_read(text: str) -> None:
    """Whole numbers, mixed numbers, words and fractions that can be reduced are not read."""
    assert read_fraction(text) is None


def test_a_fraction_keeps_its_bar() -> None:
    """The bar is written as it was."""
    assert read_fraction("3 / 4") == Fraction((3, 4), " / ")
    assert Fraction((3, 4), " / ").write((1, 4)) == "1 / 4"


@given(st.integers(1, 40), st.integers(2, 40))
def test_slips_of_fractions_differ_and_are_in_lowest_terms(top: int, bottom: int) -> None:
    """No slip equals the fraction, or can be reduced; a proper fraction stays proper."""
    found = read_fraction(f"{top}/{bottom}")
    if found is None:
        return
    for parts in fraction_slips(found.values):
        assert parts[0] * bottom != top * parts[1]
        assert read_fraction(f"{parts[0]}/{parts[1]}") is not None
        assert top > bottom or parts[0] < parts[1]
