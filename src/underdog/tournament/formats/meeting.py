"""Several games between the same two: best of k, stopped when it is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from underdog.errors import InputError
from underdog.tournament.formats.fixture import Fixture, Result, Results
from underdog.tournament.formats.sprt import Sprt, Verdict
from underdog.tournament.formats.tiebreak import Breaker


@dataclass(frozen=True, slots=True)
class Meeting:
    """The rules of a meeting."""

    best_of: int = 1
    """Most games played, at least 1; who cannot be caught up with has won."""
    sprt: Sprt | None = None
    """Also stops when this test names the better side; None: it does not."""

    def __post_init__(self) -> None:
        if self.best_of < 1:
            raise InputError("at least 1 game", got=str(self.best_of))

    def next_game(self, opening: Fixture, results: Results) -> Fixture | None:
        """The game that is due after those in `results`, None when the meeting is over.

        `opening` is the first game. The sides take turns, and each game has its own topic draw.
        """
        played = self.games(opening, results)
        if self._over(opening, played):
            return None
        return self._game(opening, len(played) + 1)

    def games(self, opening: Fixture, results: Results) -> list[Result]:
        """Those that were played, in order."""
        keys = [self._game(opening, number).key for number in range(1, self.best_of + 1)]
        return [results[key] for key in keys if key in results]

    def winner(self, opening: Fixture, results: Results, breaker: Breaker) -> str | None:
        """The winner of a meeting that is over (by points, then by `breaker`); None while open."""
        played = self.games(opening, results)
        if not self._over(opening, played):
            return None
        lead = sum(each.points(opening.one) - each.points(opening.other) for each in played)
        if lead:
            return opening.one if lead > 0 else opening.other
        return breaker.order(opening.names, results)[0]

    def _game(self, opening: Fixture, number: int) -> Fixture:
        one, other = opening.names if number % 2 else opening.names[::-1]
        draw = opening.draw + number - 1
        table, at = opening.table, opening.round
        return Fixture(opening.stage, at, table, number, one, other, draw)

    def _over(self, opening: Fixture, played: Sequence[Result]) -> bool:
        lead = sum(each.points(opening.one) - each.points(opening.other) for each in played)
        left = self.best_of - len(played)
        if left == 0 or abs(lead) > left:
            return True
        if self.sprt is None or not lead:
            return False
        one = sum(each.side(opening.one).only for each in played)
        other = sum(each.side(opening.other).only for each in played)
        ahead = Verdict.ONE if lead > 0 else Verdict.OTHER
        return self.sprt.verdict(one, other) is ahead
