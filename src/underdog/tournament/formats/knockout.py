"""Who loses is out. The best seeds rest in the first round when the bracket is not full.

In: entrants in seed order, results. Out: the bracket so far, and what is due. In a full bracket
the seeds of each first meeting add up to its size plus 1, and seeds 1 and 2 meet in the final only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from underdog.tournament.formats.fixture import Fixture, Results
from underdog.tournament.formats.meeting import Meeting
from underdog.tournament.formats.tiebreak import Breaker

FINAL, THIRD_PLACE = "final", "third place"


def bracket_seeds(size: int) -> list[int]:
    """Seeds (from 1) from top to bottom of a bracket of `size`, a power of two."""
    seeds = [1]
    while len(seeds) < size:
        whole = 2 * len(seeds) + 1
        seeds = [each for seed in seeds for each in (seed, whole - seed)]
    return seeds


@dataclass(frozen=True, slots=True)
class Tie:
    """A place in the bracket: two entrants, or one that rests. `winner` is None while open."""

    stage: str
    round: int
    one: str
    opening: Fixture | None
    winner: str | None


@dataclass(frozen=True, slots=True)
class Knockout:
    """The rules of a bracket."""

    meeting: Meeting = field(default_factory=Meeting)
    breaker: Breaker = field(default_factory=Breaker)
    third_place: bool = False
    """Whether the losers of the semi-finals meet."""

    def due(self, entrants: Sequence[str], results: Results) -> tuple[Fixture, ...]:
        """The games that can be played now: of the earliest open round, the earliest games."""
        games = [
            game
            for tie in self.bracket(entrants, results)[-1]
            if tie.opening and (game := self.meeting.next_game(tie.opening, results))
        ]
        first = min((game.game for game in games), default=0)
        return tuple(game for game in games if game.game == first)

    def bracket(self, entrants: Sequence[str], results: Results) -> list[list[Tie]]:
        """Every round that is known, the last one possibly open."""
        size = 1 << (len(entrants) - 1).bit_length()
        alive = [entrants[s - 1] if s <= len(entrants) else None for s in bracket_seeds(size)]
        rounds: list[list[Tie]] = []
        while len(alive) > 1:
            ties = self._round(alive, len(rounds) + 1, results)
            if len(alive) == 2 and self.third_place and rounds and len(entrants) > 3:
                ties.append(self._third_place(rounds[-1], len(rounds) + 1, results))
            rounds.append(ties)
            if any(tie.winner is None for tie in ties):
                break
            alive = [tie.winner for tie in ties if tie.stage != THIRD_PLACE]
        return rounds

    def places(self, entrants: Sequence[str], results: Results) -> dict[str, int]:
        """Everyone's place when all is played: who went out in the same round shares one."""
        rounds = self.bracket(entrants, results)
        places = dict.fromkeys(entrants, 1)
        for ties in rounds:
            size = 2 * sum(tie.stage != THIRD_PLACE for tie in ties)
            for tie in ties:
                if tie.opening and tie.winner:
                    (loser,) = set(tie.opening.names) - {tie.winner}
                    third = tie.stage == THIRD_PLACE
                    places[loser] = 4 if third else size // 2 + 1
                    if third:
                        places[tie.winner] = 3
        return places

    def _round(self, alive: Sequence[str | None], number: int, results: Results) -> list[Tie]:
        stage = FINAL if len(alive) == 2 else f"last {len(alive)}"
        pairs = zip(alive[::2], alive[1::2], strict=True)
        return [
            self._tie(stage, number, table, pair, results)
            for table, pair in enumerate(pairs, start=1)
        ]

    def _tie(
        self,
        stage: str,
        number: int,
        table: int,
        pair: tuple[str | None, str | None],
        results: Results,
    ) -> Tie:
        one, other = pair
        if one is None or other is None:
            resting = one or other
            assert resting is not None, "a bracket has more entrants than places that rest"
            return Tie(stage, number, resting, None, resting)
        draw = 1 + (number - 1) * self.meeting.best_of
        opening = Fixture(stage, number, table, 1, one, other, draw)
        return Tie(stage, number, one, opening, self.meeting.winner(opening, results, self.breaker))

    def _third_place(self, semis: Sequence[Tie], number: int, results: Results) -> Tie:
        losers = [
            next(name for name in tie.opening.names if name != tie.winner)
            for tie in semis
            if tie.opening
        ]
        return self._tie(THIRD_PLACE, number, 2, (losers[0], losers[1]), results)
