"""One adapter of each kind on the smallest real model, and a few real steps of training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from fakes import tiny_qwen2
from underdog.adapters.adapter import attach, parameter_groups, settle
from underdog.adapters.fused import fused_lora
from underdog.adapters.settings import AdapterKind, AdapterSettings

IDS = torch.arange(2, 38).reshape(3, 12)
KINDS = {
    kind.value: AdapterSettings(
        rank=4, alpha=8.0, kind=kind, protected=5 if kind is AdapterKind.OPLORA else None
    )
    for kind in AdapterKind
}
"""Five protected directions: the narrowest layer of `tiny_qwen2` is 16 wide."""


def logits(model: Any) -> torch.Tensor:
    """In evaluation mode."""
    with torch.no_grad():
        found: torch.Tensor = model.eval()(input_ids=IDS, use_cache=False).logits
    return found


def train_steps(adapted: Any, settings: AdapterSettings, steps: int = 6) -> Iterator[int]:
    """Large steps of AdamW on a made-up loss; gives the number of each step that is done."""
    groups = [
        {"params": group.parameters, "lr": 1e-2 * group.rate_factor}
        for group in parameter_groups(adapted, settings)
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    for number in range(steps):
        adapted.train()
        with fused_lora(adapted):
            made = adapted(input_ids=IDS, use_cache=False).logits
            torch.nn.functional.cross_entropy(made[:, :-1].mT, IDS[:, 1:]).backward()
        optimizer.step()
        optimizer.zero_grad()
        settle(adapted)
        yield number


def trained(settings: AdapterSettings) -> Any:
    """A fresh adapter after six steps, in evaluation mode."""
    adapted = attach(tiny_qwen2(), settings, seed=0)
    assert list(train_steps(adapted, settings)) == list(range(6))
    return adapted.eval()
