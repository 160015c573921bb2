"""Numbers read as a careful person would write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.pages import words


def plain_spaces(text: str) -> str:
    return text.replace(words.THIN, " ")


def test_shares_and_intervals_are_in_per_cent() -> None:
    """A share and its bounds are rounded to a tenth of a per cent."""
    assert plain_spaces(words.percent(0.81423)) == "81.4 %"
    assert words.bounds({"low": 0.7769, "high": 0.8461}) == "[77.7, 84.6]"


def test_differences_carry_a_sign_unless_they_round_to_zero() -> None:
    """Minus is the typographic one, and there is no "-0.0"."""
    interval = {"value": -0.0123, "low": -0.04, "high": 0.0004}
    assert words.points(interval) == "\u22121.2"
    assert words.points_range(interval) == "[\u22124.0, 0.0]"


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0, "< 10⁻³⁰⁰"),
        (3.14e-20, "= 3.1 × 10⁻²⁰"),
        (0.0342, "= 0.034"),
        (1.0, "= 1"),
        (0.9999, "= 1"),
    ],
)
def test_p_values_of_every_size(p: float, text: str) -> None:
    """Tiny ones keep their exponent, large ones three decimals, underflow becomes a bound."""
    assert plain_spaces(words.p_value(p)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.0 s"),
        (0.00085, "850 µs"),
        (0.0113, "11.3 ms"),
        (4.2, "4.2 s"),
        (187.2, "3 min 07 s"),
        (7500.0, "2 h 05 min"),
    ],
)
def test_durations_of_every_size(seconds: float, text: str) -> None:
    """The unit fits the size."""
    assert plain_spaces(words.duration(seconds)) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (0.031249, "0.0312"),
        (412.4, "412"),
        (54012.2, "54 012"),
        (0.00002, "2 × 10⁻⁵"),
        (float("inf"), "inf"),
    ],
)
def test_three_digits_of_every_size(number: float, text: str) -> None:
    """Three significant digits, an exponent only where it is shorter."""
    assert plain_spaces(words.three_digits(number)) == text


def test_counts_and_sizes() -> None:
    """Thousands are set apart, one is singular, bytes are decimal."""
    assert plain_spaces(words.counted(54012, "question")) == "54 012 questions"
    assert words.counted(1, "entry", "entries") == "1 entry"
    assert words.counted(2, "entry", "entries") == "2 entries"
    assert plain_spaces(words.size(8_319_000_000)) == "8.32 GB"
    assert plain_spaces(words.size(12)) == "12 B"
    assert plain_spaces(words.size(3e15)) == "3e+03 TB"


def test_settings_are_flattened_with_dotted_names() -> None:
    """Nested tables become dotted names; lists, none and yes/no are words."""
    table = {"a": {"b": [1, 2], "c": None}, "d": True, "e": {}, "f": 2e-5, "g": ""}
    assert words.settings(table) == [
        ("a.b", "1, 2"),
        ("a.c", "none"),
        ("d", "yes"),
        ("e", "none"),
        ("f", "2e-05"),
        ("g", "none"),
    ]


@given(st.integers(min_value=0, max_value=10**12))
def test_counts_read_back(number: int) -> None:
    """No digit of a count is lost."""
    assert int(words.count(number).replace(words.THIN, "")) == number
