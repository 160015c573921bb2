"""Places in a drawing follow the values."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from underdog.pages.scale import Scale, round_step, scale_over

numbers = st.floats(min_value=-1e9, max_value=1e9, allow_subnormal=False)


@given(st.lists(numbers, min_size=1), st.booleans())
def test_a_scale_holds_every_value(values: list[float], from_zero: bool) -> None:
    """No value is cut off, except below zero where the scale starts at zero."""
    scale = scale_over(values, from_zero=from_zero)
    slack = 1e-9 * max(1.0, *map(abs, values))
    assert max(values) <= scale.high + slack or (from_zero and max(values) <= 0)
    assert from_zero or scale.low <= min(values) + slack


@given(numbers, numbers, numbers)
def test_places_keep_the_order_of_values(one: float, two: float, other: float) -> None:
    """Larger values stand further right and higher, inside 0 to 100."""
    scale = scale_over([one, two, other])
    low, high = sorted([one, two])
    assert 0 <= scale.across(low) <= scale.across(high) <= 100
    assert 0 <= scale.down(high) <= scale.down(low) <= 100


def test_values_that_are_no_numbers_are_left_out() -> None:
    """A loss that became infinite does not spoil the axis."""
    assert scale_over([1.0, float("nan"), 3.0, float("inf")]).high == 3.0
    assert scale_over([float("nan")]) == Scale(0.0, 1.0)


def test_ticks_are_round_and_inside() -> None:
    """Ticks are multiples of a round step."""
    assert Scale(0.0, 3.0).ticks() == (0.0, 1.0, 2.0, 3.0)
    assert round_step(0.3) == 0.5
    assert round_step(0.25) == 0.25
