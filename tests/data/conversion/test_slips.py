"""Slips between numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.data.conversion.slips import Bounds, number_slips, swap_digits, year_slips

WIDE = Bounds(-(10**18), 10**18, factors=(60, 12))


def test_typical_slips_are_there() -> None:
    """Off by one, twice, half, ten times, digits swapped, sign lost, minutes for hours."""
    slips = number_slips(124, WIDE)
    assert {123, 125, 134, 248, 62, 1240, 142, 214, -124, 7440} <= set(slips)
    assert 100 - 35 in number_slips(35, Bounds(0, 100, whole=100))


@given(st.integers(-(10**6), 10**6), st.sampled_from([0.0, 0.15]))
def test_slips_lead_back(value: int, least_change: float) -> None:
    """If b is a slip of a, a is a slip of b; the weights are equal unless a number of digits
    changes on the way.
    """
    bounds = WIDE._replace(least_change=least_change, whole=100)
    for target, weight in number_slips(value, bounds).items():
        assert target != value
        back = number_slips(target, bounds)
        longer = len(str(abs(target))) != len(str(abs(value)))
        assert value in back or longer
        if not longer:
            assert back[value] == pytest.approx(weight)


@given(st.integers(0, 10**6))
def test_bounds_hold(value: int) -> None:
    """No slip lies outside the bounds, or too near where numbers are rough."""
    bounds = Bounds(0, 5000, least_change=0.15)
    for target in number_slips(value, bounds):
        assert 0 <= target <= 5000
        assert abs(target - value) >= 0.15 * max(target, value)


def test_digits_are_swapped_with_neighbours() -> None:
    """Equal digits stay, no zero comes to the front, the sign stays."""
    assert sorted(swap_digits(1230)) == [1203, 1320, 2130]
    assert sorted(swap_digits(-102)) == [-120]
    assert list(swap_digits(7)) == []
    assert list(swap_digits(55)) == []


@given(st.integers(1000, 2026))
def test_slips_of_years_lead_back(year: int) -> None:
    """A year and its slip are slips of each other with one weight, and none lies in the future."""
    bounds = Bounds(1, 2026)
    slips = year_slips(year, bounds)
    assert slips
    for other, weight in slips.items():
        assert 1 <= other <= 2026
        assert year_slips(other, bounds)[year] == pytest.approx(weight)
