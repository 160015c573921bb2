"""Swiss rounds: who has equal points meets, nobody meets twice, and rests are spread.

In: entrants in seed order, results. Out: the rounds so far, and what is due. The pairing of a round
is a maximum-weight matching (networkx, after Galil, ACM Comput. Surv. 18:23, 1986), as kept Swiss
programs do it; so the least possible sum of squared differences in points is reached.

With at most half as many rounds as entrants a pairing without a repetition exists in every round:
everyone can still meet at least half of the others, hence (Dirac 1952) there is a Hamiltonian
cycle, and every second edge of it is such a pairing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from underdog.errors import InputError, MissingExtraError
from underdog.tournament.formats.fixture import Fixture, Results
from underdog.tournament.formats.tiebreak import points_of

STAGE = "swiss"
BYE_POINTS = 1.0
"""A round of rest counts as a win (FIDE C.04.1)."""


class Round(NamedTuple):
    """The fixtures of a round, and who rests in it (None: nobody)."""

    fixtures: tuple[Fixture, ...]
    resting: str | None


def default_rounds(entrants: int) -> int:
    """As many as a knockout would have, but never more than can be paired."""
    return max(1, min(math.ceil(math.log2(max(entrants, 2))), entrants // 2))


@dataclass(frozen=True, slots=True)
class Swiss:
    """The rules."""

    rounds: int

    def check(self, entrants: int) -> None:
        """InputError when so many rounds cannot be promised without a repetition."""
        if not 1 <= self.rounds <= max(1, entrants // 2):
            raise InputError(
                f"1 to {max(1, entrants // 2)} Swiss rounds for {entrants} entrants",
                got=str(self.rounds),
                hint="a round robin",
            )

    def due(self, entrants: Sequence[str], results: Results) -> tuple[Fixture, ...]:
        """What is open in the current round."""
        fixtures, _ = self.played_rounds(entrants, results)[-1]
        return tuple(each for each in fixtures if each.key not in results)

    def played_rounds(self, entrants: Sequence[str], results: Results) -> list[Round]:
        """Every round that is known, the last one possibly open."""
        self.check(len(entrants))
        rounds: list[Round] = []
        while len(rounds) < self.rounds:
            rounds.append(_pair(entrants, rounds, results))
            if any(each.key not in results for each in rounds[-1][0]):
                break
        return rounds

    def points(self, entrants: Sequence[str], results: Results) -> dict[str, float]:
        """Games and rests together."""
        return _points(entrants, self.played_rounds(entrants, results), results)


def _points(entrants: Sequence[str], rounds: Sequence[Round], results: Results) -> dict[str, float]:
    keys = [each.key for fixtures, _ in rounds for each in fixtures]
    points = points_of([results[key] for key in keys if key in results])
    for _, resting in rounds:
        if resting is not None:
            points[resting] = points.get(resting, 0.0) + BYE_POINTS
    return {name: points.get(name, 0.0) for name in entrants}


def _pair(entrants: Sequence[str], before: Sequence[Round], results: Results) -> Round:
    """The next round, decided by what was played and the seeds alone."""
    points = _points(entrants, before, results)
    seeds = {name: place for place, name in enumerate(entrants)}
    order = sorted(entrants, key=lambda name: (-points[name], seeds[name]))
    resting = None
    if len(order) % 2:
        rested = {name for _, name in before}
        resting = next(name for name in reversed(order) if name not in rested)
        order.remove(resting)
    met = frozenset(frozenset(each.names) for fixtures, _ in before for each in fixtures)
    number = len(before) + 1
    first_sides = [each.one for fixtures, _ in before for each in fixtures]
    fixtures = []
    for table, (one, other) in enumerate(
        _matched(tuple(order), tuple(points[name] for name in order), met), start=1
    ):
        if first_sides.count(one) > first_sides.count(other):
            one, other = other, one
        fixtures.append(Fixture(STAGE, number, table, 1, one, other, draw=number))
    return Round(tuple(fixtures), resting)


@lru_cache(maxsize=256)
def _matched(
    order: tuple[str, ...], points_in_order: tuple[float, ...], met: frozenset[frozenset[str]]
) -> list[tuple[str, str]]:
    """Pairs of a perfect matching, best first. Among equal sums of squared differences in points,
    the upper half of a group meets its lower half.
    """
    try:
        from networkx import Graph, max_weight_matching
    except ImportError as error:
        raise MissingExtraError.of("pairing a Swiss round", "tournament") from error
    points = dict(zip(order, points_in_order, strict=True))
    place = {name: number for number, name in enumerate(order)}
    groups: dict[float, list[str]] = {}
    for name in order:
        groups.setdefault(points[name], []).append(name)
    heavy = len(order) ** 3
    graph = Graph()
    for name in order:
        for rival in order[place[name] + 1 :]:
            if frozenset((name, rival)) in met:
                continue
            apart = round(2 * (points[name] - points[rival]))
            half = len(groups[points[name]]) // 2
            unfolded = 0 if apart else abs(place[rival] - place[name] - half)
            graph.add_edge(name, rival, weight=-(heavy * apart * apart + unfolded**2))
    found = max_weight_matching(graph, maxcardinality=True)
    assert 2 * len(found) == len(order), "see the module's docstring: a pairing exists"
    pairs = [sorted(pair, key=place.__getitem__) for pair in found]
    return sorted(((one, other) for one, other in pairs), key=lambda pair: place[pair[0]])
