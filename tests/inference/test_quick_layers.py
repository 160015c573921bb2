"""The layers computed for scoring, against transformers' own forward pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    MistralConfig,
    Qwen2Config,
    Qwen3Config,
)

from fakes import peft_quiet, save_random_adapter, tiny_qwen2
from underdog.inference.layout import Layout, lay_out
from underdog.inference.likelihood import choice_log_probs, choose_layout
from underdog.inference.prefix import PrefixRows, run_prefix
from underdog.inference.quick_layers import Reading, quick_layers, serves
from underdog.mcq.encode import EncodedPrompt

BEGINNING = tuple(range(3, 23))
IDS = torch.arange(2, 38).reshape(3, 12)
READ = torch.zeros(3, 12, dtype=torch.bool)
READ[0, 4:6] = READ[1, 11] = READ[2, 0] = True
FAMILIES = [LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config]


def make_model(kind: type[Any], **config: Any) -> Any:
    """Random and wide, with norms and biases away from one and zero."""
    shape = kind(
        **{
            "vocab_size": 60,
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "initializer_range": 0.3,
            "pad_token_id": 0,
            "sliding_window": None,
            **config,
        }
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(shape).eval()
        with torch.no_grad():
            for name, weight in sorted(model.named_parameters()):
                if weight.dim() == 1:
                    weight.add_(torch.randn(weight.shape) * 0.2)
                    assert "norm" in name or "bias" in name
    return model


@torch.inference_mode()
def quick(model: Any, *, beginning: bool) -> torch.Tensor:
    """(4, V) at the positions that are read."""
    kept = len(BEGINNING) if beginning else 0
    prefixes = [PrefixRows(run_prefix(model, BEGINNING), len(IDS))] if beginning else []
    positions = torch.arange(kept, kept + IDS.shape[1])[None]
    with quick_layers(model, Reading(READ, None, prefixes)):
        return model(input_ids=IDS, position_ids=positions, use_cache=False).logits[0]


@torch.inference_mode()
def whole(model: Any, *, beginning: bool) -> torch.Tensor:
    """The same from whole rows and all logits."""
    before = torch.tensor(BEGINNING if beginning else (), dtype=torch.long).expand(len(IDS), -1)
    logits = model(input_ids=torch.cat([before, IDS], dim=1), use_cache=False).logits
    return logits[:, before.shape[1] :][READ]


@pytest.mark.parametrize("beginning", [False, True])
@pytest.mark.parametrize("kind", FAMILIES)
def test_logits_are_those_of_transformers(kind: type[Any], beginning: bool) -> None:
    """Whole tensors, for every family that is listed, after a beginning and without one."""
    model = make_model(kind)
    assert serves(model)
    wanted = whole(model, beginning=beginning)
    torch.testing.assert_close(quick(model, beginning=beginning), wanted, rtol=1e-5, atol=2e-5)
    assert wanted.std() > 0.5


@pytest.mark.parametrize("activation", ["gelu", "relu"])
def test_other_activations_are_the_models_own(activation: str) -> None:
    """SiLU alone is computed in place."""
    model = make_model(LlamaConfig, hidden_act=activation)
    wanted = whole(model, beginning=False)
    torch.testing.assert_close(quick(model, beginning=False), wanted, rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("kind", [{}, {"use_dora": True}])
def test_adapters_of_peft_are_on(tmp_path: Path, kind: dict[str, Any]) -> None:
    """A model that is wrapped by `peft` and computes its own adapters."""
    with peft_quiet():
        folder = str(save_random_adapter(tmp_path / "adapter", **kind))
        model = PeftModel.from_pretrained(tiny_qwen2(), folder).eval()
    for beginning in (False, True):
        wanted = whole(model, beginning=beginning)
        found = quick(model, beginning=beginning)
        torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-4)


def test_half_precision_stays_half_precision() -> None:
    """bfloat16 weights: logits of that type, as near to float32's as transformers' own."""
    model = make_model(Qwen2Config)
    wanted = whole(model, beginning=True)
    model.to(torch.bfloat16)
    own = (whole(model, beginning=True).float() - wanted).abs().max()
    found = quick(model, beginning=True)
    assert found.dtype == torch.bfloat16
    assert (found.float() - wanted).abs().max() < 2 * own + 0.01


def test_the_last_layer_is_computed_where_it_is_read() -> None:
    """4 of 36 rows go through its feed-forward block, 6 through its queries (two per row, for the
    row that asks most); the layer before computes all 36.
    """
    model, seen = make_model(Qwen2Config), []
    for layer in model.model.layers[-2:]:
        for module in (layer.self_attn.q_proj, layer.self_attn.k_proj, layer.mlp.down_proj):
            module.register_forward_pre_hook(
                lambda _, inputs: seen.append(inputs[0].numel() // inputs[0].shape[-1])
            )
    quick(model, beginning=False)
    assert seen == [36, 36, 36, 6, 36, 4]


def test_an_error_inside_puts_the_layers_back() -> None:
    """Also a forward that a layer had of its own."""
    model = tiny_qwen2()
    layers = model.model.layers
    layers[0].forward = own = layers[0].forward
    with pytest.raises(ZeroDivisionError), quick_layers(model, Reading(READ, None)):
        raise ZeroDivisionError
    assert layers[0].forward is own
    assert "forward" not in vars(layers[1])


def test_other_models_are_left_to_transformers() -> None:
    """Eager attention, other devices, and layers that are not known."""
    assert serves(tiny_qwen2())
    assert not serves(tiny_qwen2(attention="eager"))
    assert not serves(tiny_qwen2().to("meta"))
    unknown = tiny_qwen2()
    unknown.model.layers[0] = torch.nn.Identity()
    assert not serves(unknown)


def test_a_sliding_window_is_kept() -> None:
    """Mistral's first version sees its last tokens only: scores are those of its own masks."""
    model = make_model(MistralConfig, sliding_window=3)
    assert choose_layout(model) is Layout.SEPARATE
    prompt = EncodedPrompt(tuple(range(2, 14)), ((20, 21), (30,)))
    found = choice_log_probs(model, [lay_out(0, prompt, Layout.SEPARATE)])[0]
    with torch.inference_mode():
        rows = [torch.tensor([[*prompt.prefix_ids, *each]]) for each in prompt.completion_ids]
        logits = [model(input_ids=row, use_cache=False).logits[0].log_softmax(-1) for row in rows]
    wanted = (float(logits[0][11, 20] + logits[0][12, 21]), float(logits[1][11, 30]))
    assert found == pytest.approx(wanted, abs=1e-4)
