"""How long work tells that it moves. Rooms report to this; only `cli` draws."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """A listener. `begin` may be called again for the next task once `end` was called."""

    def begin(self, task: str, total: int | None) -> None:
        """A task starts; `total` is its number of steps, or None when unknown."""

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Steps were done; `note` is a short text such as "loss 0.83, 412 q/s"."""

    def end(self) -> None:
        """The task is over."""


class Silent:
    """Says nothing."""

    def begin(self, task: str, total: int | None) -> None:
        """Ignore."""

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Ignore."""

    def end(self) -> None:
        """Ignore."""


SILENT: Progress = Silent()
"""The listener that rooms report to when none is given."""
