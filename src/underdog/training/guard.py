"""Keeps what is not a finite number away from the weights.

One NaN in a gradient makes every weight NaN at the next optimizer step, and the stock trainer then
logs a loss of 0.0 (`transformers` `logging_nan_inf_filter`). Here such a step is dropped before it
reaches the optimizer, and a run of them ends the training with its cause.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from underdog.errors import InputError, RunError


@dataclass(frozen=True, slots=True)
class GuardConfig:
    """Limits on one step and on a run of bad ones."""

    max_gradient_norm: float = 1.0
    """Gradients are scaled down to this Euclidean norm; above 0. `transformers`' default."""
    patience: int = 5
    """Dropped steps in a row after which training stops, at least 1."""

    def __post_init__(self) -> None:
        if not self.max_gradient_norm > 0 or self.patience < 1:
            raise InputError(
                "a max_gradient_norm above 0 and a patience of at least 1",
                got=f"{self.max_gradient_norm}, {self.patience}",
            )


def find_fault(loss: float, gradient_norm: float) -> str | None:
    """What is wrong with a step's numbers, or None."""
    if not math.isfinite(loss):
        return f"the loss is {loss}"
    if not math.isfinite(gradient_norm):
        return f"the gradient norm is {gradient_norm}"
    return None


def check_patience(dropped_in_a_row: int, fault: str, *, step: int, config: GuardConfig) -> None:
    """RunError once too many steps in a row were dropped. The weights are still whole."""
    if dropped_in_a_row >= config.patience:
        raise RunError(
            "steps with finite numbers are needed",
            got=f"{dropped_in_a_row} dropped in a row, the last at step {step}: {fault}",
            hint="a lower learning rate or float32; the checkpoints hold the weights before these",
        )
