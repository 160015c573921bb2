"""What a stage asks of the place it runs at: a pure function over blocks, results in order.

A stage hands over a function, its blocks and one value that all blocks share. An engine decides
where each block is worked on. It never decides anything that shows in a result: the same function
and the same blocks give the same results on every engine, in the order of the blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

Block = TypeVar("Block")
Shared = TypeVar("Shared")
Result = TypeVar("Result")
Item = TypeVar("Item")


class Engine(Protocol):
    """`map` is lazy at most by what is in flight; an exception of `function` is raised as it is."""

    def map(
        self,
        function: Callable[[Block, Shared], Result],
        blocks: Sequence[Block],
        shared: Shared,
    ) -> Iterator[Result]:
        """`function(block, shared)` for every block, in order.

        `function` lives at the top of a module, is pure, and can be repeated: a worker that dies
        half-way has its block worked on again elsewhere.
        """


def cut(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    """Consecutive blocks of `size` items, the last one shorter. Never by the number of workers:
    blocks must not depend on the machine.
    """
    assert size >= 1
    return [items[start : start + size] for start in range(0, len(items), size)]
