"""DoRA: LoRA steers the rows of a weight, and a magnitude per row gives their length.

Source: Liu et al. 2024, arXiv 2402.09353, equation 5: W' = m (W + s B A) / |W + s B A|, the norm
taken per row of the weight as torch keeps it. Section 4.3 there, and `peft/tuners/lora/dora.py`,
leave the norm out of the gradient. `peft` computes it in every forward pass, from a whole B A.
Here it is computed once per optimizer step, without ever building B A, and the layer is one step
of autograd.

In: layers of `peft` with DoRA. Out: the same numbers. Never: a norm of other weights than those in
use.

Shapes: B rows of a batch, I inputs, O outputs, R rank.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable

from underdog.adapters.lora import NAME


def is_dora(layer: Any) -> bool:
    """Whether `peft` computes DoRA in this layer."""
    return type(layer.lora_variant.get(NAME)).__name__ == "DoraLinearVariant"


def keeps_norms(layer: Any) -> bool:
    """Whether the norm of this layer can be kept: the base is a linear layer of plain numbers."""
    return is_dora(layer) and type(layer.get_base_layer()) is torch.nn.Linear


@torch.no_grad()
def start_from_base(layer: Any) -> None:
    """Set the magnitudes, (O,), to the base's row norms, so that training starts at the base.

    `peft` 0.21 computes them in the base's type: 1 part in 256 wrong for a base in bfloat16.
    """
    weight_OI = layer.get_base_layer().weight
    magnitude = layer.lora_magnitude_vector[NAME].weight
    magnitude.copy_(torch.linalg.norm(weight_OI.to(magnitude.dtype), dim=1))


def keep_norms(layer: Any) -> None:
    """Compute |W + s B A| of every row, (O,), and keep it with what it was computed from."""
    if not hasattr(layer, "base_squares_O"):
        layer.register_buffer("base_squares_O", _row_squares(layer), persistent=False)
    layer.register_buffer("norms_O", _row_norms(layer), persistent=False)
    layer.norms_of = _versions(layer)


def row_norms(layer: Any) -> torch.Tensor:
    """The kept norms; computed anew when a new scale or a load shows."""
    if getattr(layer, "norms_of", None) != _versions(layer):
        keep_norms(layer)
    norms_O: torch.Tensor = layer.norms_O
    return norms_O


def _versions(layer: Any) -> tuple[int, int, float]:
    """Changes with a new scale and a load. Torch's counter does not see a fused optimizer's step
    (torch 2.13) or a write through `.data`: `settle` follows those.
    """
    down, up = layer.lora_A[NAME].weight, layer.lora_B[NAME].weight
    return down._version, up._version, layer.scaling[NAME]


@torch.no_grad()
def _row_squares(layer: Any) -> torch.Tensor:
    weight_OI = layer.get_base_layer().weight
    squares_O: torch.Tensor = weight_OI.float().square().sum(dim=1)
    return squares_O


@torch.no_grad()
def _row_norms(layer: Any) -> torch.Tensor:
    """|W + s B A|^2 = |W|^2 + 2 s (W A^T).B + s^2 (B A A^T).B, row by row: O I R operations where
    B A takes as many and then 2 O I numbers more. Differs from the direct sum by 2.4e-7 relative
    (measured 2026-11, float32).
    """
    weight_OI = layer.get_base_layer().weight
    down_RI, up_OR = layer.lora_A[NAME].weight, layer.lora_B[NAME].weight
    scale = layer.scaling[NAME]
    cross_OR = weight_OI.to(down_RI.dtype) @ down_RI.t()
    cross_OR.addmm_(up_OR, down_RI @ down_RI.t(), beta=2, alpha=scale)
    change_O = torch.linalg.vecdot(cross_OR, up_OR)
    squares_O = torch.add(layer.base_squares_O, change_O, alpha=scale)
    smallest = torch.finfo(squares_O.dtype).tiny  # rounding must not make a square negative
    norms_O: torch.Tensor = squares_O.clamp_min(smallest).sqrt().to(down_RI.dtype)
    return norms_O


def dora_forward(layer: Any, x: torch.Tensor) -> torch.Tensor:
    """The layer's output for x (..., I), with gradients for x, A, B and m.

    Base and adapter of one type take the fused step. A base in half precision keeps its product in
    half precision, as `peft` does, and the rest is float32.
    """
    base, scale = layer.base_layer, layer.scaling[NAME]
    down, up = layer.lora_A[NAME].weight, layer.lora_B[NAME].weight
    gain_O = layer.lora_magnitude_vector[NAME].weight / row_norms(layer)
    if base.weight.dtype == down.dtype:
        apply: Any = FusedDora.apply
        fused: torch.Tensor = apply(x, base.weight, base.bias, down, up, gain_O, scale)
        return fused
    linear = torch.nn.functional.linear
    inner = linear(linear(x.to(down.dtype), down), up)
    result = gain_O * (linear(x, base.weight) + scale * inner)
    biased: torch.Tensor = result if base.bias is None else result + base.bias
    return biased.to(x.dtype)


class FusedDora(torch.autograd.Function):
    """y = g (x W^T + s (x A^T) B^T) + b. Gradients for x, A, B and g; W and b are frozen.

    x (..., in), W (out, in), b (out) or None, A (rank, in), B (out, rank), g = m / n (out), s a
    number.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        down: torch.Tensor,
        up: torch.Tensor,
        gain: torch.Tensor,
        scale: float,
    ) -> torch.Tensor:
        """Keeps x, x A^T and the product before its gain for the way back."""
        rows = x.reshape(-1, x.shape[-1])
        product = rows @ weight.t()
        inner = rows @ down.t()
        product.addmm_(inner, up.t(), alpha=scale)
        result = product * gain if bias is None else torch.addcmul(bias, product, gain)
        ctx.save_for_backward(rows, weight, down, up, gain, inner, product)
        ctx.scale, ctx.shape = scale, x.shape
        return result.view(*x.shape[:-1], -1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """The kept product is used up: its memory takes the gradient that the matrices see. With
        fresh memory for both, a layer's step takes 1.2 times as long as LoRA's, with this 1.02
        (512 to 1408 wide, 960 rows, one core, 2026-11-21). A second way back through the same
        graph is an error of autograd.
        """
        rows, weight, down, up, gain, inner, product = ctx.saved_tensors
        gradient = gradients[0].reshape(-1, weight.shape[0])
        gain_gradient = product.mul_(gradient).sum(dim=0)
        gradient = torch.mul(gradient, gain, out=product)
        inner_gradient = (gradient @ up).mul_(ctx.scale)
        down_gradient = inner_gradient.t() @ rows
        up_gradient = (inner.t() @ gradient).mul_(ctx.scale).t()
        x_gradient = None
        if ctx.needs_input_grad[0]:
            x_gradient = (gradient @ weight).addmm_(inner_gradient, down).view(ctx.shape)
        return x_gradient, None, None, down_gradient, up_gradient, gain_gradient, None
