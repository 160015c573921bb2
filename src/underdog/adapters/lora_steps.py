"""Linear layers with their adapters as single steps of autograd, alone and in groups.

`peft` computes W x, then A x, then B A x, scales it and adds it, each with its own tensor and its
own step backwards. Here the product with B is accumulated into W x in place, and backwards the
gradient of the input is accumulated the same way, over all layers that read this input. The
formulas are those of y = x W^T + b + s (x A^T) B^T (Hu et al. 2021, equation 3).

In: inputs, frozen weights, adapters. Out: results and exact gradients. Never: a gradient for a
frozen weight, or for an input that needs none.

**Types.** All products are in the type of the input and the base. With a base in bfloat16 the
float32 adapters are rounded to it for each product, and their gradients come back in float32: what
autocast does, with one rounding less, because B's product is added before the sum is rounded.

Shapes: n rows, I inputs, O outputs, R rank, F feed-forward width.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch.autograd.function import once_differentiable

_PER_LAYER = 4


class Adapted(NamedTuple):
    """A frozen layer and its adapter: W (O, I), b (O) or None, A (R, I), B (O, R)."""

    weight: torch.Tensor
    bias: torch.Tensor | None
    down: torch.Tensor
    up: torch.Tensor


class FusedLora(torch.autograd.Function):
    """y = x W^T + b + s (x A^T) B^T for each of several layers that read one input.

    Takes x (..., I), s, and W, b, A and B of every layer; gives a tuple of y (..., O).
    """

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, scale: float, *tensors: torch.Tensor | None
    ) -> tuple[torch.Tensor, ...]:
        """Keeps x and x A^T for the way back."""
        layers, rows = _layers(tensors), x.reshape(-1, x.shape[-1])
        inner, results = _products(rows, layers, scale)
        ctx.save_for_backward(rows, inner, *tensors)
        ctx.scale, ctx.shape = scale, x.shape
        return tuple(result.view(*x.shape[:-1], -1) for result in results)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Nothing is computed for an input that needs no gradient (the first block's)."""
        rows, inner, *tensors = ctx.saved_tensors
        layers = _layers(tensors)
        flat = [one.reshape(-1, one.shape[-1]) for one in gradients]
        into, of_adapters = _gradients(
            rows, inner, layers, flat, scale=ctx.scale, into_input=ctx.needs_input_grad[0]
        )
        return None if into is None else into.view(ctx.shape), None, *of_adapters


