"""One step's arithmetic: rows in, a gradient and its numbers out; the weights stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import torch
from accelerate import Accelerator

from underdog.training.batches import (
    BatchTensors,
    Example,
    answer_loss,
    collate,
    collate_tree,
    cut_evenly,
)
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
    return sum(_part_loss(part, share.answer_tokens, trained, accelerator) for part in share.parts)


def clip(trained: Trained, accelerator: Accelerator, *, max_norm: float) -> float:
    """Clip the gradient; gives its norm before."""
    return float(accelerator.clip_grad_norm_(weights_of(trained), max_norm))


def weights_of(trained: Trained) -> list[torch.Tensor]:
    """Everything the optimizer changes, in its order."""
    return [weight for group in trained.optimizer.param_groups for weight in group["params"]]


def _part_loss(
    rows: Sequence[Example], answer_tokens: int, trained: Trained, accelerator: Accelerator
) -> float:
    lengths = [len(row.token_ids) - 1 for row in rows]
    shares = [] if trained.crew is None else trained.crew.shares(lengths)
    if trained.crew is None or len(shares) == 1:
        loss = _loss(collated(rows, trained).to(accelerator.device), answer_tokens, trained)
        accelerator.backward(loss)
        return loss.item()
    tasks = [partial(_gradients, rows[share], answer_tokens, trained) for share in shares]
    loss_sum = 0.0
    # A gradient lies in memory as its weight does: fused AdamW (torch 2.13, CPU) takes that as
    # given, and steps wrongly, without a sign, where a product left it transposed.
    for share_loss, gradients in trained.crew.each(tasks):
        loss_sum += share_loss
        for weight, gradient in zip(weights_of(trained), gradients, strict=True):
            if gradient is not None:
                if weight.grad is None:
                    weight.grad = torch.empty_like(weight)
                    weight.grad.copy_(gradient)
                else:
                    weight.grad.add_(gradient)
    return loss_sum


def collated(rows: Sequence[Example], trained: Trained) -> BatchTensors:
    """As the model takes them."""
    return (collate_tree if trained.trees else collate)(rows)


def _loss(batch: BatchTensors, answer_tokens: int, trained: Trained) -> torch.Tensor:
    if trained.reading is not None:
        trained.reading.wanted = batch.answers
    return answer_loss(trained.model, batch) / answer_tokens


def _gradients(
    rows: Sequence[Example], answer_tokens: int, trained: Trained
) -> tuple[float, tuple[torch.Tensor | None, ...]]:
    """Of some rows alone, beside other threads that do the same: they see nothing of it."""
    loss = _loss(collated(rows, trained), answer_tokens, trained)
    gradients = torch.autograd.grad(loss, weights_of(trained), allow_unused=True)
    return loss.item(), gradients


def set_learning_rate(optimizer: Any, rate: float) -> None:
    """For every group of parameters, times its `rate_factor`."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group.get("rate_factor", 1.0)
