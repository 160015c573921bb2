"""Notices from a thread of its own that training stands still, whatever the main thread hangs in.

Every step, every slice of an examination and every wait for room is a beat. Without one for longer
than the limit (`guards.stall`) the stacks of all threads go into `stalls/` in the run folder, and
an event is recorded. Under "remedy" the run keeps waiting and is told again at each doubling of
the silence. Under "stop" the process ends at once with EXIT_STALLED: a thread that hangs in C
cannot be asked to stop, and what is on disk is whole at any moment.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from underdog.training.guards.config import Guard, OnGuard, WatchConfig
from underdog.training.guards.stall import EXIT_STALLED, ended, limit_s, stalled
from underdog.training.metrics import MetricsSink

STALLS_NAME = "stalls"
_REMEMBERED = 50
"""Steps whose times make the median."""
_RECORDING_S = 10.0
"""Longest time that writing stacks and event may take: the disk may be what hangs."""
_LOOKS = 20
"""Looks per limit; the limit is noticed late by a twentieth at most."""


class Watchdog:
    """A context. `end` takes an exit status and does not come back. One that is not `awake` sees
    nothing: of several processes only the main one watches, and it waits for the others.
    """

    def __init__(
        self,
        run: Path,
        watch: WatchConfig,
        metrics: MetricsSink,
        say: Callable[[str], None],
        *,
        end: Callable[[int], object] = os._exit,
        awake: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder, self._watch, self._metrics = run / STALLS_NAME, watch, metrics
        self._say, self._end, self._awake, self._clock = say, end, awake, clock
        self._times: deque[float] = deque(maxlen=_REMEMBERED)
        self._last_beat, self._last_step = clock(), clock()
        self._step, self._told = 0, 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="underdog-watchdog", daemon=True)

    def beat(self) -> None:
        """Something moved that is no step."""
        self._last_beat, self._told = self._clock(), 0

    def step(self, number: int) -> None:
        """A step is over; its time counts."""
        now = self._clock()
        self._times.append(now - self._last_step)
        self._step = number
        self.resume()

    def resume(self) -> None:
        """The next step starts now: what lay between is no part of its time."""
        self._last_step = self._clock()
        self.beat()

    def __enter__(self) -> Self:
        if self._awake:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        if self._awake:
            self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._limit() / _LOOKS):
            self.look()

    def look(self) -> None:
        """Tell, or end, if it is time to; the thread does this all the while."""
        silent_s = self._clock() - self._last_beat
        if stalled(silent_s, self._limit(), self._told):
            self._told += 1
            self._act(silent_s)

    def _limit(self) -> float:
        return limit_s(tuple(self._times), self._watch.stall_s)

    def _act(self, silent_s: float) -> None:
        path = self._folder / f"step-{self._step:08d}-{self._told}.txt"
        stopping = self._watch.on_guard is OnGuard.STOP
        # In a thread of its own: a disk that hangs must not keep the process from ending.
        recorder = threading.Thread(
            target=self._record, args=(path, silent_s, stopping), daemon=True
        )
        recorder.start()
        recorder.join(_RECORDING_S)
        if stopping:
            print(f"underdog train: {ended(silent_s, str(path))}", file=sys.stderr, flush=True)  # noqa: T201  (the process ends here)
            self._end(EXIT_STALLED)
        else:
            self._say(f"No step for {silent_s:.0f} s after step {self._step}: stacks in {path}")

    def _record(self, path: Path, silent_s: float, stopping: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as stream:
            faulthandler.dump_traceback(file=stream, all_threads=True)
        self._metrics.event(
            "stopped" if stopping else "remedy",
            self._step,
            guard=Guard.STALL.value,
            silent_s=round(silent_s, 3),
            stacks=f"{STALLS_NAME}/{path.name}",
            sentence=f"No step for {silent_s:.0f} s after step {self._step}"
            + (": the process was ended." if stopping else ": kept waiting."),
        )
