"""The smallest real model with adapters that are away from zero, in training mode."""

from __future__ import annotations

from typing import Any

import torch

from fakes import tiny_qwen2
from underdog.adapters.adapter import attach
from underdog.adapters.lora import trainable_parameters
from underdog.adapters.settings import AdapterSettings


def moved_adapters() -> Any:
    """Weights of equal bytes at every call."""
    adapted = attach(tiny_qwen2(), AdapterSettings(rank=4), seed=0)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for weight in trainable_parameters(adapted).values():
            weight.copy_(torch.randn(weight.shape, generator=generator) * 0.2)
    return adapted.train()
