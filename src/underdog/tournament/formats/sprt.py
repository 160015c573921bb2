"""Stops a meeting of two entrants as soon as the answers say which is better.

In: how often one alone was right, and how often the other alone was. Out: who is better, or that it
is open. Source: Wald, Sequential Tests of Statistical Hypotheses (Ann. Math. Stat. 16:117, 1945).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from underdog.errors import InputError


class Verdict(StrEnum):
    """What the test says so far."""

    OPEN = "open"
    ONE = "one"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Sprt:
    """Two tests at once: "one is better" against "other is better".

    Only places of the draw where exactly one side was right tell the two apart (as in McNemar's
    test). Among them, the better side is alone right with probability (1 + edge) / 2.
    """

    edge: float = 0.3
    """Lead among such places that is worth finding, above 0 and below 1. Default: a team that
    answers 85 % where the other answers 75 % has about 0.31 if errors are independent."""
    error: float = 0.05
    """Probability of naming the worse side when the lead is `edge`, above 0 and below a half."""

    def __post_init__(self) -> None:
        if not (0 < self.edge < 1 and 0 < self.error < 0.5):
            raise InputError(
                "an edge between 0 and 1 and an error between 0 and a half",
                got=f"{self.edge} and {self.error}",
            )

    def verdict(self, one: int, other: int) -> Verdict:
        """The log-likelihood ratio of the two hypotheses is (one - other) log((1+e)/(1-e)); the
        bounds are +-log((1-error)/error), Wald's with equal errors.
        """
        ratio = (one - other) * math.log((1 + self.edge) / (1 - self.edge))
        bound = math.log((1 - self.error) / self.error)
        if abs(ratio) < bound:
            return Verdict.OPEN
        return Verdict.ONE if ratio > 0 else Verdict.OTHER
