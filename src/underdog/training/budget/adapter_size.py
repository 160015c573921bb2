"""How many weights an adapter has, by kind: a matter of the widths of the layers it sits on.

LoRA (Hu et al. 2021, arXiv 2106.09685, section 4.1): A is rank x in, B is out x rank. rsLoRA
(Kalajdzievski 2023, arXiv 2312.03732) differs in the scale only. DoRA (Liu et al. 2024, arXiv
2402.09353, equation 5) adds a magnitude per output. OPLoRA keeps the first k left and right
singular vectors of each frozen matrix beside it: out x k and in x k, not trained.
"""

from __future__ import annotations

from collections.abc import Sequence

from underdog.adapters.settings import ALL_LINEAR, AdapterKind, AdapterSettings
from underdog.errors import InputError
from underdog.training.budget.shape import Linear, Shape

PROTECTED = 16
"""OPLoRA's k where the settings name none."""


def adapted(shape: Shape, adapter: AdapterSettings) -> tuple[Linear, ...]:
    """The linear layers of a block that get an adapter; InputError for a target that is none."""
    if ALL_LINEAR in adapter.targets:
        return shape.linears
    names = [each.name for each in shape.linears]
    unknown = [target for target in adapter.targets if target not in names]
    if unknown:
        raise InputError(
            f"targets out of {', '.join(names)}", got=", ".join(unknown), where=shape.name
        )
    return tuple(each for each in shape.linears if each.name in adapter.targets)


def trainable_weights(shape: Shape, adapter: AdapterSettings) -> int:
    """Weights that the optimizer sees."""
    layers = adapted(shape, adapter)
    one = sum(_trainable(each, adapter) for each in layers)
    return shape.layers * (one + _expert_weights(shape, adapter))


def _expert_weights(shape: Shape, adapter: AdapterSettings) -> int:
    """What "all-linear" trains in one block of experts, as peft 0.21 does it: a LoRA per expert on
    the fused tensors, of twice the rank where gate and up are one, and one on the router.
    """
    if not shape.experts or ALL_LINEAR not in adapter.targets:
        return 0
    hidden, wide, rank = shape.hidden, shape.intermediate, adapter.rank
    one = 2 * rank * (hidden + 2 * wide) + rank * (wide + hidden)
    return shape.experts * one + rank * (hidden + shape.experts)


def kept_weights(shape: Shape, adapter: AdapterSettings) -> int:
    """Float32 values that stand beside the base and are not trained: OPLoRA's U_k and V_k."""
    if adapter.kind is not AdapterKind.OPLORA:
        return 0
    layers: Sequence[Linear] = adapted(shape, adapter)
    protected = [
        min(adapter.protected or PROTECTED, each.width_in, each.width_out) for each in layers
    ]
    sides = [each.width_in + each.width_out for each in layers]
    return shape.layers * sum(k * both for k, both in zip(protected, sides, strict=True))


def _trainable(layer: Linear, adapter: AdapterSettings) -> int:
    magnitude = layer.width_out if adapter.kind is AdapterKind.DORA else 0
    return adapter.rank * (layer.width_in + layer.width_out) + magnitude
