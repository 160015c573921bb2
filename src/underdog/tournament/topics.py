"""Which topics a team is asked to ask about.

In: the draw of a match, and a team's identity. Out: the team's own draw, and what is right at a
place. Teams with the same topics get the same draw; a team whose asker knows other topics (puzzles)
gets as long a draw from its own, by the same seed. Never: a question.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from underdog.protocol.player import LISTED_TOPICS


def draw_topics(topics: Sequence[str], count: int, seed: int) -> tuple[str, ...]:
    """One topic per question: equally often up to one, in an order that the seed decides."""
    order = sorted(set(topics))
    source = random.Random(f"topics:{seed}")
    source.shuffle(order)
    draw = [order[number % len(order)] for number in range(count)]
    source.shuffle(draw)
    return tuple(draw)


def team_draw(identity: Mapping[str, Any], drawn: Sequence[str], seed: int) -> tuple[str, ...]:
    """One topic per place of the draw."""
    own = identity.get("topics")
    if isinstance(own, Sequence) and not isinstance(own, str) and own:
        return draw_topics([str(each) for each in own], len(drawn), seed)
    return tuple(drawn)


def right_topics(identity: Mapping[str, Any], drawn: Sequence[str], number: int) -> tuple[str, ...]:
    """The topic drawn for a place, first; with all others for a team that draws itself."""
    if identity.get("topics") != LISTED_TOPICS:
        return (drawn[number],)
    return tuple(dict.fromkeys([drawn[number], *drawn]))
