"""Blocks worked on one after another in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from underdog.data.engine.engine import Block, Engine, Result, Shared


class InProcess:
    """No workers, no copies: what tests and small sets use."""

    def map(
        self,
        function: Callable[[Block, Shared], Result],
        blocks: Sequence[Block],
        shared: Shared,
    ) -> Iterator[Result]:
        """One block after another."""
        return (function(block, shared) for block in blocks)


IN_PROCESS: Engine = InProcess()
