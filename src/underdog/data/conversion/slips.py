"""Typical slips with numbers: off by one, a factor of ten, two digits swapped, a lost sign, ...

In: a number and what is known about it. Out: the numbers one slip away, each with a weight. Never:
a slip that does not lead back: if b is one slip from a, a is one slip from b, with the same weight.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

_STEPS = ((1, 3.0), (2, 2.0), (3, 1.0), (5, 1.0))
"""Distances in units of one digit, with weights: off by one is the commonest slip."""
_FACTORS = ((2, 2.0), (10, 1.5), (3, 0.5), (100, 0.3))
_YEARS = tuple(
    (distance, weight)
    for distances, weight in (
        ((1, 2), 3.0),
        ((3, 4, 5), 2.0),
        ((6, 7, 8, 9, 10), 1.0),
        ((20, 100), 0.5),
    )
    for distance in distances
)


class Bounds(NamedTuple):
    """What a number of this kind may be. `least_change` is a share of the larger of two numbers:
    "about 8" is not told apart from "about 9".
    """

    low: int
    high: int
    least_change: float = 0.0
    factors: tuple[int, ...] = ()
    """Further factors: 60 for minutes, 12 for months and inches."""
    whole: int | None = None
    """What two parts make together: 100 for per cent."""


def number_slips(value: int, bounds: Bounds) -> Mapping[int, float]:
    """Numbers one slip from `value`, with weights."""
    slips: dict[int, float] = {}
    for target, weight in _all_slips(value, bounds):
        near = abs(target - value) < bounds.least_change * max(abs(target), abs(value))
        if target != value and bounds.low <= target <= bounds.high and not near:
            slips[target] = slips.get(target, 0.0) + weight
    return slips


def _all_slips(value: int, bounds: Bounds) -> Iterator[tuple[int, float]]:
    yield from _steps(value)
    for factor, weight in (*_FACTORS, *((each, 1.0) for each in bounds.factors)):
        yield value * factor, weight
        if value % factor == 0:
            yield value // factor, weight
    yield from ((swapped, 2.0) for swapped in swap_digits(value))
    yield -value, 1.0
    if bounds.whole is not None:
        yield bounds.whole - value, 2.0


def _steps(value: int) -> Iterator[tuple[int, float]]:
    """One digit of the number goes up or down a little. The change is at most half the larger one,
    or at most 5.
    """
    for place in range(len(str(abs(value)))):
        for digit, weight in _STEPS:
            change = digit * 10**place
            for target in (value - change, value + change):
                if change <= 5 or 2 * change <= max(abs(value), abs(target)):
                    yield target, weight


def swap_digits(value: int) -> Iterator[int]:
    """Two neighbouring digits change places; no zero comes to the front."""
    text = str(abs(value))
    sign = -1 if value < 0 else 1
    for at in range(len(text) - 1):
        if text[at] != text[at + 1] and not (at == 0 and text[1] == "0"):
            yield sign * int(text[:at] + text[at + 1] + text[at] + text[at + 2 :])


def year_slips(year: int, bounds: Bounds) -> Mapping[int, float]:
    """Years taken for each other: a few years off, ten, twenty, a century, digits swapped."""
    slips: dict[int, float] = {}
    for distance, weight in _YEARS:
        slips[year - distance] = slips[year + distance] = weight
    for swapped in swap_digits(year):
        if 0 < abs(swapped - year) <= 60:
            slips[swapped] = slips.get(swapped, 0.0) + 1.0
    return {each: weight for each, weight in slips.items() if bounds.low <= each <= bounds.high}
