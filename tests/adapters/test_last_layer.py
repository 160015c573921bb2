"""Feed-forward only where it is read: the same logits there, the same gradients everywhere."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    GPTNeoXConfig,
    LlamaConfig,
    MistralConfig,
    Qwen2Config,
    Qwen3Config,
)

from underdog.adapters.adapter import attach
from underdog.adapters.last_layer import last_layer_where_read
from underdog.adapters.lora import trainable_parameters
from underdog.adapters.positions import logits_at
from underdog.adapters.settings import AdapterSettings

IDS = torch.arange(2, 38).reshape(3, 12)
WANTED = torch.zeros(3, 12, dtype=torch.bool)
WANTED[0, 4:6] = WANTED[1, 11] = WANTED[2, 0] = True


def make_adapted(kind: type[Any]) -> Any:
    """A random model with adapters away from zero, in training mode."""
    config = kind(
        vocab_size=60,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        initializer_range=0.3,
        pad_token_id=0,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        adapted = attach(AutoModelForCausalLM.from_config(config), AdapterSettings(rank=4), seed=0)
        with torch.no_grad():
            for weight in trainable_parameters(adapted).values():
                weight.copy_(torch.randn(weight.shape) * 0.2)
    return adapted.train()


def step(adapted: Any) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Logits at the wanted positions, and the gradient of every adapter weight."""
    adapted.zero_grad()
    logits = logits_at(adapted, WANTED, input_ids=IDS)
    logits.square().mean().backward()
    return logits, {name: w.grad.clone() for name, w in trainable_parameters(adapted).items()}


def count_rows(adapted: Any) -> list[int]:
    """Rows that enter the last layer's down projection, per forward pass."""
    seen: list[int] = []
    layer = adapted.get_base_model().model.layers[-1].mlp.down_proj
    layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].numel() // 48))
    return seen


@pytest.mark.parametrize("kind", [LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config])
def test_logits_and_gradients_are_those_of_the_whole_layer(kind: type[Any]) -> None:
    """On every architecture listed: 4 of 36 rows are computed, and whole tensors agree to 1e-5
    relative in float32 (products of other shapes round differently).
    """
    adapted = make_adapted(kind)
    rows = count_rows(adapted)
    plain_logits, plain = step(adapted)
    with last_layer_where_read(adapted) as reading:
        reading.wanted = WANTED
        read_logits, read = step(adapted)
    assert rows == [36, 4]
    torch.testing.assert_close(read_logits, plain_logits, rtol=1e-5, atol=1e-5)
    for name, gradient in plain.items():
        torch.testing.assert_close(read[name], gradient, rtol=1e-4, atol=1e-6)


def test_without_a_mask_and_in_evaluation_all_positions_are_computed() -> None:
    """Both leave the layer's own forward pass to work: all 36 rows, the same bits."""
    adapted = make_adapted(Qwen2Config)
    rows = count_rows(adapted)
    with torch.no_grad():
        plain = adapted(input_ids=IDS, use_cache=False).logits
        with last_layer_where_read(adapted) as reading:
            unmarked = adapted(input_ids=IDS, use_cache=False).logits
            reading.wanted = WANTED
            evaluated = adapted.eval()(input_ids=IDS, use_cache=False).logits
    assert rows == [36, 36, 36]
    assert torch.equal(plain, unmarked)
    assert torch.equal(plain, evaluated)


def test_an_unknown_architecture_is_left_as_it_is() -> None:
    """GPT-NeoX adds attention and feed-forward in parallel: nothing is changed."""
    config = GPTNeoXConfig(
        vocab_size=60, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
        num_attention_heads=4,
    )  # fmt: skip
    model = AutoModelForCausalLM.from_config(config).train()
    with last_layer_where_read(model) as reading:
        reading.wanted = WANTED
        assert not any("forward" in vars(module) for module in model.modules())


def test_it_is_put_back() -> None:
    """After the block no module has a forward of its own."""
    adapted = make_adapted(Qwen2Config)
    with last_layer_where_read(adapted):
        assert any("forward" in vars(module) for module in adapted.modules())
    assert not any("forward" in vars(module) for module in adapted.modules())
