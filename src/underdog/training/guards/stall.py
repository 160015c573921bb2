"""How long a run may be silent before something is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from underdog.errors import RunError

SLOWEST = 10.0
"""Medians of a step's time that are a stall."""
BEFORE_THE_FIRST = 5.0
"""Times the limit while no step's time is known: kernels are compiled, weights are paged in."""
EXIT_STALLED = 75
"""EX_TEMPFAIL of BSD's sysexits.h: a failure for now, the same command may be repeated."""


def limit_s(step_times_s: Sequence[float], at_least_s: float) -> float:
    """Seconds without a step that are a stall; `step_times_s` are those of the latest steps."""
    if not step_times_s:
        return BEFORE_THE_FIRST * at_least_s
    return max(at_least_s, SLOWEST * median(step_times_s))


def stalled(silent_s: float, limit: float, told: int) -> bool:
    """Whether to tell now: at the limit, then once more per doubling. `told` times so far."""
    return silent_s >= math.ldexp(limit, told)


def ended(silent_s: float, stacks: str) -> RunError:
    """What is said when the policy is to stop."""
    return RunError(
        "a step now and then is needed",
        got=f"none for {silent_s:.0f} s; all threads' stacks are in {stacks}",
        hint="look there for what hangs; the same command continues from the last checkpoint",
    )
