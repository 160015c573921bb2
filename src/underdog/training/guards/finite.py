"""Keeps what is not a finite number away from the weights.

One NaN in a gradient makes every weight NaN at the next optimizer step, and the stock trainer then
logs a loss of 0.0 (`transformers` `logging_nan_inf_filter`). Here such a step is dropped before it
reaches the optimizer, and a run of them calls for a remedy.
"""

from __future__ import annotations

import math


def find_fault(loss: float, gradient_norm: float) -> str | None:
    """What is wrong with a step's numbers, or None."""
    if not math.isfinite(loss):
        return f"the loss is {loss}"
    if not math.isfinite(gradient_norm):
        return f"the gradient norm is {gradient_norm}"
    return None
