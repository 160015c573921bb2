"""Blocks worked on by processes on this machine's cores.

In: a function, blocks and a shared value. Out: results in order. Workers are started when they pay,
stay for the next stage, and end with the engine. Each gets the shared value once; large arrays in
it lie in memory that all of them map. A worker that is killed is replaced, and its block is worked
on again. Never: a forked worker (see docs/decisions/0006), or one that outlives this process.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import wait as wait_for
from typing import Any, NamedTuple

from underdog.data.engine.engine import Block, Result, Shared, check_function
from underdog.data.engine.order import in_order
from underdog.data.engine.outcome import Done, Failed
from underdog.data.engine.parcel import (
    Memory,
    Parcel,
    lay_out,
    pack,
    receive,
    send,
    send_memory,
)
from underdog.data.engine.worker import BLOCK, STOP, TASK, WORKER_ENVIRONMENT, command
from underdog.errors import WorkerError

TRIES = 3
"""Workers that may die over one block before it is given up."""
START_S = 1.0
"""Seconds that workers must save before they are started. Two are there after 0.1 s on an idle
machine; what a stage imports comes on top, 0.3 to 0.6 s (measured with benchmarks/engines.py on
2026-11-21), and an estimate from two blocks may be wrong by a third."""
ASK_S = 0.3
"""Seconds that they must save when they are already there: they may have to import."""
TIMED_BLOCKS = 2
"""Blocks worked on in this process first; in the time of the very first, imports would count."""
_END_S = 2.0


class Pace(NamedTuple):
    """What a block costs: to work on it here, and to send it and its result through pickle and
    back. Seconds of processor time of this thread: waiting beside other programs is not work, and
    a function that spreads its work over threads of its own has little to gain from processes.
    """

    work_s: float
    trip_s: float

    def saved_s(self, workers: int) -> float:
        """Per block, by so many workers. This process does half of each trip itself, one block
        after another; work and trips together are shared by at most as many cores as workers.
        """
        spread_s = max(self.trip_s / 2, (self.work_s + self.trip_s) / workers)
        return self.work_s - spread_s


_NO_PACE = Pace(0.0, 0.0)


def time_trip(value: Any) -> float:
    """Processor seconds to pack a value and to open it again."""
    started = time.thread_time()
    pack(value).open()
    return time.thread_time() - started


class Processes:
    """An engine of `workers` processes, at least 2. Close it.

    A map starts in this process, and goes over to the workers when its blocks so far say that they
    would save more than `start_s` seconds. With `start_s` None it starts with them. Which of the
    two happens never shows in a result. For one thread.
    """

    def __init__(self, workers: int, *, start_s: float | None = START_S) -> None:
        self._count, self._start_s = workers, start_s
        self._workers: list[_Worker] = []
        self._busy = False

    def map(
        self,
        function: Callable[[Block, Shared], Result],
        blocks: Sequence[Block],
        shared: Shared,
    ) -> Iterator[Result]:
        """As `Engine.map`. A map inside another one, of the same engine, runs in this process.

        Raises what `function` raises; InputError for a function that workers cannot import;
        WorkerError for a block that ended TRIES workers.
        """
        check_function(function)
        return self._map(function, blocks, shared)

    def _map(
        self,
        function: Callable[[Block, Shared], Result],
        blocks: Sequence[Block],
        shared: Shared,
    ) -> Iterator[Result]:
        pace = _NO_PACE if self._start_s is None else None
        for at, block in enumerate(blocks):
            if pace is not None and self._pays(pace, left=len(blocks) - at):
                yield from self._spread(function, blocks[at:], shared)
                return
            started = time.thread_time()
            result = function(block, shared)
            work_s = time.thread_time() - started
            if pace is not None:
                pace = pace._replace(work_s=min(work_s, pace.work_s))
            elif at + 1 == TIMED_BLOCKS:
                pace = Pace(work_s, time_trip(block) + time_trip(result))
            yield result

    def _pays(self, pace: Pace, *, left: int) -> bool:
        """Whether to go over to the workers now. One map at a time has them."""
        if self._busy or left < 2:
            return False
        if self._start_s is None:
            return True
        cost_s = ASK_S if self._workers else self._start_s
        return left * pace.saved_s(self._count) > cost_s

    def _spread(self, function: Any, blocks: Sequence[Any], shared: Any) -> Iterator[Any]:
        task = lay_out(pack((function, shared)))
        self._busy = True
        try:
            yield from in_order(_Crew(self._workers, self._count, task), blocks)
        finally:
            self._busy = False
            os.close(task.descriptor)

    def close(self) -> None:
        """End the workers."""
        while self._workers:
            self._workers.pop().end()


class _Job(NamedTuple):
    place: int
    parcel: Parcel
    deaths: int


class _Crew:
    """The workers for one map. `workers` are those there are; more are started as needed."""

    def __init__(self, workers: list[_Worker], places: int, task: Memory) -> None:
        self.places = places
        self._workers, self._task = workers, task

    def free(self) -> bool:
        return len(self._at_work()) < self.places

    def give(self, index: int, block: Any) -> None:
        self._hand(_Job(index, pack(block), 0))

    def collect(self, *, wait: bool) -> dict[int, Done[Any] | Failed]:
        came: dict[int, Done[Any] | Failed] = {}
        while not came:
            by_link = {worker.link: worker for worker in self._at_work()}
            for link in wait_for(list(by_link), None if wait else 0):
                worker = by_link[link]  # type: ignore[index]  # one of the sockets given
                job = worker.job
                assert job is not None
                outcome = worker.answer()
                if outcome is not None:
                    came[job.place] = outcome
                else:
                    self._hand(self._mourn(worker, job))
            if not wait:
                break
        return came

    def drop(self) -> None:
        for worker in self._at_work():
            self._workers.remove(worker)
            worker.stop()

    def _at_work(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.job is not None]

    def _hand(self, job: _Job) -> None:
        """To an idle worker, or to a new one; one that died meanwhile is replaced."""
        while True:
            idle = next((worker for worker in self._workers if worker.job is None), None)
            if idle is None:
                idle = _Worker()
                self._workers.append(idle)
            if idle.start(job, self._task):
                return
            job = self._mourn(idle, job)

    def _mourn(self, worker: _Worker, job: _Job) -> _Job:
        """Take a dead worker off the list; its block gets one try less."""
        self._workers.remove(worker)
        how = worker.stop(grace_s=_END_S)
        job = job._replace(deaths=job.deaths + 1)
        if job.deaths == TRIES:
            raise WorkerError(
                "worker processes that stay alive",
                got=f"{TRIES} that died over the same block (the last one {how})",
                hint="fewer workers if memory ran out; --engine in-process shows a crash itself",
            )
        return job


class _Worker:
    """One process, the socket to it, the task it holds and the job it is at."""

    def __init__(self) -> None:
        self.link, theirs = socket.socketpair()
        self.job: _Job | None = None
        self._task: Memory | None = None
        # Blocked while the child is made: it inherits the mask, so that Ctrl-C, which reaches the
        # whole terminal group, is answered by this process alone.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            with theirs:
                self._process = subprocess.Popen(
                    command(theirs.fileno()),
                    stdin=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    env={**os.environ, **WORKER_ENVIRONMENT},
                )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def start(self, job: _Job, task: Memory) -> bool:
        """Begin a job. False when the process is gone."""
        try:
            if self._task is not task:
                self.link.sendall(TASK)
                send_memory(self.link, task)
                self._task = task
            self.link.sendall(BLOCK)
            send(self.link, job.parcel)
        except ConnectionError:
            return False
        self.job = job
        return True

    def answer(self) -> Done[Any] | Failed | None:
        """The outcome of the job, or None when the process is gone."""
        try:
            parcel = receive(self.link)
        except (EOFError, ConnectionError):
            return None
        self.job = None
        outcome: Done[Any] | Failed = parcel.open()
        return outcome

    def end(self) -> None:
        """Let an idle process finish by itself; stop any other."""
        if self.job is not None:
            self.stop()
            return
        with suppress(ConnectionError):
            self.link.sendall(STOP)
        self.stop(grace_s=_END_S)

    def stop(self, *, grace_s: float = 0.0) -> str:
        """Kill the process unless it ends within `grace_s`. How it ended, in words."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(grace_s)
        self._process.kill()
        status = self._process.wait()
        self.link.close()
        return f"was killed by signal {-status}" if status < 0 else f"left with status {status}"
