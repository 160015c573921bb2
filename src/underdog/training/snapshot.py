"""A copy of weights and optimizer moments in memory, for remedies to go back to.

It lies in the machine's memory, not in the accelerator's. When it is taken depends on the step
alone, never on checkpoints or signals; a checkpoint keeps it too where it is of an earlier step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from underdog.adapters.adapter import settle
from underdog.adapters.lora import adapter_tensors, put_tensors


@dataclass(frozen=True, slots=True)
class Snapshot:
    """As it was after `step` batches. The adapter's scale is not part of it: remedies own that."""

    step: int
    weights: dict[str, torch.Tensor]
    optimizer: dict[str, Any]


def take_snapshot(model: Any, optimizer: Any, *, step: int) -> Snapshot:
    """Copy; nothing that training does later shows in it."""
    weights = {name: tensor.clone() for name, tensor in adapter_tensors(model).items()}
    return Snapshot(step, weights, _copied(optimizer.state_dict()))


def put_snapshot(snapshot: Snapshot, model: Any, optimizer: Any) -> None:
    """Go back; the snapshot can be used again."""
    put_tensors(model, snapshot.weights)
    settle(model)
    optimizer.load_state_dict(_copied(snapshot.optimizer))


def _copied(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_copied(item) for item in value)
    return value
