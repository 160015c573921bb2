"""A tournament's format by name: what is due after some results, and who stands where.

In: settings, entrants in seed order, results. Out: fixtures, places. Pure: equal results give equal
fixtures, whatever happened in between.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from underdog.errors import InputError
from underdog.tournament.formats.fixture import Fixture, Results, wave
from underdog.tournament.formats.gauntlet import gauntlet
from underdog.tournament.formats.knockout import Knockout
from underdog.tournament.formats.meeting import Meeting
from underdog.tournament.formats.round_robin import round_robin
from underdog.tournament.formats.sprt import Sprt
from underdog.tournament.formats.swiss import Swiss, default_rounds
from underdog.tournament.formats.tiebreak import Breaker, points_of


class Kind(StrEnum):
    """The formats."""

    MATCH = "match"
    ROUND_ROBIN = "round-robin"
    KNOCKOUT = "knockout"
    SWISS = "swiss"
    GAUNTLET = "gauntlet"


@dataclass(frozen=True, slots=True)
class FormatConfig:
    """What kind of tournament."""

    kind: Kind = Kind.ROUND_ROBIN
    """match (two entrants), round-robin, knockout, swiss, gauntlet (the first against the rest)."""
    double: bool = True
    """Round robin: every pair twice, with the sides changed."""
    best_of: int = 1
    """Match and knockout: most games of a meeting; gauntlet: games with each challenger."""
    rounds: int | None = None
    """Swiss: how many; None: as many as a knockout has, at most half the entrants."""
    third_place: bool = False
    """Knockout: whether the losers of the semi-finals meet."""
    sprt: Sprt | None = None
    """Match and knockout: stops a meeting early; None: it does not."""

    def __post_init__(self) -> None:
        if self.best_of < 1:
            raise InputError("at least 1 game", got=str(self.best_of))


@dataclass(frozen=True, slots=True)
class Standing:
    """A line of the table. Entrants of equal place are tied by the rules of the format."""

    place: int
    name: str
    played: int
    won: int
    tied: int
    lost: int
    points: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """A format with its entrants, the best seed first."""

    config: FormatConfig
    entrants: tuple[str, ...]
    breaker: Breaker = field(default_factory=Breaker)

    def __post_init__(self) -> None:
        if len(set(self.entrants)) != len(self.entrants) or len(self.entrants) < 2:
            raise InputError("two or more entrants with names of their own", got=f"{self.entrants}")
        if self.config.kind is Kind.MATCH and len(self.entrants) != 2:
            raise InputError("two entrants for a match", got=str(len(self.entrants)))
        if self.config.kind is Kind.SWISS:
            self._swiss().check(len(self.entrants))

    def due(self, results: Results) -> tuple[Fixture, ...]:
        """What can be played now, in the order of play; nothing when the tournament is over."""
        match self.config.kind:
            case Kind.ROUND_ROBIN:
                games = round_robin(self.entrants, double=self.config.double)
                return tuple(each for each in games if each.key not in results)
            case Kind.GAUNTLET:
                return wave(gauntlet(self.entrants, games=self.config.best_of), results)
            case Kind.SWISS:
                return self._swiss().due(self.entrants, results)
            case Kind.KNOCKOUT | Kind.MATCH:
                return self.knockout().due(self.entrants, results)

    def standings(self, results: Results) -> tuple[Standing, ...]:
        """Everyone, best first. Before the end, as far as it was played."""
        points = self._points(results)
        places = self._places(points, results)
        order = sorted(self.entrants, key=lambda name: (places[name], self.entrants.index(name)))
        gained: dict[str, list[float]] = {name: [] for name in self.entrants}
        for each in results.values():
            for name in each.fixture.names:
                gained[name].append(each.points(name))
        return tuple(_line(name, places[name], points[name], gained[name]) for name in order)

    def knockout(self) -> Knockout:
        """The rules of the bracket; a match is a bracket of two."""
        meeting = Meeting(self.config.best_of, self.config.sprt)
        return Knockout(meeting, self.breaker, self.config.third_place)

    def _swiss(self) -> Swiss:
        given = self.config.rounds
        return Swiss(default_rounds(len(self.entrants)) if given is None else given)

    def _points(self, results: Results) -> dict[str, float]:
        if self.config.kind is Kind.SWISS:
            return self._swiss().points(self.entrants, results)
        points = points_of(results.values())
        return {name: points.get(name, 0.0) for name in self.entrants}

    def _places(self, points: dict[str, float], results: Results) -> dict[str, int]:
        if self.config.kind in (Kind.KNOCKOUT, Kind.MATCH):
            return self.knockout().places(self.entrants, results)
        order: list[str] = []
        for value in sorted(set(points.values()), reverse=True):
            order += self.breaker.order([n for n in self.entrants if points[n] == value], results)
        return {name: place for place, name in enumerate(order, start=1)}


def _line(name: str, place: int, points: float, gained: list[float]) -> Standing:
    won, tied = gained.count(1.0), gained.count(0.5)
    return Standing(place, name, len(gained), won, tied, len(gained) - won - tied, points)
