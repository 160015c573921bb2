"""Shapes from config.json, and weights counted without weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from fakes import save_base
from underdog.adapters.base import load_base
from underdog.errors import InputError
from underdog.training.budget.shape import FAMILIES, find_shape, known_configs, shape_of

PUBLISHED = {
    "Qwen/Qwen2.5-0.5B": 494_032_768,
    "Qwen/Qwen2.5-72B-Instruct": 72_706_203_648,
    "Qwen/Qwen3-235B-A22B": 235_093_634_560,
    "meta-llama/Meta-Llama-3.1-70B-Instruct": 70_553_706_496,
    "mistralai/Mistral-7B-Instruct-v0.3": 7_248_023_552,
}
"""Totals in the safetensors index of the hub's repositories."""
SMALL = {
    "hidden_size": 48,
    "intermediate_size": 80,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 300,
}


def built_weights(config: dict[str, object]) -> int:
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config))
    return sum(weight.numel() for weight in model.parameters())


@pytest.mark.parametrize("name", known_configs())
def test_the_formula_counts_what_transformers_builds(name: str) -> None:
    """Every well-known shape, built on the meta device by the real class, has as many weights."""
    config = known_configs()[name]
    assert shape_of(config, name).weights == built_weights(config)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("tied", [True, False])
def test_small_models_with_every_bias_are_counted(family: str, tied: bool) -> None:
    """Biases and another head width than hidden / heads are in the config, and in the count."""
    config = {
        **SMALL,
        "model_type": family,
        "tie_word_embeddings": tied,
        "attention_bias": True,
        "mlp_bias": family == "llama",
        "head_dim": 12 if family == "qwen2" else 16,
    }
    if family == "qwen3_moe":
        config |= {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 24}
    assert shape_of(config, "small").weights == built_weights(config)


@pytest.mark.parametrize(("name", "weights"), PUBLISHED.items())
def test_tuned_versions_are_found_under_their_own_names(name: str, weights: int) -> None:
    """An instruct model has its base's shape; the total is the published one."""
    assert find_shape(name).weights == weights


def test_a_folder_is_read_and_the_embedded_base_is_known(tmp_path: Path) -> None:
    """What a folder's config says is what its model has."""
    folder = save_base(tmp_path / "base")
    model = load_base(folder).model
    assert find_shape(folder).weights == sum(weight.numel() for weight in model.parameters())
    assert find_shape("tiny-base").hidden == 192


def test_a_config_in_the_hubs_cache_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is downloaded; what was is found."""
    snapshot = tmp_path / "hub" / "models--me--mine" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text(json.dumps({**SMALL, "model_type": "llama"}))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    assert find_shape("me/mine").hidden == 48


def test_unknown_names_and_architectures_are_refused_with_the_nearest() -> None:
    """A typo is answered with the names that were probably meant."""
    with pytest.raises(InputError, match=r"Try: one of .*Qwen/Qwen2\.5-72B"):
        find_shape("Qwen/Qwen2.5-27B-Instruct")
    with pytest.raises(InputError, match=r"an architecture out of qwen2.*got gpt2"):
        shape_of({"model_type": "gpt2"}, "mine")
    with pytest.raises(InputError, match="got a quantised one"):
        shape_of({**SMALL, "model_type": "qwen2", "quantization_config": {}}, "mine")
    with pytest.raises(InputError, match=r"a whole config\.json.*hidden_size"):
        shape_of({"model_type": "qwen2"}, "mine")
    with pytest.raises(InputError, match="experts in every block"):
        shape_of({**SMALL, "model_type": "qwen3_moe", "decoder_sparse_step": 2}, "mine")
