"""Intervals."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.errors import InputError
from underdog.interval import Interval, wilson

counts = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts)
def test_wilson_contains_its_value_and_stays_within_0_and_1(count: tuple[int, int]) -> None:
    """Even where everything or nothing is right, the interval has a width."""
    interval = wilson(*count)
    assert 0 <= interval.low <= interval.value <= interval.high <= 1
    assert interval.high - interval.low > 0
    assert (interval.value, interval.n) == (count[0] / count[1], count[1])


@given(counts)
def test_wilson_solves_its_own_equation(count: tuple[int, int]) -> None:
    """At each bound p the value lies z standard errors of p away (Wilson 1927).

    Near 0 and 1 the square root magnifies float64 rounding, hence 1e-7.
    """
    interval = wilson(*count)
    z = NormalDist().inv_cdf(0.975)
    for p in (interval.low, interval.high):
        wanted = z * math.sqrt(p * (1 - p) / interval.n)
        assert abs(interval.value - p) == pytest.approx(wanted, abs=1e-7)


@given(counts)
def test_wilson_is_symmetric_in_right_and_wrong(count: tuple[int, int]) -> None:
    """Counting wrong answers instead mirrors the interval."""
    k, n = count
    one, two = wilson(k, n), wilson(n - k, n)
    assert (1 - one.high, 1 - one.low) == pytest.approx((two.low, two.high), abs=1e-12)


def test_46_of_50_is_81_2_to_96_8() -> None:
    """The figure of the project's fact sheet."""
    interval = wilson(46, 50)
    assert (round(100 * interval.low, 1), round(100 * interval.high, 1)) == (81.2, 96.8)
    assert interval.to_json() == {
        "value": 0.92,
        "low": interval.low,
        "high": interval.high,
        "n": 50,
        "method": "wilson",
        "level": 0.95,
    }


def test_no_thing_counted_gives_no_interval() -> None:
    """Zero of zero is refused, not called 0 %."""
    for make in (lambda: wilson(0, 0), lambda: Interval(0.0, 0.0, 1.0, 0, "wilson")):
        with pytest.raises(InputError, match="at least one question"):
            make()


@pytest.mark.parametrize(("low", "value", "high"), [(0.5, 0.4, 0.6), (0.1, 0.7, 0.6)])
def test_an_interval_holds_its_value(low: float, value: float, high: float) -> None:
    """A value outside its own bounds is a mistake of the caller."""
    with pytest.raises(InputError, match="low <= value <= high"):
        Interval(value, low, high, 5, "wilson")
