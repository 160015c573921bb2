"""A number with its uncertainty: the value every measured share is told as, and how it is made.

In: counts. Out: an `Interval`. Never: a share without the number of things it was counted on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from underdog.errors import InputError, MissingExtraError

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
    """Wilson's score interval (J. Am. Stat. Assoc. 22:209, 1927) for `successes` out of `n`."""
    if n < 1:
        raise InputError("an interval needs at least one question", got=str(n))
    try:
        from scipy.stats import binomtest
    except ImportError as error:
        raise MissingExtraError.of("an interval", "data") from error
    bounds = binomtest(successes, n).proportion_ci(confidence_level=LEVEL, method="wilson")
    value = successes / n
    # The formula gives 0 and 1 at the ends only up to rounding.
    return Interval(
        value, min(float(bounds.low), value), max(float(bounds.high), value), n, "wilson"
    )


def normal_quantile(probability: float) -> float:
    """The standard normal distribution's quantile."""
    from statistics import NormalDist

    return NormalDist().inv_cdf(probability)
