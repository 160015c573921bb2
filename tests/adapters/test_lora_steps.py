"""Fused steps against the formulas written out."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from underdog.adapters.lora_steps import FusedFeedForward, FusedLora, Gated

SCALE = 1.7


def draw(*shape: int, seed: int, grad: bool = True) -> torch.Tensor:
    """Float64."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_(grad)


def layer(width_in: int, width_out: int, *, seed: int, biased: bool, rank: int = 2) -> list[Any]:
    """W, b, A, B."""
    bias = draw(width_out, seed=seed, grad=False) if biased else None
    weight = draw(width_out, width_in, seed=seed + 1, grad=False)
    return [weight, bias, draw(rank, width_in, seed=seed + 2), draw(width_out, rank, seed=seed + 3)]


def written_out(x: torch.Tensor, parts: list[Any]) -> torch.Tensor:
    """The formula: x W^T + b + s (x A^T) B^T."""
    weight, bias, down, up = parts
    result = x @ weight.T + SCALE * (x @ down.T) @ up.T
    return result if bias is None else result + bias


@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("widths", [(4,), (4, 3, 3)])
def test_layers_of_one_input_are_the_formula(widths: tuple[int, ...], biased: bool) -> None:
    """Results and all gradients to 1e-10 in float64, on three-dimensional input; the ranks may
    differ, and frozen weights get no gradient.
    """
    x = draw(2, 3, 5, seed=0)
    layers = [
        layer(5, width, seed=10 * (at + 1), biased=biased, rank=2 + at)
        for at, width in enumerate(widths)
    ]
    fused = FusedLora.apply(x, SCALE, *[each for parts in layers for each in parts])
    plain = [written_out(x, parts) for parts in layers]
    trained = [x, *[each for parts in layers for each in parts[2:]]]
    found = torch.autograd.grad(sum(each.sin().sum() for each in fused), trained)
    expected = torch.autograd.grad(sum(each.sin().sum() for each in plain), trained)
    for one, other in zip((*fused, *found), (*plain, *expected), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)
    assert all(parts[0].grad is None for parts in layers)


def test_an_input_without_gradient_gets_none() -> None:
    """As in the first block, whose input comes from the frozen embeddings."""
    x, parts = draw(3, 5, seed=0, grad=False), layer(5, 4, seed=1, biased=False)
    FusedLora.apply(x, SCALE, *parts)[0].sum().backward()
    assert x.grad is None
    assert parts[2].grad is not None


def test_a_feed_forward_part_is_the_formula() -> None:
    """down(silu(gate(x)) * up(x)) and all seven gradients, to 1e-10 in float64."""
    x = draw(2, 3, 5, seed=0)
    gate, up = layer(5, 6, seed=10, biased=False), layer(5, 6, seed=20, biased=True)
    down = layer(6, 5, seed=30, biased=True)
    fused = FusedFeedForward.apply(x, SCALE, *gate, *up, *down)
    gated = torch.nn.functional.silu(written_out(x, gate)) * written_out(x, up)
    plain = written_out(gated, down)
    trained = [x, *gate[2:], *up[2:], *down[2:]]
    found = torch.autograd.grad(fused.sin().sum(), trained)
    expected = torch.autograd.grad(plain.sin().sum(), trained)
    for one, other in zip((fused, *found), (plain, *expected), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


def test_the_gate_alone_is_the_formula() -> None:
    """Numerical differentiation, twice through the same graph."""
    gate, up = draw(3, 4, seed=1), draw(3, 4, seed=2)
    assert torch.autograd.gradcheck(Gated.apply, (gate, up))
    torch.testing.assert_close(Gated.apply(gate, up), torch.nn.functional.silu(gate) * up)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_gradients_come_in_the_adapter_s_type(dtype: torch.dtype) -> None:
    """Float32 masters under a base of either type; the input's gradient is in its own."""
    x = draw(3, 5, seed=0, grad=False).to(dtype).requires_grad_()
    weight, bias, down, up = layer(5, 4, seed=1, biased=True)
    down, up = (each.detach().float().requires_grad_() for each in (down, up))
    result = FusedLora.apply(x, SCALE, weight.to(dtype), bias.to(dtype), down, up)[0]
    result.float().sum().backward()
    assert result.dtype == x.grad.dtype == dtype
    assert down.grad.dtype == up.grad.dtype == torch.float32
