"""Ctrl-C and SIGTERM as a wish that the loop fulfils between two steps.

The first signal is only remembered; a second one acts as it would without us. Outside the main
thread, where Python allows no handlers, nothing is caught.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StoppedBySignal(KeyboardInterrupt):
    """Training stopped as asked; everything up to this step is on disk.

    `exit_status` is what shells report: 130 for Ctrl-C, 143 for SIGTERM.
    """

    def __init__(self, signal_number: int, step: int) -> None:
        self.exit_status = 128 + signal_number
        name = signal.Signals(signal_number).name
        super().__init__(
            f"{name}: stopped after step {step}, checkpoint written; "
            "the same command continues from here"
        )


class StopWish:
    """`signal_number` is the signal that came, or None."""

    def __init__(self) -> None:
        self.signal_number: int | None = None
        self._before: dict[signal.Signals, Any] = {}

    def came(self) -> bool:
        """Whether there was a signal."""
        return self.signal_number is not None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                self._before[number] = signal.signal(number, self._remember)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._put_back()

    def _remember(self, number: int, _frame: FrameType | None) -> None:
        self.signal_number = number
        self._put_back()

    def _put_back(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()
