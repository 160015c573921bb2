"""What a stage asks of the place it runs at: a pure function over blocks, results in order.

A stage hands over a function, its blocks and one value that all blocks share. An engine decides
where each block is worked on. It never decides anything that shows in a result: the same function
and the same blocks give the same results on every engine, in the order of the blocks.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from underdog.errors import InputError

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
        half-way has its block worked on again elsewhere. It writes into nothing it is given: on
        workers, arrays in `shared` are read-only, and on a cluster those in blocks and results too.
        Its results do not depend on the order of a set or on Python's hash seed, which differ from
        process to process.
        """


def cut(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    """Consecutive blocks of `size` items, the last one shorter. Never by the number of workers:
    blocks must not depend on the machine.
    """
    assert size >= 1
    return [items[start : start + size] for start in range(0, len(items), size)]


def check_function(function: Callable[..., Any]) -> None:
    """InputError for a function that another process could not import by its name."""
    try:
        pickle.dumps(function)
        importable = getattr(function, "__module__", None) != "__main__"
    except (AttributeError, TypeError, pickle.PicklingError):
        importable = False
    if not importable:
        raise InputError(
            "a function that worker processes can import",
            got=getattr(function, "__qualname__", repr(function)),
            where=getattr(function, "__module__", ""),
            hint="the top level of a module, not a script, a lambda or an inner function",
        )
