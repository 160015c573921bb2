"""Independent pieces of work on threads of their own, each computing on one core.

PyTorch spreads every single operation over the cores and waits for the slowest at its end. Where
work falls into independent pieces, such as the images of a batch, a core that keeps to its own
piece never waits, and what it works on stays in its own cache. PyTorch's operators release the
GIL, and the number of threads they use is a property of the calling thread.

In: functions without arguments. Out: their results, in order. Never: a result that depends on who
is done first; a changed number of threads after the call.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Result = TypeVar("Result")


class _Pool:
    """Threads that compute on one core each; made at first use, again after a fork."""

    def __init__(self) -> None:
        self._executor: ThreadPoolExecutor | None = None
        self._count = self._process = 0
        self._lock = threading.Lock()

    def get(self, count: int) -> ThreadPoolExecutor:
        """At least `count` threads."""
        with self._lock:
            if self._executor is None or self._process != os.getpid() or self._count < count:
                before = torch.get_num_threads()
                self._executor = ThreadPoolExecutor(count, "convolution", _one_core)
                self._count, self._process = count, os.getpid()
                # All threads start now: each sets what threads made later begin with.
                barrier = threading.Barrier(count + 1)
                for _ in range(count):
                    self._executor.submit(barrier.wait)
                barrier.wait()
                torch.set_num_threads(before)
            return self._executor


_POOL = _Pool()


def _one_core() -> None:
    # A thread's first look at its number takes over the process's; only later changes last.
    torch.get_num_threads()
    torch.set_num_threads(1)


def on_cores(pieces: Sequence[Callable[[], Result]]) -> list[Result]:
    """Run the pieces at the same time, the first on this thread; raises what the first of them
    that failed raised, after all have ended.
    """
    if len(pieces) < 2:
        return [piece() for piece in pieces]
    inference = torch.is_inference_mode_enabled()
    pool = _POOL.get(len(pieces) - 1)
    others = [pool.submit(_quietly, piece, inference) for piece in pieces[1:]]
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        first: list[Result] = [pieces[0]()]
    finally:
        torch.set_num_threads(before)
        for other in others:
            other.exception()
    return first + [other.result() for other in others]


def _quietly(piece: Callable[[], Result], inference: bool) -> Result:
    """As the caller has it: modes of autograd are a thread's own."""
    with torch.inference_mode(inference), torch.no_grad():
        return piece()
