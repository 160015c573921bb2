"""What holds in a match and in every game of a tournament, and the draw that follows from it.

In: settings. Out: one frozen value, and the topics of each draw. Pure: equal rules give equal
draws. Never: a decision about a player.
"""

from __future__ import annotations

from dataclasses import dataclass

from underdog.errors import InputError
from underdog.protocol.editions import NEWEST, find_edition
from underdog.protocol.tokens import ESTIMATE
from underdog.tournament.topics import draw_topics


@dataclass(frozen=True, slots=True)
class Rules:
    """What is played."""

    topics: tuple[str, ...]
    """Topics to draw from, at least one."""
    edition: str = NEWEST
    """Whose limits hold: a name in `protocol.editions.EDITIONS`."""
    questions: int = 20
    """Questions per innings, at least 1. Default: the official slides'."""
    seed: int = 0
    """Decides draws, orders of choices, and what askers are told to use."""
    token_counter: str = ESTIMATE
    """What the token counter is called in the record."""
    per_call: int = 1
    """Items that a player is given at once, at least 1; its time is shared equally between them."""

    def __post_init__(self) -> None:
        find_edition(self.edition)
        if not self.topics:
            raise InputError("at least one topic")
        if self.questions < 1:
            raise InputError("at least 1 question per innings", got=str(self.questions))
        if self.per_call < 1:
            raise InputError("at least 1 item per call", got=str(self.per_call))

    def draw_seed(self, draw: int) -> int:
        """A seed per draw (from 1), the same for every team; the first is `seed` itself."""
        return self.seed + 1_000_003 * (draw - 1)

    def draw(self, draw: int = 1) -> tuple[str, ...]:
        """One topic per question, the same for every team."""
        return draw_topics(self.topics, self.questions, self.draw_seed(draw))
