"""Training with fewer steps of autograd and fewer passes over memory: equal numbers, sooner.

Every adapted linear layer becomes one step (`lora_steps`, DoRA's in `dora`). In blocks of known
architecture the layers that read one input become one step together, so does the whole feed-forward
part, and RMSNorm and rotary positions are one step each (`frozen_steps`). What each is worth is in
docs/benchmarks.md.

In: a model with adapters. Out: the same model, faster in training mode. Never: another result than
rounding gives; a change that outlasts the block; a word in evaluation mode, where `peft` and
transformers compute as they always do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from peft.tuners.lora import Linear as LoraLinear

from underdog.adapters import blocks
from underdog.adapters.dora import dora_forward, is_dora
from underdog.adapters.lora import NAME
from underdog.adapters.lora_steps import FusedFeedForward, FusedLora

FUSED_TYPES = (torch.float32, torch.bfloat16, torch.float64)
"""Of the base. In float16 `peft`'s float32 products stay: gradients of A and B could overflow."""


@contextmanager
def fused_lora(model: Any) -> Iterator[int]:
    """Use the fused steps in training mode wherever they are allowed; put back afterwards.

    Gives the number of adapted layers changed. A layer allows it when it is LoRA or DoRA on a
    linear layer without dropout, with a base in float32 or bfloat16 (DoRA: any) under float32
    adapters.
    """
    changed = [layer for layer in model.modules() if _allows(layer)]
    for layer in changed:
        layer.forward = _fused_forward(layer, layer.forward)
    try:
        with blocks.fused_blocks(model, _together, _feed_forward):
            yield len(changed)
    finally:
        for layer in changed:
            del layer.forward  # the instance's; the class's shows again


def _allows(layer: Any) -> bool:
    if type(layer) is not LoraLinear or list(layer.lora_A) != [NAME]:
        return False
    base = layer.base_layer
    if type(base) is not torch.nn.Linear or base.weight.requires_grad:
        return False
    return (
        isinstance(layer.lora_dropout[NAME], torch.nn.Identity)
        and layer.lora_A[NAME].bias is None
        and layer.lora_B[NAME].bias is None
        and (is_dora(layer) or (base.weight.dtype in FUSED_TYPES and not layer.lora_variant))
    )


def _usable(layer: Any, x: torch.Tensor) -> bool:
    return (
        layer.training
        and not (layer.disable_adapters or layer.merged)
        and x.dtype == layer.base_layer.weight.dtype
    )


def _fused_forward(layer: Any, plain: Callable[..., Any]) -> Callable[..., Any]:
    step = dora_forward if is_dora(layer) else _lora_forward

    def forward(x: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        if args or kwargs or not _usable(layer, x):
            return plain(x, *args, **kwargs)
        return step(layer, x)

    return forward


def _lora_forward(layer: Any, x: torch.Tensor) -> torch.Tensor:
    apply: Any = FusedLora.apply
    result: torch.Tensor = apply(x, layer.scaling[NAME], *_tensors(layer))[0]
    return result


def _together(layers: Sequence[Any], x: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """What layers that read x make of it: in one step where all are LoRA of one scale."""
    if not _one_step(layers, x):
        return tuple(layer(x) for layer in layers)
    apply: Any = FusedLora.apply
    tensors = [tensor for layer in layers for tensor in _tensors(layer)]
    results: tuple[torch.Tensor, ...] = apply(x, layers[0].scaling[NAME], *tensors)
    return results


def _feed_forward(layers: Sequence[Any], x: torch.Tensor) -> torch.Tensor | None:
    """Gate, up and down on x in one step, or None where that is not allowed."""
    if not _one_step(layers, x):
        return None
    apply: Any = FusedFeedForward.apply
    tensors = [tensor for layer in layers for tensor in _tensors(layer)]
    result: torch.Tensor = apply(x, layers[0].scaling[NAME], *tensors)
    return result


def _one_step(layers: Sequence[Any], x: torch.Tensor) -> bool:
    return all(
        "forward" in vars(layer) and _allows(layer) and not is_dora(layer) and _usable(layer, x)
        for layer in layers
    ) and (len({layer.scaling[NAME] for layer in layers}) == 1)


def _tensors(layer: Any) -> tuple[torch.Tensor | None, ...]:
    base = layer.base_layer
    return base.weight, base.bias, layer.lora_A[NAME].weight, layer.lora_B[NAME].weight
