"""A batch that does not fit is halved and repeated; the results are those of smaller batches.

In: work on a list of jobs. Out: its results in order. Never: a smaller result, an endless retry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from underdog.errors import RunError
from underdog.hardware.memory_errors import is_out_of_memory
from underdog.inference.layout import Job


class Halving:
    """Runs `work` on jobs, in parts that fit. What did not fit once is not tried again."""

    def __init__(self, work: Callable[[Sequence[Job]], Sequence[Any]]) -> None:
        """`work` gives one result per job."""
        self._work = work
        self._most_tokens: int | None = None

    def __call__(self, jobs: Sequence[Job]) -> list[Any]:
        """One result per job, in order. RunError when a single job does not fit."""
        if self._most_tokens is None or len(jobs) == 1 or _tokens(jobs) <= self._most_tokens:
            cause = None
            try:
                return list(self._work(jobs))
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                # Only the text is kept: the error holds the tensors of the failed pass.
                cause = (str(error).strip() or "none left").splitlines()[0][:200]
            if len(jobs) == 1:
                raise RunError(
                    f"memory for one question of {jobs[0].length} tokens is needed",
                    got=cause,
                    hint="a 16-bit base (--dtype bfloat16), or fewer examples in the prompt",
                )
            self._most_tokens = _tokens(jobs) // 2
        half = (len(jobs) + 1) // 2
        return [*self(jobs[:half]), *self(jobs[half:])]


def _tokens(jobs: Sequence[Job]) -> int:
    """Tokens of the batch after padding."""
    return sum(len(job.rows) for job in jobs) * max(job.length for job in jobs)
