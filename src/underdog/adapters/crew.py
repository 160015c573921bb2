"""A pass on several threads of one process: each has rows of its own and computes them alone.

A processor's cores could also share every operation, as torch does by itself. But then each of
some thousand operations waits for its slowest part, and all that is not shared out (Python, small
operations) keeps one core busy and the others waiting. What this is worth is in
docs/benchmarks.md.

In: the lengths of a pass's rows, and functions to call. Out: slices of the rows; what the functions
give, in their order. Never: a cut that depends on anything but the lengths and the number of
threads; a random number drawn (all threads would draw from one source, in an order of their own).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch

T = TypeVar("T")
LEAST_TOKENS = 128
"""Of one thread's rows: with fewer, products with the weights cost as much as reading them."""


@dataclass(frozen=True, slots=True)
class Crew:
    """`threads` in all; `pool` holds those beside the one that calls."""

    threads: int
    pool: ThreadPoolExecutor

    def shares(self, lengths: Sequence[int]) -> list[slice]:
        """Neighbouring rows with about as many tokens for each thread, in order; none is empty."""
        rows, ends = len(lengths), list(itertools.accumulate(lengths))
        count = max(1, min(self.threads, rows, ends[-1] // LEAST_TOKENS))
        starts = [0]
        for number in range(1, count):
            fair = ends[-1] * number / count
            cut = min(range(1, rows), key=lambda at: abs(ends[at - 1] - fair))
            starts.append(min(max(cut, starts[-1] + 1), rows - count + number))
        return [slice(start, end) for start, end in zip(starts, [*starts[1:], rows], strict=True)]

    def each(self, tasks: Sequence[Callable[[], T]]) -> list[T]:
        """Call all at the same time and wait for all; the first error is raised afterwards. Threads
        that are left over help inside of operations.
        """
        inside = self.threads // len(tasks)

        def alone(task: Callable[[], T]) -> T:
            torch.set_num_threads(inside)  # holds for the thread that sets it
            return task()

        others = [self.pool.submit(alone, task) for task in tasks[1:]]
        try:
            first = alone(tasks[0])
        finally:
            wait(others)
            torch.set_num_threads(self.threads)
        return [first, *(other.result() for other in others)]


@contextmanager
def crew_of(threads: int) -> Iterator[Crew]:
    """Its threads start when they are needed, and end with the block."""
    with ThreadPoolExecutor(max(1, threads - 1), thread_name_prefix="rows") as pool:
        yield Crew(threads, pool)
