"""The fused layer against peft's own."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from fakes import tiny_qwen2
from underdog.adapters.adapter import attach
from underdog.adapters.fused import fused_lora
from underdog.adapters.lora import trainable_parameters
from underdog.adapters.settings import AdapterSettings

IDS = torch.arange(2, 38).reshape(3, 12)


def make_adapted(settings: AdapterSettings) -> Any:
    """Adapters with both matrices away from zero, in training mode."""
    adapted = attach(tiny_qwen2(), settings, seed=0)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for weight in trainable_parameters(adapted).values():
            weight.copy_(torch.randn(weight.shape, generator=generator) * 0.2)
    return adapted.train()


def step(adapted: Any, ids: torch.Tensor = IDS) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Logits, and the gradient of every adapter weight."""
    adapted.zero_grad()
    logits = adapted(input_ids=ids, use_cache=False).logits
    logits.square().mean().backward()
    weights = trainable_parameters(adapted)
    return logits.detach(), {name: weight.grad.clone() for name, weight in weights.items()}


@pytest.mark.parametrize("alpha", [4.0, 10.0])
def test_a_model_s_logits_and_gradients_are_peft_s(alpha: float) -> None:
    """Whole tensors, every adapter weight, scale 1 and 2.5: sums in another order, so to 1e-4
    relative in float32.
    """
    adapted = make_adapted(AdapterSettings(rank=4, alpha=alpha))
    plain_logits, plain = step(adapted)
    with fused_lora(adapted) as changed:
        fused_logits, fused = step(adapted)
    assert changed == 2 * 7
    torch.testing.assert_close(fused_logits, plain_logits, rtol=1e-4, atol=1e-5)
    for name, gradient in plain.items():
        torch.testing.assert_close(fused[name], gradient, rtol=1e-4, atol=1e-6)


def test_evaluation_and_disabled_adapters_are_left_to_peft() -> None:
    """In evaluation mode, and with adapters off, the outputs are peft's to the last bit."""
    adapted = make_adapted(AdapterSettings(rank=4)).eval()

    def look() -> tuple[torch.Tensor, torch.Tensor]:
        with torch.no_grad():
            shown = adapted(input_ids=IDS, use_cache=False).logits
            with adapted.disable_adapter():
                return shown, adapted(input_ids=IDS, use_cache=False).logits

    before = look()
    with fused_lora(adapted):
        inside = look()
    assert all(torch.equal(one, other) for one, other in zip(before, inside, strict=True))
    assert not torch.equal(*inside)


def test_it_is_put_back() -> None:
    """After the block, an error included, no layer has a forward of its own."""
    adapted = make_adapted(AdapterSettings(rank=4))
    seen = []
    try:
        with fused_lora(adapted):
            seen.append(any("forward" in vars(layer) for layer in adapted.modules()))
            adapted(input_ids="no tensor")
    except TypeError:
        seen.append(True)
    assert seen == [True, True]
    assert not any("forward" in vars(layer) for layer in adapted.modules())


def test_layers_it_cannot_do_are_left_alone() -> None:
    """Dropout, and a base in float16 under float32 adapters, stay with peft."""
    with fused_lora(make_adapted(AdapterSettings(rank=4, dropout=0.1))) as changed:
        assert changed == 0
    half = attach(tiny_qwen2().to(torch.float16), AdapterSettings(rank=4), seed=0)
    with fused_lora(half) as changed:
        assert changed == 0


def of_type(adapted: Any, dtype: torch.dtype) -> Any:
    """The same model with its frozen weights in this type; adapters stay in float32."""
    for weight in adapted.parameters():
        if not weight.requires_grad:
            weight.data = weight.data.to(torch.bfloat16).to(dtype)
    return adapted


def test_a_base_in_bfloat16_is_as_exact_as_autocast() -> None:
    """bfloat16 base, float32 adapters: gradients come in float32, and over five batches logits and
    gradients lie at most a tenth farther from float32 on the same weights than those of peft under
    autocast, which is how such a base is trained elsewhere. (Here they are nearer: 0.38 against
    0.44, and 18.7 against 20.8; other processors round other sums.)
    """
    settings = AdapterSettings(rank=4, alpha=10.0)
    whole = of_type(make_adapted(settings), torch.float32)
    half = of_type(make_adapted(settings), torch.bfloat16)
    off = {"fused": [0.0, 0.0], "autocast": [0.0, 0.0]}
    for seed in range(5):
        ids = torch.randint(2, 38, (3, 12), generator=torch.Generator().manual_seed(seed))
        true_logits, true = step(whole, ids)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            cast = step(half, ids)
        with fused_lora(half) as changed:
            fused = step(half, ids)
        assert changed == 2 * 7
        assert fused[0].dtype == torch.bfloat16
        assert {each.dtype for each in fused[1].values()} == {torch.float32}
        for name, (logits, gradients) in (("fused", fused), ("autocast", cast)):
            squares = sum((gradients[key] - true[key]).square().sum() for key in true)
            off[name][0] += float(squares) ** 0.5
            off[name][1] += float(torch.linalg.norm(logits.float() - true_logits))
    assert 0 < off["fused"][0] <= 1.1 * off["autocast"][0]
    assert 0 < off["fused"][1] <= 1.1 * off["autocast"][1]
