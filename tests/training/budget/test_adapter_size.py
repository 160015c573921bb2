"""Weights of adapters by kind, against what `peft` makes."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM

from fakes import peft_quiet
from underdog.adapters.settings import AdapterKind, AdapterSettings
from underdog.errors import InputError
from underdog.training.budget.adapter_size import kept_weights, trainable_weights
from underdog.training.budget.shape import find_shape, shape_of

CONFIG: dict[str, Any] = {
    "model_type": "qwen2",
    "hidden_size": 48,
    "intermediate_size": 80,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 300,
}
EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 24}


def peft_weights(config: dict[str, Any], **settings: Any) -> int:
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config))
    with torch.random.fork_rng():
        adapted = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **settings))
    return sum(weight.numel() for weight in adapted.parameters() if weight.requires_grad)


@pytest.mark.parametrize("kind", ["lora", "dora"])
@pytest.mark.parametrize("targets", [("all-linear",), ("q_proj", "down_proj")])
def test_the_formula_counts_what_peft_makes(kind: str, targets: tuple[str, ...]) -> None:
    """A and B on every target, and DoRA's magnitudes."""
    settings = AdapterSettings(5, 10.0, 0.0, targets, AdapterKind(kind))
    names = "all-linear" if targets == ("all-linear",) else list(targets)
    with peft_quiet():
        made = peft_weights(CONFIG, r=5, target_modules=names, use_dora=kind == "dora")
    assert trainable_weights(shape_of(CONFIG, "x"), settings) == made


def test_experts_are_adapted_as_peft_adapts_them() -> None:
    """One LoRA per expert on the fused tensors, and one on the router."""
    config = {**CONFIG, "model_type": "qwen3_moe", "head_dim": 16, **EXPERTS}
    with peft_quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # patterns for experts, which are not met
        made = peft_weights(config, r=4, target_modules="all-linear")
    assert trainable_weights(shape_of(config, "x"), AdapterSettings(4, 8.0)) == made


def test_the_72b_recipe_trains_842_million_weights() -> None:
    """Rank 64 on seven layers of 80 blocks; rsLoRA of twice the rank has twice as many."""
    shape = find_shape("Qwen/Qwen2.5-72B-Instruct")
    assert trainable_weights(shape, AdapterSettings(64, 128.0)) == 842_137_600
    doubled = AdapterSettings(128, 256.0, kind=AdapterKind.RSLORA)
    assert trainable_weights(shape, doubled) == 2 * 842_137_600


def test_oplora_keeps_two_bases_beside_each_layer() -> None:
    """K (in + out) per layer, k at most the smaller side; the others keep nothing."""
    shape = shape_of(CONFIG, "x")
    settings = AdapterSettings(4, 8.0, kind=AdapterKind.OPLORA, protected=16)
    sides = sum(each.width_in + each.width_out for each in shape.linears)
    assert kept_weights(shape, settings) == 3 * 16 * sides
    assert kept_weights(shape, AdapterSettings(4, 8.0)) == 0


def test_an_unknown_target_is_named() -> None:
    """Before anything is loaded."""
    with pytest.raises(InputError, match=r"targets out of q_proj.*got qkv"):
        trainable_weights(shape_of(CONFIG, "x"), AdapterSettings(4, 8.0, targets=("qkv",)))
