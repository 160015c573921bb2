"""Two models on the same questions: is one better, by how much, and how many questions would tell?

In: two sequences of marks about the same questions. Out: a `Comparison`. Never: a verdict without
a test, a difference without an interval.

The verdict is the exact McNemar test's (Psychometrika 12:153, 1947): given how many questions only
one of the two gets right, each side is a fair coin if the models are equally good. The interval is
Newcombe's for paired proportions (Stat. Med. 17:2635, 1998, method 10), which joins the two Wilson
intervals with the correlation of the marks; it never leaves -1..1 and has a width even when no
question separates the models. Test and interval are different approximations and may disagree at
the border; the test decides.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from underdog.errors import InputError, MissingExtraError
from underdog.interval import Interval, normal_quantile, wilson

ALPHA = 0.05
"""Two models are separable when equal ones would differ this much less often than this."""
POWER = 0.8
"""The chance that `questions_needed` questions show a true difference of the observed size."""


@dataclass(frozen=True, slots=True)
class PairedCounts:
    """How many questions both, only one, or none of two models gets right."""

    both_right: int
    only_first: int
    only_second: int
    both_wrong: int

    def __post_init__(self) -> None:
        if self.n < 1 or min(self.both_right, self.only_first, self.only_second) < 0:
            raise InputError("counts of at least one question, none negative", got=f"{self}")

    @property
    def n(self) -> int:
        """All questions."""
        return self.both_right + self.only_first + self.only_second + self.both_wrong

    @classmethod
    def of(cls, first: Sequence[bool], second: Sequence[bool]) -> PairedCounts:
        """Count marks of the same questions in the same order."""
        if len(first) != len(second):
            raise InputError("marks of the same questions", got=f"{len(first)} and {len(second)}")
        pairs = list(zip(first, second, strict=True))
        return cls(
            pairs.count((True, True)),
            pairs.count((True, False)),
            pairs.count((False, True)),
            pairs.count((False, False)),
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """`difference` is accuracy(second) - accuracy(first). `winner` is None when not separable;
    then `questions_needed` says how many questions in all would be enough, None when the observed
    difference is zero.
    """

    first: str
    second: str
    counts: PairedCounts
    p_value: float
    difference: Interval
    winner: str | None
    questions_needed: int | None

    def sentence(self) -> str:
        """The finding in one sentence, in percentage points; the interval is the winner's lead."""
        d = self.difference
        low, high = (-d.high, -d.low) if self.winner == self.first else (d.low, d.high)
        points = f"{100 * abs(d.value):.1f} points"
        evidence = (
            f"95 % interval {100 * low:+.1f} to {100 * high:+.1f}; McNemar p = {self.p_value:.2g}"
        )
        if self.winner is not None:
            loser = self.first if self.winner == self.second else self.second
            return f"{self.winner} is better than {loser} by {points} ({evidence})"
        text = f"{self.first} and {self.second} are not separable ({evidence})"
        if self.questions_needed is None:
            return f"{text}; they are equally often right here"
        return (
            f"{text}; a true difference of {points} needs about {self.questions_needed} questions"
        )

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return {
            "first": self.first,
            "second": self.second,
            "n": self.counts.n,
            "both_right": self.counts.both_right,
            "only_first": self.counts.only_first,
            "only_second": self.counts.only_second,
            "both_wrong": self.counts.both_wrong,
            "p_value": self.p_value,
            "difference": self.difference.to_json(),
            "alpha": ALPHA,
            "winner": self.winner,
            "questions_needed": self.questions_needed,
            "sentence": self.sentence(),
        }


def compare(first: Sequence[bool], second: Sequence[bool], *, names: tuple[str, str]) -> Comparison:
    """Compare two models' marks of the same questions in the same order, at least one question."""
    counts = PairedCounts.of(first, second)
    p_value = mcnemar(counts.only_first, counts.only_second)
    separable = p_value < ALPHA
    better = names[counts.only_second > counts.only_first]
    return Comparison(
        first=names[0],
        second=names[1],
        counts=counts,
        p_value=p_value,
        difference=paired_difference(counts),
        winner=better if separable else None,
        questions_needed=None if separable else questions_needed(counts),
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided p of the exact McNemar test; 1 when no question separates the models."""
    if only_first + only_second == 0:
        return 1.0
    try:
        from scipy.special import bdtr
    except ImportError as error:
        raise MissingExtraError.of("evaluation", "data") from error
    # Symmetric for a coin, so both tails are twice one; the middle is in both.
    tail = float(bdtr(min(only_first, only_second), only_first + only_second, 0.5))
    return min(2 * tail, 1.0)


def paired_difference(counts: PairedCounts) -> Interval:
    """Newcombe's interval (method 10) for accuracy(second) - accuracy(first)."""
    n = counts.n
    one = wilson(counts.both_right + counts.only_first, n)
    two = wilson(counts.both_right + counts.only_second, n)
    phi = _correlation(counts)
    difference = (counts.only_second - counts.only_first) / n

    def reach(of_two: float, of_one: float) -> float:
        return math.sqrt(max(of_two**2 - 2 * phi * of_two * of_one + of_one**2, 0.0))

    low = difference - reach(two.value - two.low, one.high - one.value)
    high = difference + reach(two.high - two.value, one.value - one.low)
    return Interval(difference, max(low, -1.0), min(high, 1.0), n, "newcombe-paired")


def _correlation(counts: PairedCounts) -> float:
    """Newcombe's phi: a positive covariance is shrunk by n / 2, at most to zero."""
    a, b, c, d = counts.both_right, counts.only_first, counts.only_second, counts.both_wrong
    product = (a + b) * (c + d) * (a + c) * (b + d)
    if product == 0:
        return 0.0
    covariance: float = a * d - b * c
    if covariance > 0:
        covariance = max(covariance - counts.n / 2, 0.0)
    return covariance / math.sqrt(product)


def questions_needed(counts: PairedCounts) -> int | None:
    """Questions in all for McNemar's test to see the observed rates with probability `POWER`.

    n = (z_a sqrt(d) + z_b sqrt(d - e^2))^2 / e^2, with d the share of separating questions and e
    the difference (Connor, Biometrics 43:207, 1987, eq. 3). None when the difference is zero.
    """
    share = (counts.only_first + counts.only_second) / counts.n
    effect = abs(counts.only_second - counts.only_first) / counts.n
    if effect == 0:
        return None
    z_alpha, z_beta = normal_quantile(1 - ALPHA / 2), normal_quantile(POWER)
    root = z_alpha * math.sqrt(share) + z_beta * math.sqrt(share - effect**2)
    return max(math.ceil(root**2 / effect**2), counts.n + 1)