class FusedFeedForward(torch.autograd.Function):
    """y = down(silu(gate(x)) * up(x)), each of the three a layer with its adapter.

    Takes x (..., I), s, and W, b, A and B of gate, up and down. SwiGLU: Shazeer 2020, arXiv
    2002.05202, equation 6.
    """

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, scale: float, *tensors: torch.Tensor | None
    ) -> torch.Tensor:
        """Keeps x, gate and up (n, F), and what the adapters made of their inputs; the product of
        gate and up is made again on the way back.
        """
        *wide, last = _layers(tensors)
        rows = x.reshape(-1, x.shape[-1])
        inner, (gate, up) = _products(rows, wide, scale)
        gated = torch.nn.functional.silu(gate).mul_(up)
        last_inner, (result,) = _products(gated, [last], scale)
        ctx.save_for_backward(rows, inner, gate, up, last_inner, *tensors)
        ctx.scale, ctx.shape = scale, x.shape
        return result.view(*x.shape[:-1], -1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """The memory of what is made again takes the gradients of gate and up."""
        rows, inner, gate, up, last_inner, *tensors = ctx.saved_tensors
        *wide, last = _layers(tensors)
        flat = gradients[0].reshape(-1, gradients[0].shape[-1])
        activated = torch.nn.functional.silu(gate)
        gated = activated * up
        into_gated, of_last = _gradients(
            gated, last_inner, [last], [flat], scale=ctx.scale, into_input=True
        )
        assert into_gated is not None
        both = gated_gradients(into_gated, gate, up, activated=activated, spare=gated)
        into, of_wide = _gradients(
            rows, inner, wide, both, scale=ctx.scale, into_input=ctx.needs_input_grad[0]
        )
        return None if into is None else into.view(ctx.shape), None, *of_wide, *of_last


class Gated(torch.autograd.Function):
    """silu(gate) * up where a whole feed-forward part cannot be one step. Keeps gate and up."""

    @staticmethod
    def forward(ctx: Any, gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
        """Two passes over memory."""
        ctx.save_for_backward(gate, up)
        return torch.nn.functional.silu(gate).mul_(up)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Makes silu(gate) again."""
        gate, up = ctx.saved_tensors
        activated = torch.nn.functional.silu(gate)
        spare = torch.empty_like(gate)
        through = gradients[0].clone()
        return tuple(gated_gradients(through, gate, up, activated=activated, spare=spare))


def gated_gradients(
    gradient: torch.Tensor,
    gate: torch.Tensor,
    up: torch.Tensor,
    *,
    activated: torch.Tensor,
    spare: torch.Tensor,
) -> list[torch.Tensor]:
    """Of gate and up, from the gradient of silu(gate) * up. `gradient`, `activated` (silu of gate)
    and `spare` (any tensor of that size) are used up.
    """
    into_up = torch.mul(gradient, activated, out=activated)
    silu_backward: Any = torch.ops.aten.silu_backward.grad_input
    into_gate = silu_backward(gradient.mul_(up), gate, grad_input=spare)
    return [into_gate, into_up]


def _layers(tensors: Sequence[Any]) -> list[Adapted]:
    return [Adapted(*tensors[at : at + _PER_LAYER]) for at in range(0, len(tensors), _PER_LAYER)]


def _downs(layers: Sequence[Adapted], dtype: torch.dtype) -> torch.Tensor:
    """Every A under the other, (sum of R, I)."""
    stacked = layers[0].down if len(layers) == 1 else torch.cat([each.down for each in layers])
    return stacked.to(dtype)


def _products(
    rows: torch.Tensor, layers: Sequence[Adapted], scale: float
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Gives x A^T of all layers side by side (n, sum of R), and each layer's result (n, O)."""
    inner = rows @ _downs(layers, rows.dtype).t()
    results = []
    for layer, own in zip(layers, _split(inner, layers), strict=True):
        result = torch.nn.functional.linear(rows, layer.weight, layer.bias)
        results.append(result.addmm_(own, layer.up.to(rows.dtype).t(), alpha=scale))
    return inner, results


def _gradients(
    rows: torch.Tensor,
    inner: torch.Tensor,
    layers: Sequence[Adapted],
    gradients: Sequence[torch.Tensor],
    *,
    scale: float,
    into_input: bool,
) -> tuple[torch.Tensor | None, list[torch.Tensor | None]]:
    """Of the input, and (None, None, of A, of B) for every layer in turn."""
    into_inner = torch.empty_like(inner)
    of_ups = []
    own = zip(layers, gradients, _split(inner, layers), _split(into_inner, layers), strict=True)
    for layer, gradient, before, into in own:
        torch.mm(gradient, layer.up.to(rows.dtype), out=into)
        of_ups.append((before.t() @ gradient).to(layer.up.dtype).mul_(scale).t())
    # The scale comes last, in the adapters' type: a product in bfloat16 is rounded once.
    of_down = (into_inner.t() @ rows).to(layers[0].down.dtype).mul_(scale)
    of_downs = torch.split(of_down, [each.down.shape[0] for each in layers])
    of_adapters: list[torch.Tensor | None] = []
    for of_down, of_up in zip(of_downs, of_ups, strict=True):
        of_adapters += [None, None, of_down, of_up]
    if not into_input:
        return None, of_adapters
    into_rows = gradients[0] @ layers[0].weight
    for layer, gradient in zip(layers[1:], gradients[1:], strict=True):
        into_rows.addmm_(gradient, layer.weight)
    into_rows.addmm_(into_inner, _downs(layers, rows.dtype), alpha=scale)
    return into_rows, of_adapters


def _split(inner: torch.Tensor, layers: Sequence[Adapted]) -> tuple[torch.Tensor, ...]:
    """The columns of each layer."""
    columns: Any = torch.split(inner, [each.down.shape[0] for each in layers], dim=1)
    parts: tuple[torch.Tensor, ...] = columns
    return parts
