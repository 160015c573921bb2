"""From values to places in a drawing. Pure arithmetic; knows no HTML.

Places are per cent of the drawing's width (from the left) or height (from the top), so that one
drawing serves every width of page.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


class Tick(NamedTuple):
    """A value of an axis, and where it stands."""

    label: str
    at: float


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight scale from `low` to `high`, both finite, `low` < `high`."""

    low: float
    high: float

    def __post_init__(self) -> None:
        assert -math.inf < self.low < self.high < math.inf, f"{self.low} to {self.high}"

    def across(self, value: float) -> float:
        """Per cent from the left; values outside stand at the border."""
        share = (value - self.low) / (self.high - self.low)
        return round(100 * min(max(share, 0.0), 1.0), 2)

    def down(self, value: float) -> float:
        """Per cent from the top: large values stand high."""
        return round(100 - self.across(value), 2)

    def ticks(self, wanted: int = 4) -> tuple[float, ...]:
        """About `wanted` round values inside the scale."""
        step = round_step((self.high - self.low) / wanted)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return tuple(index * step for index in range(first, last + 1))


def scale_over(values: list[float], *, from_zero: bool = False) -> Scale:
    """A scale with round ends that holds every finite value; 0 to 1 when there is none."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return Scale(0.0, 1.0)
    low, high = (0.0 if from_zero else min(finite)), max(finite)
    if high <= low:
        low, high = (0.0, high * 2) if high > 0 else (low - 1.0, low + 1.0)
    step = round_step((high - low) / 4)
    return Scale(math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step)


def round_step(rough: float) -> float:
    """The least of 1, 2, 2.5, 5 times a power of ten that is at least `rough` (> 0)."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in _STEPS if step * power >= rough * (1 - 1e-9))
