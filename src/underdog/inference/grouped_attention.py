"""Masked attention on a CPU that reads grouped keys and values where they lie.

In models with fewer key heads than query heads (Ainslie et al. 2023, arXiv 2305.13245),
`transformers` copies every key and value once per query head before a masked product: with a kept
beginning of hundreds of tokens that is most of what attention costs. torch's fused product on a
CPU takes the groups as they are, with a mask too, and gives the same numbers. On accelerators
masked groups fall back to torch's slow path, so there the copies stay.

In: a model. Out: the same model, attending so inside a `with`. Never: a change that outlives it.

Shapes: B rows, N query heads, K key heads, L own tokens, S tokens seen, D numbers per head.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from transformers import AttentionInterface

from underdog.adapters.blocks import KNOWN_LAYERS

NAME = "underdog_grouped"
"""What the implementation is called in the registry of transformers."""


def serves(model: Any) -> bool:
    """Whether `attending` changes anything: plain SDPA on a CPU, in layers that are known to pass
    nothing to attention but a mask and a scale.
    """
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    layers = getattr(getattr(inner, "model", None), "layers", None) or ()
    return (
        inner.config._attn_implementation == "sdpa"
        and inner.device.type == "cpu"
        and bool(layers)
        and all(type(layer).__name__ in KNOWN_LAYERS for layer in layers)
    )


@contextmanager
def attending(model: Any) -> Iterator[None]:
    """For calls that bring a 4-D mask; put back afterwards."""
    config = model.config
    before = config._attn_implementation
    config._attn_implementation = NAME
    try:
        yield
    finally:
        config._attn_implementation = before


def _attend(
    _module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    scaling: float | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Query (B, N, L, D), key and value (B, K, S, D), an additive mask (B or 1, 1, L, S), to
    (B, L, N, D).
    """
    assert attention_mask is not None, "for calls with a mask"
    attended_BNLD = torch.nn.functional.scaled_dot_product_attention(
        query, key, value, attention_mask, scale=scaling, enable_gqa=True
    )
    return attended_BNLD.transpose(1, 2).contiguous(), None


AttentionInterface.register(NAME, _attend)
