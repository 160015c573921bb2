"""One step's arithmetic: rows in, a gradient and its numbers out; the weights stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from accelerate import Accelerator

from underdog.training.batches import BatchTensors, Example, answer_loss, collate, cut_evenly
from underdog.training.checkpoint import Trained


@dataclass(frozen=True, slots=True)
class StepNumbers:
    """What one forward and backward pass gave; `loss` is a mean in nats, `gradient_norm` that of
    before clipping. All are of the whole step, whatever the number of processes.
    """

    loss: float
    gradient_norm: float
    answer_tokens: int
    input_tokens: int


class Share(NamedTuple):
    """What this process has of a step: its parts, none where there are fewer parts than processes,
    and the numbers of tokens of the whole step.
    """

    parts: tuple[Sequence[Example], ...]
    answer_tokens: int
    input_tokens: int


def share_of(examples: Sequence[Example], *, parts: int, rank: int, count: int) -> Share:
    """Cut a step's rows into parts, at least one for each of `count` processes while rows last, and
    take those of process `rank`: neighbours, in order.
    """
    pieces = cut_evenly(examples, max(parts, count))
    size, more = divmod(len(pieces), count)
    start = rank * size + min(rank, more)
    mine = pieces[start : start + size + (rank < more)]
    answer_tokens = sum(len(each.token_ids) - each.answer_start for each in examples)
    input_tokens = sum(len(each.token_ids) - 1 for each in examples)
    return Share(tuple(mine), answer_tokens, input_tokens)


def forward_and_backward(share: Share, trained: Trained, accelerator: Accelerator) -> float:
    """Leave this share's gradient of the mean loss over the whole step's answer tokens; gives its
    part of that mean.
    """
    batches = [collate(part) for part in share.parts]
    losses = [_part_loss(batch, share.answer_tokens, trained, accelerator) for batch in batches]
    return sum(losses)


def clip(trained: Trained, accelerator: Accelerator, *, max_norm: float) -> float:
    """Clip the gradient; gives its norm before."""
    return float(accelerator.clip_grad_norm_(weights_of(trained), max_norm))


def weights_of(trained: Trained) -> list[torch.Tensor]:
    """Everything the optimizer changes, in its order."""
    return [weight for group in trained.optimizer.param_groups for weight in group["params"]]


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
