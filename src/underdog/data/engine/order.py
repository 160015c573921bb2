"""Blocks handed to a crew that works on several at once; results in the order of the blocks.

In: a crew and blocks. Out: results one by one. What is in flight or waits for its turn is bounded,
so memory does not grow with the number of blocks. Never: an order that depends on the crew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from underdog.data.engine.outcome import Done, Failed, take

AHEAD = 4
"""Blocks handed out beyond the one whose turn it is, per place in the crew: one slow block does not
make the others wait, and at most this many results per place are kept."""


class Crew(Protocol):
    """Works on some blocks at a time. A worker that dies is the crew's own affair."""

    places: int
    """Blocks it works on at a time, at least 1."""

    def free(self) -> bool:
        """Whether it takes another block now."""

    def give(self, index: int, block: Any) -> None:
        """Start on a block. Only when `free`."""

    def collect(self, *, wait: bool) -> Mapping[int, Done[Any] | Failed]:
        """What has come back since the last call, by index; with `wait`, at least one."""

    def drop(self) -> None:
        """Stop what is in flight; nobody waits for it any more."""


def in_order(crew: Crew, blocks: Sequence[Any]) -> Iterator[Any]:
    """The result of every block. The exception of a block is raised when its turn comes, so it is
    the one that working in order would have met first.
    """
    handed = 0
    came: dict[int, Done[Any] | Failed] = {}
    try:
        for due in range(len(blocks)):
            came.update(crew.collect(wait=False))
            while True:
                limit = min(len(blocks), due + AHEAD * crew.places)
                while handed < limit and crew.free():
                    crew.give(handed, blocks[handed])
                    handed += 1
                if due in came:
                    break
                came.update(crew.collect(wait=True))
            yield take(came.pop(due))
    finally:
        crew.drop()
