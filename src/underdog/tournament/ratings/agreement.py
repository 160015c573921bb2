"""Does the tournament rank answering as questions do that were never played with?

In: fitted strengths, and the accuracy of entrants on held-out questions. Out: how many pairs both
tell apart and in which order, Kendall's tau with an interval, one sentence. Pure. Never: an order
claimed for a pair that either of the two cannot tell apart at 95 %.

A pair is told apart by the tournament where the interval of the lead in theta leaves out 0, and by
held-out questions where that of the difference in accuracy does (Newcombe's for independent shares,
Stat. Med. 17:873, 1998, method 10: from both intervals; on the same questions it is too wide rather
than too narrow). Tau is Kendall's tau-b (Biometrika 33:239, 1945). Its interval holds the middle
95 % of TIMES values, each from strengths and accuracies drawn from their own uncertainty: what
might be found if both were measured once more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from underdog.interval import LEVEL, Interval, normal_quantile
from underdog.tournament.ratings.items import Fit, Part

TIMES = 2000
"""The ends of the interval then scatter by less than 0.02."""
METHOD = "kendall tau-b, both drawn again"
Array = npt.NDArray[np.float64]


class Pair(NamedTuple):
    """Two entrants that both ways tell apart; `one` has the larger theta."""

    one: str
    other: str
    agrees: bool


@dataclass(frozen=True, slots=True)
class Agreement:
    """`pairs`: those that both tell apart, out of `of`. `questions` is the smallest number that a
    held-out accuracy comes from.
    """

    pairs: tuple[Pair, ...]
    of: int
    tau: Interval
    questions: int

    @property
    def against(self) -> tuple[Pair, ...]:
        """Those in opposite orders."""
        return tuple(each for each in self.pairs if not each.agrees)

    @property
    def agrees(self) -> bool | None:
        """Whether all pairs are in the same order; None where there is none to judge by."""
        return not self.against if self.pairs else None

    def sentence(self) -> str:
        """The finding."""
        tau = self.tau
        measured = (
            f"Kendall's tau {tau.value:.2f} (95 %: {tau.low:.2f} to {tau.high:.2f}), "
            f"{self.questions} held-out questions"
        )
        if not self.pairs:
            return (
                f"Of {self.of} pairs of entrants, none is told apart both by the tournament and by "
                f"held-out questions: their rankings cannot be compared; {measured}."
            )
        same = len(self.pairs) - len(self.against)
        told = f"{len(self.pairs)} of {self.of} pairs are told apart by both"
        if self.agrees:
            return (
                "The ranking by theta agrees with held-out accuracy within intervals: "
                f"{told}, and all in the same order; {measured}."
            )
        listed = ", ".join(f"{each.one} over {each.other}" for each in self.against[:3])
        return (
            "The ranking by theta does NOT agree with held-out accuracy: "
            f"{told}, {same} in the same order; the tournament alone puts {listed}; {measured}."
        )

    def to_json(self) -> dict[str, Any]:
        """As in the summary of a tournament."""
        return {
            "agrees": self.agrees,
            "pairs": self.of,
            "told_apart": len(self.pairs),
            "same_order": len(self.pairs) - len(self.against),
            "against": [[each.one, each.other] for each in self.against],
            "kendall_tau": self.tau.to_json(),
            "questions": self.questions,
            "sentence": self.sentence(),
        }


def agreement(fit: Fit, held_out: Mapping[str, Interval], *, seed: int = 0) -> Agreement | None:
    """None with fewer than two entrants that have both."""
    names = [name for name in fit.names if name in held_out]
    if len(names) < 2:
        return None
    pairs = []
    for pair in combinations(names, 2):
        lead = fit.lead(*pair, part=Part.ANSWERING)
        ahead = difference(*(held_out[name] for name in pair))
        if lead.low <= 0 <= lead.high or ahead.low <= 0 <= ahead.high:
            continue
        one, other = pair if lead.value > 0 else pair[::-1]
        pairs.append(Pair(one, other, (lead.value > 0) == (ahead.value > 0)))
    questions = min(held_out[name].n for name in names)
    tau = _tau(fit, {name: held_out[name] for name in names}, seed, questions)
    return Agreement(tuple(pairs), math.comb(len(names), 2), tau, questions)


def difference(one: Interval, other: Interval) -> Interval:
    """The first share less the second."""
    value = one.value - other.value
    low = value - math.hypot(one.value - one.low, other.high - other.value)
    high = value + math.hypot(one.high - one.value, other.value - other.low)
    return Interval(value, low, high, min(one.n, other.n), "newcombe")


def kendall(one: Array, other: Array) -> float:
    """Tau-b of two rows of numbers; 0 where either has no order at all."""
    upper = np.triu_indices(len(one), k=1)
    signs = [np.sign(each[:, None] - each[None, :])[upper] for each in (one, other)]
    scale = math.sqrt(float(np.abs(signs[0]).sum() * np.abs(signs[1]).sum()))
    return float(signs[0] @ signs[1]) / scale if scale else 0.0


def _tau(fit: Fit, held_out: Mapping[str, Interval], seed: int, questions: int) -> Interval:
    places = [fit.names.index(name) for name in held_out]
    theta = fit.values[places]
    shares = np.array([each.value for each in held_out.values()])
    z = normal_quantile((1 + LEVEL) / 2)
    spread = np.array([(each.high - each.low) / (2 * z) for each in held_out.values()])
    # The wider of the two covariances, as the intervals of strengths have it.
    cuts = [each[np.ix_(places, places)] for each in fit.covariances]
    covariance = max(cuts, key=lambda each: float(np.trace(each)))
    source = np.random.default_rng(seed)
    thetas = source.multivariate_normal(theta, covariance, size=TIMES, method="eigh")
    drawn = shares + spread * source.standard_normal((TIMES, len(places)))
    taus = [kendall(*pair) for pair in zip(thetas, drawn, strict=True)]
    value = kendall(theta, shares)
    low, high = np.quantile(taus, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(value, min(float(low), value), max(float(high), value), questions, METHOD)
