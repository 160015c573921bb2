"""How many questions fit into a stretch of time, from how long questions took before.

In: sizes of questions and measured seconds. Out: how many may be asked at once. Never: a clock, a
question. A batch that takes no longer per character than `SAFETY` times the slowest of the last
`KEPT` ones is over in the time it was given.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import accumulate

from underdog.mcq.question import Question

SAFETY = 2.0
"""How much slower than the slowest measured batch the next one may be: twice covers another process
on the machine and a batch of unlike lengths, whose padding at most doubles the work."""
KEPT = 4
"""Batches that are remembered: a machine that has become faster is believed after four."""
FIXED = 40
"""Characters that the words around every question count as ("Question:", letters, "Answer:")."""


class Pace:
    """Seconds per character, as measured."""

    def __init__(self) -> None:
        self._rates: deque[float] = deque(maxlen=KEPT)

    @property
    def known(self) -> bool:
        """Whether anything was measured."""
        return bool(self._rates)

    def note(self, questions: Sequence[Question], seconds: float) -> None:
        """A batch of these questions took this long."""
        if questions:
            self._rates.append(max(seconds, 0.0) / sum(map(size_of, questions)))

    def seconds(self, questions: Sequence[Question]) -> float | None:
        """What these are allowed to take; None before anything was measured."""
        if not self._rates:
            return None
        return SAFETY * max(self._rates) * sum(map(size_of, questions))

    def fits(self, questions: Sequence[Question], within_s: float) -> int:
        """How many of the first questions may be asked in one batch. Before anything was measured:
        one, and none where no time is left.
        """
        if within_s <= 0:
            return 0
        if not self._rates:
            return min(len(questions), 1)
        rate = SAFETY * max(self._rates)
        return sum(rate * total <= within_s for total in accumulate(map(size_of, questions)))


def size_of(question: Question) -> int:
    """Characters that a model reads of a question, and of what stands round it."""
    return FIXED + len(question.text) + sum(map(len, question.choices))
