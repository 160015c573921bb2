"""Ratings from who won: Bradley-Terry by `choix`, and a running rating by `openskill`.

In: results of games. Out: a frozen Rating per entrant. Both see wins and ties only; `items` sees
every answer, and says more from the same games. Results are put into the order of play first, so
that the order in which they are handed over never shows. Never: a library's object in a Rating.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from underdog.errors import InputError, MissingExtraError
from underdog.tournament.formats.fixture import Result

BT_PENALTY = 0.01
"""The pseudo-wins of `choix` in each direction of each pair (its `alpha`): without them, who never
lost has no finite rating."""


@dataclass(frozen=True, slots=True)
class Rating:
    """`mu` on the method's own scale; `sigma` is its own uncertainty, None where it has none."""

    name: str
    mu: float
    sigma: float | None
    method: str


def bradley_terry(results: Iterable[Result]) -> tuple[Rating, ...]:
    """Strengths in logits with mean 0, best first (Bradley and Terry, Biometrika 39:324, 1952; by
    iterative Luce spectral ranking, Maystre and Grossglauser 2015). A tie is half a win each.
    """
    played = _in_order(results)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import choix
    except ImportError as error:
        raise MissingExtraError.of("a Bradley-Terry rating", "tournament") from error
    names = _names(played)
    place = {name: number for number, name in enumerate(names)}
    wins = np.zeros((len(names), len(names)))
    for each in played:
        one, other = (place[name] for name in each.fixture.names)
        wins[one, other] += each.points(each.fixture.one)
        wins[other, one] += each.points(each.fixture.other)
    found = choix.ilsr_pairwise_dense(wins, alpha=BT_PENALTY)
    rated = [
        Rating(name, float(value), None, "Bradley-Terry (choix)")
        for name, value in zip(names, found, strict=True)
    ]
    return _best_first(rated)


def openskill(results: Iterable[Result]) -> tuple[Rating, ...]:
    """Plackett-Luce ratings (Weng and Lin, JMLR 12:267, 2011), game after game in order of play,
    best first. Everyone starts at mu 25, sigma 25/3, the library's defaults.
    """
    played = _in_order(results)
    try:
        from openskill.models import PlackettLuce
    except ImportError as error:
        raise MissingExtraError.of("an openskill rating", "tournament") from error
    model = PlackettLuce()
    known = {name: model.rating(name=name) for name in _names(played)}
    for each in played:
        one, other = each.fixture.names
        scores = [each.points(one), each.points(other)]
        (known[one],), (known[other],) = model.rate([[known[one]], [known[other]]], scores=scores)
    rated = [
        Rating(name, float(value.mu), float(value.sigma), "Plackett-Luce (openskill)")
        for name, value in known.items()
    ]
    return _best_first(rated)


def by_name(ratings: Iterable[Rating]) -> Mapping[str, Rating]:
    """For tables."""
    return {each.name: each for each in ratings}


def _in_order(results: Iterable[Result]) -> list[Result]:
    """Without games that were forfeited: they say nothing about strength."""
    played = sorted(
        (each for each in results if not each.forfeited), key=lambda each: each.fixture.key
    )
    if not played:
        raise InputError("games to rate", got="none", hint="play a game first")
    return played


def _names(played: list[Result]) -> list[str]:
    return sorted({name for each in played for name in each.fixture.names})


def _best_first(rated: list[Rating]) -> tuple[Rating, ...]:
    return tuple(sorted(rated, key=lambda each: (-each.mu, each.name)))
