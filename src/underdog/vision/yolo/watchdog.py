"""Notices from a thread of its own that training a detector stands still.

Every batch is a beat. Without one for longer than the limit the stacks of all threads go into
`stalls/` of the run folder and an event is recorded; then the run waits on and is told again at
each doubling of the silence, or the process ends with EXIT_STALLED: a thread that hangs in a GPU's
runtime cannot be asked to stop, and the last epoch's state is on disk.
"""

from __future__ import annotations

import faulthandler
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Self

STALLS_NAME = "stalls"
EXIT_STALLED = 75
"""EX_TEMPFAIL of BSD's sysexits.h, as `underdog train` uses it: repeat the same command."""
SLOWEST = 10.0
"""Medians of the last batches' times that are a stall."""
BEFORE_THE_FIRST = 5.0
"""Times the limit before any batch: shapes are tuned, kernels compiled."""
_LOOKS = 20
"""Looks per limit."""

Tell = Callable[[float, str], None]
"""Records an event: seconds of silence and the file of stacks, relative to the run."""


class Watchdog:
    """A context. `tell` is called in a thread of its own, since the disk may be what hangs;
    `end`, where a stall is to end the process, takes the exit status and does not come back.
    """

    def __init__(
        self,
        run: Path,
        tell: Tell,
        *,
        stall_s: float,
        end: Callable[[int], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run_folder, self._tell, self._stall_s, self._end = run, tell, stall_s, end
        self._clock = clock
        self._times: deque[float] = deque(maxlen=50)
        self._last, self._told = clock(), 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="underdog-watchdog", daemon=True)

    def batch(self) -> None:
        """A batch is over; its time counts."""
        self._times.append(self._clock() - self._last)
        self.beat()

    def beat(self) -> None:
        """Something else moved: an epoch's border, a batch of validation."""
        self._last, self._told = self._clock(), 0

    @property
    def limit_s(self) -> float:
        """Silence that is a stall."""
        if not self._times:
            return BEFORE_THE_FIRST * self._stall_s
        return max(self._stall_s, SLOWEST * median(self._times))

    def look(self) -> None:
        """Act if it has been silent for the limit, or its next doubling."""
        silent_s = self._clock() - self._last
        if silent_s < math.ldexp(self.limit_s, self._told):
            return
        self._told += 1
        recorder = threading.Thread(target=self._record, args=(silent_s,), daemon=True)
        recorder.start()
        recorder.join(10.0)
        if self._end is not None:
            self._end(EXIT_STALLED)

    def _record(self, silent_s: float) -> None:
        path = self._run_folder / STALLS_NAME / f"{os.getpid()}-{self._told}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as stream:
            faulthandler.dump_traceback(file=stream, all_threads=True)
        self._tell(silent_s, f"{STALLS_NAME}/{path.name}")

    def _watch(self) -> None:
        while not self._over.wait(self.limit_s / _LOOKS):
            self.look()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
