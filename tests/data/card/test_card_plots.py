"""The arithmetic of drawings: places, widths, what is folded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from underdog.data.card.plots import (
    SHOWN_BARS,
    bar_rows,
    bars,
    columns,
    correlation_dot,
    dot,
    share_dots,
    stacks,
)
from underdog.data.distributions import Bands, Bar, Histogram
from underdog.interval import Interval
from underdog.pages.scale import Scale


def test_bars_are_as_long_as_their_counts() -> None:
    """The longest is 100 per cent; shares are of all; an empty name has a word."""
    rows = bar_rows({"a": 30, "": 10})
    assert [tuple(row) for row in rows] == [
        ("a", "30", "75.0\u202f%", 100.0),
        ("(not stated)", "10", "25.0\u202f%", 33.33),
    ]
    assert bar_rows({}) == ()


def test_long_lists_are_folded() -> None:
    """Twelve are shown."""
    found = bars("t", {f"name {at}": 1 for at in range(30)}, noun="n")
    assert (len(found.rows), len(found.rest)) == (SHOWN_BARS, 30 - SHOWN_BARS)


def test_a_histogram_says_where_its_middle_is() -> None:
    """Labels stand below every third bar of ten, in the middle of it."""
    found = columns(
        "t",
        Histogram(tuple(Bar(str(at), at) for at in range(10)), 1, 6, 9),
        noun="words",
        unit=" words",
    )
    assert found.summary == "median 6 words; nine in ten from 1 to 9"
    assert [(tick.label, tick.at) for tick in found.marked] == [
        ("0", 5.0),
        ("3", 35.0),
        ("6", 65.0),
        ("9", 95.0),
    ]
    assert columns("t", Histogram((Bar("A", 0),)), noun="n").summary == ""
    assert columns("t", Histogram(()), noun="n").marked == ()


@given(
    st.tuples(*[st.floats(0, 1)] * 3).map(sorted),
    st.floats(0, 1),
)
def test_a_dot_stands_between_its_bounds(values: list[float], chance: float) -> None:
    """Drawn and in letters: 40 of them, one dot, a mark for chance unless the dot covers it."""
    low, value, high = values
    made = dot("n", Interval(value, low, high, 9, "m"), scale=Scale(0.0, 1.0), chance=chance)
    assert made.low <= made.at <= made.high
    assert len(made.line) == 40
    assert made.line.count("●") == 1
    at = made.line.index("●")
    assert abs(100 * (at + 0.5) / 40 - made.at) <= 2.5
    assert made.line.count("┆") == (min(int((made.mark or 0.0) / 2.5), 39) != at)


def test_a_correlation_is_signed() -> None:
    """Zero is in the middle, below it stands left, with a true minus sign."""
    made = correlation_dot("part", Interval(-0.5, -0.6, -0.4, 99, "m"), remark="r")
    assert (made.value, made.bounds) == ("\u22120.50", "[\u22120.60, \u22120.40]")
    assert (made.at, made.mark) == (25.0, 50.0)


def test_ticks_are_round() -> None:
    """Per cent from the scale."""
    found = share_dots("t", (), noun="n", scale=Scale(0.0, 0.5))
    assert [(tick.label, tick.at) for tick in found.ticks] == [
        ("0", 0.0),
        ("10", 20.0),
        ("20", 40.0),
        ("30", 60.0),
        ("40", 80.0),
        ("50", 100.0),
    ]


def bands(name: str, easy: int, medium: int, hard: int) -> Bands:
    return Bands(name, easy, medium, hard, 1, 0.5, 1, 1.0)


def test_stacks_are_of_size_or_of_shares() -> None:
    """Even ones fill the width; others are as long as their rows."""
    found = (bands("a", 2, 1, 1), bands("b", 1, 0, 0))

    def widths(*, even: bool) -> list[tuple[float, ...]]:
        made = stacks("t", found, noun="n", even=even, remark=("held out", lambda each: "x"))
        assert [row.remark for row in made.rows] == ["x", "x"]
        return [row.widths for row in made.rows]

    assert widths(even=False) == [(50.0, 25.0, 25.0), (25.0, 0.0, 0.0)]
    assert widths(even=True) == [(50.0, 25.0, 25.0), (100.0, 0.0, 0.0)]
