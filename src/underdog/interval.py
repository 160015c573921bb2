"""A number with its uncertainty: the value every measured share is told as, and how it is made.

In: counts. Out: an `Interval`. Never: a share without the number of things it was counted on.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from underdog.errors import InputError

LEVEL = 0.95
"""Confidence of every interval in this package."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate from `n` questions with the bounds of a two-sided interval, named by method."""

    value: float
    low: float
    high: float
    n: int
    method: str
    level: float = LEVEL

    def __post_init__(self) -> None:
        if self.n < 1:
            raise InputError("an interval needs at least one question", got=str(self.n))
        if not self.low <= self.value <= self.high:
            raise InputError("low <= value <= high", got=f"{self.low}, {self.value}, {self.high}")

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return asdict(self)


def wilson(successes: int, n: int) -> Interval:
    """Wilson's score interval (J. Am. Stat. Assoc. 22:209, 1927, equation 4) for `successes` out of
    `n`: the shares p with (successes / n - p)^2 = z^2 p (1 - p) / n.

    Written out, because the library that has it takes a second to import.
    """
    if not 0 <= successes <= n or n < 1:
        raise InputError(
            "an interval needs at least one question, and no more successes than questions",
            got=f"{successes} of {n}",
        )
    z = normal_quantile((1 + LEVEL) / 2)
    middle = (successes + z * z / 2) / (n + z * z)
    reach = z / (n + z * z) * math.sqrt(successes * (n - successes) / n + z * z / 4)
    value = successes / n
    # The formula gives 0 and 1 at the ends only up to rounding.
    low, high = max(middle - reach, 0.0), min(middle + reach, 1.0)
    return Interval(value, min(low, value), max(high, value), n, "wilson")


def normal_quantile(probability: float) -> float:
    """The standard normal distribution's quantile."""
    from statistics import NormalDist

    return NormalDist().inv_cdf(probability)
