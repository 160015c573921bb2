"""What decides between entrants with equal points. The last resort is always the lot.

In: results and names. Out: a sort key per name, smaller is better. The lot is drawn from the seed
and the names alone, so that it falls the same in every replay.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from underdog.errors import InputError
from underdog.tournament.formats.fixture import Result, Results


class TieBreak(StrEnum):
    """A rule that compares entrants with equal points."""

    HEAD_TO_HEAD = "head-to-head"
    """Points in the games among those that are tied."""
    SCORE = "score"
    """Share of right answers, and of wrong answers to the own questions, in all games."""
    BENCHMARK = "benchmark"
    """The entrant's number on a closed benchmark, given by the organiser; higher is better."""
    TIME = "time"
    """Mean seconds per answer, less is better. A clock decides it: a repetition may differ."""
    LOT = "lot"
    """A draw that only seed and name decide."""


DEFAULT = (TieBreak.HEAD_TO_HEAD, TieBreak.SCORE, TieBreak.LOT)


@dataclass(frozen=True, slots=True)
class Breaker:
    """The rules in order, with what they need beside results."""

    rules: tuple[TieBreak, ...] = DEFAULT
    benchmark: tuple[tuple[str, float], ...] = ()
    """Name and number of every entrant, where the benchmark is a rule."""
    seed: int = 0

    def order(self, names: Collection[str], results: Results) -> list[str]:
        """Best first, by the rules alone; `names` are those that are tied."""
        return self._split(sorted(names), list(results.values()), self.rules)

    def _split(
        self, names: list[str], played: list[Result], rules: Iterable[TieBreak]
    ) -> list[str]:
        """Groups that a rule separates are ordered on by the rules after it."""
        left = list(rules)
        if len(names) < 2:
            return names
        if not left:
            return sorted(names, key=self._lot)
        key = self._key(left[0], names, played)
        values = {name: key(name) for name in names}
        ordered: list[str] = []
        for value in sorted(set(values.values())):
            group = [name for name in names if values[name] == value]
            ordered += self._split(group, played, left[1:])
        return ordered

    def _key(
        self, rule: TieBreak, names: Collection[str], played: list[Result]
    ) -> Callable[[str], float]:
        match rule:
            case TieBreak.HEAD_TO_HEAD:
                tied = set(names)
                among = [each for each in played if tied.issuperset(each.fixture.names)]
                points = points_of(among)
                return lambda name: -points.get(name, 0.0)
            case TieBreak.SCORE:
                return lambda name: -_score(name, played)
            case TieBreak.BENCHMARK:
                numbers = dict(self.benchmark)
                return lambda name: -_known(numbers, name)
            case TieBreak.TIME:
                return lambda name: _seconds(name, played)
            case TieBreak.LOT:
                return self._lot

    def _lot(self, name: str) -> float:
        drawn = hashlib.sha256(f"lot:{self.seed}:{name}".encode()).digest()
        return int.from_bytes(drawn[:6], "big")


def points_of(played: Iterable[Result]) -> dict[str, float]:
    """Points of everyone who played."""
    points: dict[str, float] = {}
    for result in played:
        for name in result.fixture.names:
            points[name] = points.get(name, 0.0) + result.points(name)
    return points


def _sides(name: str, played: list[Result]) -> list[Result]:
    """Its games; one that was forfeited says nothing about answers."""
    return [each for each in played if name in each.fixture.names and not each.forfeited]


def _score(name: str, played: list[Result]) -> float:
    """Mean lead in shares of right answers, as the official totals differ; rounded so that sums in
    another order tie.
    """
    mine = _sides(name, played)
    leads = []
    for each in mine:
        (rival,) = (other for other in each.fixture.names if other != name)
        leads.append(each.side(name).share - each.side(rival).share)
    return round(sum(leads) / len(leads), 12) if leads else 0.0


def _seconds(name: str, played: list[Result]) -> float:
    sides = [each.side(name) for each in _sides(name, played)]
    put = sum(side.put - side.charged for side in sides)
    return sum(side.answer_s for side in sides) / put if put else float("inf")


def _known(numbers: Mapping[str, float], name: str) -> float:
    if name not in numbers:
        raise InputError("a benchmark number for every entrant", got=f"none for {name!r}")
    return numbers[name]
