"""Finds gradients that explode, from the norms of this run alone.

A norm is suspicious when it is far above the running median of calm norms, above the largest calm
one so far, and above the limit to which gradients are clipped. The first condition is the usual
one; the other two keep ordinary runs quiet: a chunk that is known by heart has tiny gradients, and
the first steps on the next one are large beside them without being large. A few suspicious norms
in a row are an explosion. Suspicious norms never enter the median.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from statistics import median

from underdog.training.guards.config import GuardConfig

FEWEST = 10
"""Calm norms before which nothing is suspicious: fresh adapters start with odd gradients."""


class Growth(Enum):
    """The verdict on one norm."""

    CALM = auto()
    SUSPICIOUS = auto()
    EXPLODING = auto()


@dataclass(frozen=True, slots=True)
class NormHistory:
    """`calm` are the latest calm norms, oldest first; `peak` is the largest of all calm ones."""

    calm: tuple[float, ...] = ()
    peak: float = 0.0
    suspicious_in_a_row: int = 0


def judge_norm(
    norm: float, history: NormHistory, config: GuardConfig
) -> tuple[Growth, NormHistory]:
    """The verdict on a step's unclipped norm (finite, at least 0), and the history with it."""
    if not _suspicious(norm, history, config):
        calm = (*history.calm, norm)[-config.explosion_window :]
        return Growth.CALM, NormHistory(calm, max(history.peak, norm), 0)
    in_a_row = history.suspicious_in_a_row + 1
    exploding = in_a_row >= config.explosion_steps
    after = NormHistory(history.calm, history.peak, 0 if exploding else in_a_row)
    return (Growth.EXPLODING if exploding else Growth.SUSPICIOUS), after


def _suspicious(norm: float, history: NormHistory, config: GuardConfig) -> bool:
    if len(history.calm) < FEWEST:
        return False
    usual = config.explosion_factor * median(history.calm)
    return norm > max(usual, history.peak, config.max_gradient_norm)


def describe(norm: float, history: NormHistory, config: GuardConfig) -> str:
    """The cause in words; `history` is from before the verdict."""
    return (
        f"the gradient norm is {norm:.3g}, over {config.explosion_factor:g} times the median "
        f"{median(history.calm):.3g} for {config.explosion_steps} steps"
    )
