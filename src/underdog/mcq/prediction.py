"""What a model answered: an outcome, a choice when there is one, and the evidence for it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from underdog.errors import InputError
from underdog.mcq.presentation import Presentation


class Outcome(StrEnum):
    """How an attempt to answer ended. Each consumer states which of these it accepts."""

    CLEAN = "clean"
    """The reply was in the asked format."""
    REPAIRED = "repaired"
    """The reply named one choice in another format."""
    MALFORMED = "malformed"
    """A reply came, and names no choice or several."""
    TRUNCATED = "truncated"
    """The reply stopped at the token limit before it named a choice."""
    REFUSED = "refused"
    """The model declined to answer."""
    LATE = "late"
    """No reply before the deadline."""
    CRASHED = "crashed"
    """The player ended or failed while answering."""


ANSWERED = frozenset({Outcome.CLEAN, Outcome.REPAIRED})
"""Outcomes that carry a choice."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """One answer to one question.

    `choice` is a canonical index, present exactly when `outcome` is in ANSWERED. `log_probs` are
    natural logarithms, one per choice in canonical order, normalised over the choices
    (sum of exp = 1), or None when the model gives no probabilities. `elapsed_s` is wall time in
    seconds for this question alone, or None when questions were scored in batches.
    """

    question_id: str
    presentation: Presentation
    outcome: Outcome
    choice: int | None
    log_probs: tuple[float, ...] | None = None
    elapsed_s: float | None = None

    def __post_init__(self) -> None:
        size = len(self.presentation.order)
        if (self.choice is not None) != (self.outcome in ANSWERED):
            raise InputError(
                "a choice is present exactly when the outcome is clean or repaired",
                got=f"{self.outcome} with choice {self.choice}",
            )
        if self.choice is not None and not 0 <= self.choice < size:
            raise InputError(f"a choice between 0 and {size - 1}", got=str(self.choice))
        if self.log_probs is not None:
            _check_log_probs(self.log_probs, size)


def _check_log_probs(log_probs: tuple[float, ...], size: int) -> None:
    if len(log_probs) != size or any(math.isnan(value) or value > 1e-6 for value in log_probs):
        raise InputError(f"{size} log-probabilities in nats, each at most 0", got=f"{log_probs}")
