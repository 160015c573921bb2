"""Adapters as training sees them: put on a base, cut into groups of one learning rate, settled.

In: a loaded base and settings. Out: a `peft` model of one of four kinds. Never: a step of training
with a stale norm (DoRA) or with a part in a protected direction (OPLoRA), provided that `settle`
is called after everything that changes the weights or the scale.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from peft import PeftModel

from underdog.adapters import dora, oplora
from underdog.adapters.lora import (
    NAME,
    attach_lora,
    effective_alpha,
    lora_layers,
    trainable_parameters,
)
from underdog.adapters.settings import AdapterKind, AdapterSettings
from underdog.adapters.subspaces import SubspaceStore, check_count, top_subspaces
from underdog.errors import InputError


class ParameterGroup(NamedTuple):
    """Parameters that share a learning rate, `rate_factor` times the schedule's. `weight_decay` of
    None is that of the optimizer's settings.
    """

    name: str
    parameters: tuple[torch.nn.Parameter, ...]
    rate_factor: float
    weight_decay: float | None


def attach(
    model: Any, settings: AdapterSettings, *, seed: int, bases: SubspaceStore | None = None
) -> PeftModel:
    """Put fresh adapters (float32) on a base, in place, settled. Equal seeds give equal weights.

    `bases` keeps OPLoRA's subspaces between runs; without one they are computed and forgotten.

    Raises InputError when a target names no linear layer, or when `protected` leaves a layer no
    direction to move in; the base is then as it was.
    """
    trainable = [(weight, weight.requires_grad) for weight in model.parameters()]
    adapted = attach_lora(model, settings, seed=seed)
    try:
        for name, layer in lora_layers(adapted):
            if settings.kind is AdapterKind.DORA:
                dora.start_from_base(layer)
            elif settings.kind is AdapterKind.OPLORA:
                _protect(name, layer, settings, bases)
    except InputError:
        adapted.unload()
        for weight, was_trainable in trainable:
            weight.requires_grad_(was_trainable)
        raise
    settle(adapted)
    return adapted


def _protect(name: str, layer: Any, settings: AdapterSettings, bases: SubspaceStore | None) -> None:
    weight, count = layer.get_base_layer().weight, settings.protected
    assert count is not None
    check_count(name, weight, count)
    if bases is None:
        oplora.protect(layer, top_subspaces(weight, count))
    else:
        oplora.protect(layer, bases.subspaces(name, weight, count))


def parameter_groups(adapted: Any, settings: AdapterSettings) -> tuple[ParameterGroup, ...]:
    """Every trainable parameter once, sorted by name within its group.

    "lora" holds A and B; with a `b_rate` other than 1 they are "lora_A" and "lora_B" (LoRA+, Hayou
    et al. 2024, arXiv 2402.12354). DoRA adds "magnitude", without weight decay: its numbers are
    lengths of rows, and shrinking them shrinks the base.
    """
    groups: list[tuple[str, str, float, float | None]] = [("lora", ".lora_", 1.0, None)]
    if settings.b_rate != 1:
        groups = [("lora_A", ".lora_A.", 1.0, None), ("lora_B", ".lora_B.", settings.b_rate, None)]
    if settings.magnitude_rate is not None:
        magnitude = ("magnitude", ".lora_magnitude_vector.", settings.magnitude_rate, 0.0)
        groups = [magnitude, *groups]
    left = trainable_parameters(adapted)
    found = []
    for group, mark, factor, decay in groups:
        names = [name for name in left if mark in name]
        members = tuple(left.pop(name) for name in names)
        found.append(ParameterGroup(group, members, factor, decay))
    assert not left, f"parameters of no group: {list(left)}"
    return tuple(sorted(found))


def settle(adapted: Any) -> None:
    """What must follow every optimizer step, every load and every change of scale: DoRA's norms are
    computed, OPLoRA's matrices projected. A second call changes no bit.
    """
    for _, layer in lora_layers(adapted):
        if dora.keeps_norms(layer):
            dora.keep_norms(layer)
        elif oplora.is_protected(layer):
            oplora.project(layer)


def scale_of(adapted: Any) -> float:
    """The factor of B A in use: alpha / rank, or alpha / sqrt(rank) for rsLoRA."""
    _, layer = next(lora_layers(adapted))
    return float(layer.scaling[NAME])


def rescale(adapted: Any, factor: float) -> None:
    """Multiply the scale of every layer, and settle. The alpha that belongs to it is what
    `save_adapter` writes. Powers of two are exact. Raises InputError for a factor not above 0.
    """
    if not (math.isfinite(factor) and factor > 0):
        raise InputError("a factor above 0", got=str(factor))
    alpha = effective_alpha(adapted) * factor
    adapted.peft_config[NAME].lora_alpha = alpha
    for _, layer in lora_layers(adapted):
        layer.lora_alpha[NAME] = alpha
        layer.set_scale(NAME, 1.0)
    settle(adapted)


def alignments(adapted: Any) -> dict[str, float | None]:
    """OPLoRA's rho_k by layer (`oplora.alignment`), about 1e-15 when all is well; empty for the
    other kinds.
    """
    return {
        name: oplora.alignment(
            layer.lora_A[NAME].weight,
            layer.lora_B[NAME].weight,
            oplora.protected(layer),
        )
        for name, layer in lora_layers(adapted)
        if oplora.is_protected(layer)
    }
