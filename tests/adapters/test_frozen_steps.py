"""RMSNorm and rotary positions as single steps, against transformers' own."""

from __future__ import annotations

import pytest
import torch
from transformers.models.qwen2.modeling_qwen2 import Qwen2RMSNorm, apply_rotary_pos_emb

from underdog.adapters.frozen_steps import FrozenRmsNorm, Rotary


def draw(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """With a gradient."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator).to(dtype).requires_grad_()


@pytest.mark.parametrize(
    ("dtype", "close"), [(torch.float32, 1e-5), (torch.bfloat16, 2**-6)], ids=str
)
def test_the_norm_is_transformers_own(dtype: torch.dtype, close: float) -> None:
    """Result and input gradient, rows of every size from 1e-3 to 1e3, to rounding of the type; the
    weight, which is frozen, has no gradient.
    """
    norm = Qwen2RMSNorm(48, eps=1e-6)
    torch.nn.init.uniform_(norm.weight, 0.5, 2.0, generator=torch.Generator().manual_seed(1))
    norm = norm.to(dtype).requires_grad_(False)
    sizes = torch.logspace(-3, 3, 7)[:, None]
    x = (draw(5, 7, 48) * sizes).detach().to(dtype).requires_grad_()
    toward = draw(5, 7, 48, seed=2, dtype=dtype).detach()
    fused = FrozenRmsNorm.apply(x, norm.weight, norm.variance_epsilon)
    (found,) = torch.autograd.grad(fused, x, toward)
    plain = norm(x)
    (expected,) = torch.autograd.grad(plain, x, toward)
    assert fused.dtype == found.dtype == dtype
    torch.testing.assert_close(fused, plain, rtol=close, atol=close)
    largest = expected.abs().amax(dim=-1, keepdim=True)
    torch.testing.assert_close(found / largest, expected / largest, rtol=close, atol=close)


def test_turning_is_transformers_own() -> None:
    """Queries laid out as attention has them (heads after tokens in memory), cos and sin whose two
    halves differ: result and gradient to 1e-6.
    """
    x = draw(2, 5, 3, 8)
    cos, sin = draw(1, 5, 8, seed=1).detach(), draw(1, 5, 8, seed=2).detach()
    toward = draw(2, 3, 5, 8, seed=3).detach()
    fused = Rotary.apply(x.transpose(1, 2), cos.unsqueeze(1), sin.unsqueeze(1))
    plain, _ = apply_rotary_pos_emb(x.transpose(1, 2), x.transpose(1, 2), cos, sin)
    (found,) = torch.autograd.grad(fused, x, toward)
    (expected,) = torch.autograd.grad(plain, x, toward)
    torch.testing.assert_close(fused, plain, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)
