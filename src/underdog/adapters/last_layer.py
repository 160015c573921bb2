"""The last layer's feed-forward part only where its output is read.

Nothing after a model's last attention looks at other positions, so its feed-forward block matters
at the positions whose logits are wanted and nowhere else: with answers of 2 of 60 tokens, nearly
the whole block is saved, forwards and backwards. Measured 2026-11 on one core, whole LoRA steps in
float32: 11 % more rows per second at 2M parameters (5 layers), 9 % at 39M (8 layers); the same
arithmetic at the positions that count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

KNOWN_LAYERS = frozenset(
    {"LlamaDecoderLayer", "MistralDecoderLayer", "Qwen2DecoderLayer", "Qwen3DecoderLayer"}
)
"""Layers that are x + attention(norm(x)), then x + mlp(norm(x)), and nothing else."""


class Reading:
    """`wanted` is a mask (B, L) of the positions whose logits the next forward pass is for, or
    None for all. It has to stay until the backward pass is over.
    """

    def __init__(self) -> None:
        self.wanted: torch.Tensor | None = None


@contextmanager
def last_layer_where_read(model: Any) -> Iterator[Reading]:
    """Change the last layer in training mode; put back afterwards.

    A model whose layers are not known here is left as it is, and setting `wanted` has no effect.
    """
    reading = Reading()
    layer = _last_layer(model)
    if layer is not None:
        layer.forward = _where_read(layer, layer.forward, reading)
    try:
        yield reading
    finally:
        if layer is not None:
            del layer.forward  # the instance's; the class's shows again


def _last_layer(model: Any) -> Any:
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    layers = getattr(getattr(base, "model", None), "layers", None)
    if not layers or type(layers[-1]).__name__ not in KNOWN_LAYERS:
        return None
    return layers[-1]


def _where_read(layer: Any, plain: Callable[..., Any], reading: Reading) -> Callable[..., Any]:
    def forward(hidden_states: torch.Tensor, **kwargs: Any) -> Any:
        if reading.wanted is None or not layer.training:
            return plain(hidden_states, **kwargs)
        attended, _ = layer.self_attn(hidden_states=layer.input_layernorm(hidden_states), **kwargs)
        hidden_BLD = hidden_states + attended
        read_PD = hidden_BLD[reading.wanted]
        read_PD = read_PD + layer.mlp(layer.post_attention_layernorm(read_PD))
        # Other positions keep what they were before the block: nobody looks.
        return hidden_BLD.index_put((reading.wanted,), read_PD)

    return forward
