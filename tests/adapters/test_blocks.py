"""Fused blocks of every known family against transformers' own."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from small_adapters import IDS
from transformers import AutoConfig, AutoModelForCausalLM

from underdog.adapters.adapter import attach
from underdog.adapters.blocks import FAMILIES
from underdog.adapters.fused import fused_lora
from underdog.adapters.lora import trainable_parameters
from underdog.adapters.settings import AdapterSettings

SIZES = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "pad_token_id": None,
}


def adapted(family: str, **changes: Any) -> Any:
    """Random weights and norms, adapters away from zero, in training mode."""
    torch.manual_seed(0)
    config = AutoConfig.for_model(family.lower(), **SIZES, **changes)
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "norm" in name:
                weight.uniform_(0.5, 1.5)
    prepared = attach(model, AdapterSettings(rank=4), seed=0)
    with torch.no_grad():
        for weight in trainable_parameters(prepared).values():
            weight.normal_(std=0.2)
    return prepared.train()


def step(model: Any, **inputs: Any) -> list[torch.Tensor]:
    """Logits and the gradient of every adapter weight."""
    model.zero_grad()
    logits = model(input_ids=IDS, use_cache=False, **inputs).logits
    logits.square().mean().backward()
    return [logits.detach(), *(w.grad.clone() for w in trainable_parameters(model).values())]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_known_family_computes_as_transformers_does(family: str) -> None:
    """Logits and all gradients to 1e-4 in float32; every block has its parts changed (two norms or
    four, attention, feed-forward) and gets them back.
    """
    model = adapted(family)
    plain = step(model)
    with fused_lora(model):
        changed = [type(m).__name__ for m in model.modules() if "forward" in vars(m)]
        fused = step(model)
    for found, expected in zip(fused, plain, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    norms = 4 if family == "Qwen3" else 2
    assert changed.count(f"{family}RMSNorm") == 2 * norms + 1
    assert changed.count(f"{family}Attention") == changed.count(f"{family}MLP") == 2
    assert not [m for m in model.modules() if "forward" in vars(m) or "project" in vars(m)]


def test_a_mask_of_padding_is_kept_to() -> None:
    """Padded rows attend as transformers lets them."""
    model = adapted("Qwen2")
    mask = torch.ones_like(IDS)
    mask[0, -3:] = 0
    plain = step(model, attention_mask=mask)
    with fused_lora(model):
        fused = step(model, attention_mask=mask)
    for found, expected in zip(fused, plain, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_other_kernels_and_other_activations_stay_as_they_are() -> None:
    """Eager attention and a feed-forward part with GELU are transformers' own, and right."""
    model = adapted("Llama", hidden_act="gelu", attn_implementation="eager")
    plain = step(model)
    with fused_lora(model):
        changed = {type(m).__name__ for m in model.modules() if "forward" in vars(m)}
        fused = step(model)
    assert not changed & {"LlamaAttention", "LlamaMLP"}
    assert "LlamaRMSNorm" in changed
    for found, expected in zip(fused, plain, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
