"""How fast a run goes, and how that is told."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

RATE_WINDOW = 20
"""Steps over which throughput is averaged."""


class Pace:
    """Training time over all sittings, and throughput over the last RATE_WINDOW steps."""

    def __init__(self, clock: Callable[[], float], elapsed_before_s: float) -> None:
        self._clock, self._before_s, self._start_s = clock, elapsed_before_s, clock()
        self._recent: deque[tuple[float, int]] = deque([(self._start_s, 0)], RATE_WINDOW + 1)

    def step(self, samples: int) -> None:
        """A step is over."""
        self._recent.append((self._clock(), samples))

    @property
    def elapsed_s(self) -> float:
        """Seconds, earlier sittings included."""
        return self._before_s + self._recent[-1][0] - self._start_s

    @property
    def steps_per_s(self) -> float:
        """Steps per second lately; 0 when no time passed."""
        seconds = self._recent[-1][0] - self._recent[0][0]
        return (len(self._recent) - 1) / seconds if seconds > 0 else 0.0

    @property
    def samples_per_s(self) -> float:
        """Rows per second lately; 0 when no time passed."""
        seconds = self._recent[-1][0] - self._recent[0][0]
        samples = sum(count for _, count in list(self._recent)[1:])
        return samples / seconds if seconds > 0 else 0.0

    def note(self, loss: float, steps_left: int) -> str:
        """Such as "loss 0.83, 412 samples/s, 95 s left"."""
        note = f"loss {loss:.3f}, {self.samples_per_s:.0f} samples/s"
        if steps_left == 0 or self.steps_per_s == 0:
            return note
        return f"{note}, {_duration(steps_left / self.steps_per_s)} left"


def _duration(seconds: float) -> str:
    whole = math.ceil(seconds)
    if whole < 120:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 7200 else f"{whole / 3600:.1f} h"
