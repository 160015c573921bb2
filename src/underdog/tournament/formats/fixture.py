"""A game to be played and the result of one: what formats hand out and what they are handed.

In: names of entrants. Out: frozen values. Never: a score that is not counted from answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from underdog.errors import InputError


@dataclass(frozen=True, slots=True)
class Fixture:
    """One game: `one` asks first. All numbers count from 1.

    `draw` names the topic draw, the same for both innings: a team asks the same questions in all
    games of one draw.
    """

    stage: str
    round: int
    table: int
    game: int
    one: str
    other: str
    draw: int

    def __post_init__(self) -> None:
        if self.one == self.other:
            raise InputError("two different entrants", got=f"{self.one!r} twice")
        if min(self.round, self.table, self.game, self.draw) < 1:
            raise InputError("rounds, tables, games and draws from 1", got=repr(self))

    @property
    def key(self) -> str:
        """What tells it from every other game of the tournament; sorts in the order of play."""
        return f"{self.round:04}.{self.game:03}.{self.table:04}"

    @property
    def names(self) -> tuple[str, str]:
        """Both entrants, the one that asks first in front."""
        return self.one, self.other

    def to_json(self) -> dict[str, Any]:
        """As in the event store."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Side:
    """What one team did as the answering side of a game.

    `right` of `put` questions; `only` counts the places of the draw where it alone was right;
    `answer_s` is the time that its answers took, in seconds. `disqualified`: fewer than half of
    its own questions were valid. `charged` of the `right` are questions with a disputed key, which
    were not put. `forfeited`: it did not play, so that nobody answered anything.
    """

    right: int
    put: int
    only: int
    answer_s: float
    disqualified: bool
    charged: int = 0
    forfeited: bool = False

    @property
    def share(self) -> float:
        """Of right answers; 0 where nothing was put."""
        return self.right / self.put if self.put else 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """A finished game."""

    fixture: Fixture
    one: Side
    other: Side

    @property
    def forfeited(self) -> bool:
        """Whether it was decided without being played."""
        return self.one.forfeited or self.other.forfeited

    @property
    def winner(self) -> str | None:
        """The better name, None for a tie: who forfeits loses; then, as the referee decides
        (`scoreboard`), a disqualified team does; then the shares of right answers decide, compared
        over whole counts.
        """
        one, other = self.one, self.other
        if self.forfeited:
            if one.forfeited and other.forfeited:
                return None
            return self.fixture.other if one.forfeited else self.fixture.one
        if one.disqualified or other.disqualified:
            if one.disqualified and other.disqualified:
                return None
            return self.fixture.other if one.disqualified else self.fixture.one
        lead = one.right * other.put - other.right * one.put
        if lead == 0:
            return None
        return self.fixture.one if lead > 0 else self.fixture.other

    def points(self, name: str) -> float:
        """1 for a win, a half for a tie, 0 for a loss, and for both where both forfeit."""
        if self.side(name).forfeited:
            return 0.0
        return 0.5 if self.winner is None else float(self.winner == name)

    def side(self, name: str) -> Side:
        """Of one of the two entrants."""
        return self.one if name == self.fixture.one else self.other


Results = Mapping[str, Result]
"""Finished games by `Fixture.key`."""


def wave(fixtures: list[Fixture], results: Results) -> tuple[Fixture, ...]:
    """The open fixtures of the earliest round and game that is not finished.

    Only these are due, so that a tournament that was interrupted inside a wave goes on in the order
    of one that was not.
    """
    left = [each for each in fixtures if each.key not in results]
    if not left:
        return ()
    first = min((each.round, each.game) for each in left)
    return tuple(each for each in left if (each.round, each.game) == first)
