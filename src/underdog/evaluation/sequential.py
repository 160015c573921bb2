"""Which model is better, looked at after every question, with an error level that holds all along.

In: marks of models on the same questions, in one random order. Out: separations, and a ranking
with ties. Never: a fixed-sample test looked at more than once; that errs far more often than it
says (Armitage, McPherson and Rowe, J. R. Stat. Soc. A 132:235, 1969).

Of two equally good models each question that only one gets right is a fair coin. A bettor who
starts with 1 and spreads it evenly over all biases of the coin then owns, after k of m questions
for the first,

    E = 2^m k! (m - k)! / (m + 1)!

a martingale under equality, so it ever reaches 1 / alpha with probability at most alpha (Ville
1939; the mixture is Robbins', Ann. Math. Stat. 41:1397, 1970; a survey: Ramdas, Gruenwald, Vovk and
Shafer, Stat. Sci. 38:576, 2023). Between K models alpha is divided by the K (K - 1) / 2 pairs, so
that all verdicts together hold with probability 1 - alpha. The questions must be independent: one
per group, in random order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from underdog.errors import InputError
from underdog.evaluation.compare import ALPHA, PairedCounts, paired_difference, questions_needed
from underdog.interval import Interval, wilson


def log_evidence(wins: int, losses: int) -> float:
    """Natural log of E for k = `wins` of m = `wins + losses`."""
    if min(wins, losses) < 0:
        raise InputError("counts from 0 on", got=f"{wins}, {losses}")
    total = wins + losses
    return (
        total * math.log(2)
        + math.lgamma(wins + 1)
        + math.lgamma(losses + 1)
        - math.lgamma(total + 2)
    )


@dataclass(frozen=True, slots=True)
class Separation:
    """`winner` was found better than `loser` after `questions` that both had answered."""

    winner: str
    loser: str
    questions: int


def separate(
    first: tuple[str, Sequence[bool]], second: tuple[str, Sequence[bool]], *, alpha: float
) -> Separation | None:
    """The first moment at which the evidence reaches 1 / alpha, over the questions that both have
    answered (the shorter sequence); None when it never does.
    """
    bound = -math.log(alpha)
    wins = losses = 0
    for number, (one, two) in enumerate(zip(first[1], second[1], strict=False), start=1):
        if one == two:
            continue
        wins, losses = wins + one, losses + two
        if log_evidence(wins, losses) >= bound:
            names = (first[0], second[0]) if wins > losses else (second[0], first[0])
            return Separation(*names, number)
    return None


@dataclass(frozen=True, slots=True)
class Place:
    """`rank` is 1 plus the number of models that were found better: models that share a rank are a
    tie. `asked` questions of `offered` were needed.
    """

    name: str
    rank: int
    accuracy: Interval
    asked: int
    offered: int
    beaten_by: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return {
            "name": self.name,
            "rank": self.rank,
            "accuracy": self.accuracy.to_json(),
            "asked": self.asked,
            "offered": self.offered,
            "beaten_by": list(self.beaten_by),
        }


@dataclass(frozen=True, slots=True)
class Tie:
    """Two models that nothing separates yet. `questions_needed` in all would, with probability 0.8,
    if the difference is as large as it looks; None when it looks like zero.
    """

    first: str
    second: str
    difference: Interval
    questions_needed: int | None

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return {
            "first": self.first,
            "second": self.second,
            "difference": self.difference.to_json(),
            "questions_needed": self.questions_needed,
        }


@dataclass(frozen=True, slots=True)
class Ranking:
    """`places` best first. `decided` says that one model was found better than every other."""

    places: tuple[Place, ...]
    separations: tuple[Separation, ...]
    ties: tuple[Tie, ...]
    alpha: float

    @property
    def decided(self) -> bool:
        """Whether first place is one model's alone."""
        return sum(each.rank == 1 for each in self.places) == 1

    @property
    def saved(self) -> int:
        """Answers that were not needed."""
        return sum(each.offered - each.asked for each in self.places)

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return {
            "alpha": self.alpha,
            "decided": self.decided,
            "saved": self.saved,
            "places": [each.to_json() for each in self.places],
            "separations": [
                {"winner": each.winner, "loser": each.loser, "questions": each.questions}
                for each in self.separations
            ],
            "ties": [each.to_json() for each in self.ties],
        }


def find_separations(
    right: Mapping[str, Sequence[bool]], *, alpha: float = ALPHA
) -> tuple[Separation, ...]:
    """Every pair that is separated; all of them hold together at level `alpha`."""
    pairs = list(combinations(right, 2))
    if not 0 < alpha < 1:
        raise InputError("an error level between 0 and 1", got=str(alpha))
    found = (
        separate((one, right[one]), (two, right[two]), alpha=alpha / len(pairs))
        for one, two in pairs
    )
    return tuple(each for each in found if each is not None)


def still_asked(right: Mapping[str, Sequence[bool]], *, alpha: float = ALPHA) -> tuple[str, ...]:
    """The models that no other was found to beat; one alone is the winner, and none is asked on."""
    beaten = {each.loser for each in find_separations(right, alpha=alpha)}
    left = tuple(name for name in right if name not in beaten)
    return left if len(left) > 1 else ()


def rank(right: Mapping[str, Sequence[bool]], *, offered: int, alpha: float = ALPHA) -> Ranking:
    """Rank models by what was proven, then by accuracy; every model has answered some question."""
    if not right or not all(right.values()):
        raise InputError("answers of every model", got=f"{ {k: len(v) for k, v in right.items()} }")
    separations = find_separations(right, alpha=alpha)
    places = [
        Place(
            name,
            1 + sum(each.loser == name for each in separations),
            wilson(sum(marks), len(marks)),
            len(marks),
            offered,
            tuple(each.winner for each in separations if each.loser == name),
        )
        for name, marks in right.items()
    ]
    places.sort(key=lambda each: (each.rank, -each.accuracy.value, each.name))
    apart = {frozenset((each.winner, each.loser)) for each in separations}
    names = [each.name for each in places]
    ties = tuple(
        _tie((one, right[one]), (two, right[two]))
        for one, two in combinations(names, 2)
        if frozenset((one, two)) not in apart
    )
    return Ranking(tuple(places), separations, ties, alpha)


def _tie(first: tuple[str, Sequence[bool]], second: tuple[str, Sequence[bool]]) -> Tie:
    both = min(len(first[1]), len(second[1]))
    counts = PairedCounts.of(first[1][:both], second[1][:both])
    return Tie(first[0], second[0], paired_difference(counts), questions_needed(counts))
