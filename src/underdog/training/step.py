"""One step's arithmetic: rows in, a clipped gradient and its numbers out; the weights stay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from accelerate import Accelerator

from underdog.training.batches import BatchTensors, Example, answer_loss, collate, cut_evenly
from underdog.training.checkpoint import Trained
from underdog.training.schedule import ScheduleRow


@dataclass(frozen=True, slots=True)
class StepNumbers:
    """What one forward and backward pass gave; `loss` is a mean in nats, `gradient_norm` that of
    before clipping.
    """

    loss: float
    gradient_norm: float
    answer_tokens: int
    input_tokens: int


def forward_and_backward(
    rows: Sequence[ScheduleRow],
    example: Callable[[ScheduleRow], Example],
    trained: Trained,
    accelerator: Accelerator,
    *,
    parts: int,
    max_norm: float,
) -> StepNumbers:
    """Leave the clipped gradient of the mean loss over the rows' answer tokens."""
    batches = [collate([example(shown) for shown in part]) for part in cut_evenly(rows, parts)]
    answer_tokens = sum(len(batch.targets) for batch in batches)
    loss = sum(_part_loss(batch, answer_tokens, trained, accelerator) for batch in batches)
    weights = [weight for group in trained.optimizer.param_groups for weight in group["params"]]
    norm = accelerator.clip_grad_norm_(weights, max_norm)
    input_tokens = sum(batch.input_tokens for batch in batches)
    return StepNumbers(float(loss), float(norm), answer_tokens, input_tokens)


def _part_loss(
    part: BatchTensors, answer_tokens: int, trained: Trained, accelerator: Accelerator
) -> float:
    batch = part.to(accelerator.device)
    if trained.reading is not None:
        trained.reading.wanted = batch.answers
    loss = answer_loss(trained.model, batch) / answer_tokens
    accelerator.backward(loss)
    return loss.item()


def set_learning_rate(optimizer: Any, rate: float) -> None:
    """For every group of parameters, times its `rate_factor`."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group.get("rate_factor", 1.0)
