"""One entrant against all the others, several games each with the sides taking turns."""

from __future__ import annotations

from collections.abc import Sequence

from underdog.tournament.formats.fixture import Fixture

STAGE = "gauntlet"


def gauntlet(entrants: Sequence[str], *, games: int) -> list[Fixture]:
    """The first entrant meets every other one in `games` games; each game has its topic draw."""
    champion, *challengers = entrants
    fixtures = []
    for game in range(1, games + 1):
        for table, name in enumerate(challengers, start=1):
            one, other = (champion, name) if game % 2 else (name, champion)
            fixtures.append(Fixture(STAGE, 1, table, game, one, other, draw=game))
    return fixtures
