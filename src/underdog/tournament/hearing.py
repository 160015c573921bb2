"""How a player is let to speak: called, timed, and whatever it does turned into plain JSON.

In: a call of a player, a clock, how many items are wanted. Out: one `Said` per item. Never: an
exception for a player's fault. A fault of this machine (InfrastructureError) is no outcome and is
passed on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TypeVar

from underdog.protocol.player import PlayerFault, PlayerFaultKind
from underdog.tournament.judge import Said
from underdog.tournament.machine import machine_fault

T = TypeVar("T")
EXCERPT = 300
"""Characters of a rejected message that are kept."""


def hear(
    player: Callable[[], Sequence[object]], clock: Callable[[], float], items: int
) -> list[Said]:
    """Let a player speak, and share its time between the items. Whatever it does is an outcome of
    the match; a SystemExit in its code must not end ours.
    """
    messages: list[object] = []
    failure = ""
    fault: PlayerFaultKind | None = None
    begun = clock()
    try:
        messages = [_plain(message) for message in player()]
    except PlayerFault as error:
        failure, fault = error.detail or error.kind.value, error.kind
    except (Exception, SystemExit) as error:
        # A player's fault is an outcome; a fault of this machine is none.
        ours = machine_fault(error)
        if ours is not None:
            raise ours from error
        failure = f"{type(error).__name__}: {error}"
    each_s = (clock() - begun) / items
    padded = [*messages[:items], *([None] * (items - len(messages)))]
    return [
        Said(message, place < len(messages), failure, each_s, fault)
        for place, message in enumerate(padded)
    ]


def _plain(message: object) -> object:
    """The message as JSON would carry it: what is judged cannot change or act any more."""
    if type(message) is dict and all(
        type(part) is str and part.isascii() for item in message.items() for part in item
    ):
        return dict(message)  # as JSON would give it back, in a seventh of the time
    try:
        return json.loads(json.dumps(message))
    except (TypeError, ValueError, RecursionError):
        return f"(no JSON: {type(message).__name__})"


def excerpt(text: str) -> str:
    """The beginning, in characters that UTF-8 can hold."""
    return text[:EXCERPT].encode("utf-8", "replace").decode("utf-8")


def chunks(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """Consecutive parts of `size` items, the last maybe shorter: what a player is given at once."""
    return [items[start : start + size] for start in range(0, len(items), size)]
