"""A block's parts without adapters as single steps of autograd: RMSNorm and rotary positions.

transformers writes both out in elementary operations, each with a tensor of its own, and for
RMSNorm autograd would be ready to differentiate the weight, which is frozen here.

In: activations, frozen weights. Out: the same numbers up to rounding in float32. Never: a gradient
for a frozen weight.

Shapes: (..., H) activations; (..., L, D) heads.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable


class FrozenRmsNorm(torch.autograd.Function):
    """w x / sqrt(mean(x^2) + eps) over the last axis (Zhang and Sennrich 2019, arXiv 1910.07467,
    equation 4). As in transformers, the quotient is computed in float32, rounded to the type of x,
    and multiplied by w in that type.
    """

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, epsilon: float) -> torch.Tensor:
        """Keeps x in its own type and 1 / rms, (..., 1), in float32."""
        wide = x.float()
        norm = torch.linalg.vector_norm(wide, dim=-1, keepdim=True)
        inverse = norm.square_().div_(x.shape[-1]).add_(epsilon).rsqrt_()
        ctx.save_for_backward(x, weight, inverse)
        result: torch.Tensor = (wide * inverse).to(x.dtype).mul_(weight)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """(g w) / rms - x mean(g w x) / rms^3."""
        x, weight, inverse = ctx.saved_tensors
        wide = x.float()
        weighted = (gradients[0] * weight).float()
        along = (weighted * wide).sum(dim=-1, keepdim=True)
        along.mul_(inverse).mul_(inverse).mul_(inverse).div_(x.shape[-1])
        into = weighted.mul_(inverse).addcmul_(wide, along, value=-1)
        return into.to(x.dtype), None, None


class Rotary(torch.autograd.Function):
    """x cos + rotate_half(x) sin (Su et al. 2021, arXiv 2104.09864, equation 34, in the order of
    dimensions that transformers uses). x (B, heads, L, D); cos and sin broadcast to it.
    """

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
        """Keeps cos and sin, which all blocks share."""
        ctx.save_for_backward(cos, sin)
        half = x.shape[-1] // 2
        turned = x * cos
        turned[..., :half].addcmul_(x[..., half:], sin[..., :half], value=-1)
        turned[..., half:].addcmul_(x[..., :half], sin[..., half:])
        return turned

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """The transposed map: what each half gave to the other comes back."""
        (gradient,), (cos, sin) = gradients, ctx.saved_tensors
        half = gradient.shape[-1] // 2
        back = gradient * cos
        back[..., :half].addcmul_(gradient[..., half:], sin[..., half:])
        back[..., half:].addcmul_(gradient[..., :half], sin[..., :half], value=-1)
        return back, None, None
