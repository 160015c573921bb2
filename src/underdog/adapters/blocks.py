"""The blocks of known decoders with fused steps in place of transformers' elementary ones.

In: a model, and what to do with layers that read one input. Out: the same model, whose attention,
feed-forward and norm modules compute in fused steps in training mode; put back afterwards. Never:
an architecture that is not listed here, a cache, an attention kernel of another kind than
transformers was told to use.

Shapes: B rows of a batch, L tokens, Q queries of a row, H hidden, D width of a head.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from underdog.adapters.frozen_steps import FrozenRmsNorm, Rotary
from underdog.adapters.lora_steps import Gated

FAMILIES = ("Llama", "Mistral", "Qwen2", "Qwen3")
"""Layers that are x + attention(norm(x)), then x + mlp(norm(x)), and nothing else; attention with
rotary positions over the whole head; SwiGLU."""
KNOWN_LAYERS = frozenset(f"{family}DecoderLayer" for family in FAMILIES)
_ATTENTIONS = frozenset(f"{family}Attention" for family in FAMILIES)
_FEED_FORWARDS = frozenset(f"{family}MLP" for family in FAMILIES)
_NORMS = frozenset(f"{family}RMSNorm" for family in FAMILIES)

Together = Callable[[Sequence[Any], torch.Tensor], tuple[torch.Tensor, ...]]
"""Applies layers that read one input to it."""
FeedForward = Callable[[Sequence[Any], torch.Tensor], torch.Tensor | None]
"""Applies gate, up and down to an input; None where it cannot."""


@contextmanager
def fused_blocks(model: Any, together: Together, feed_forward: FeedForward) -> Iterator[int]:
    """Change every module of a known kind; gives their number."""
    changed = []
    for module in model.modules():
        name = type(module).__name__
        if name in _NORMS and not module.weight.requires_grad:
            module.forward = _norm_forward(module, module.forward)
        elif name in _ATTENTIONS and module.config._attn_implementation == "sdpa":
            module.project = together
            module.forward = _attention_forward(module, module.forward)
        elif name in _FEED_FORWARDS and _is_silu(module.act_fn):
            module.forward = _feed_forward_forward(module, module.forward, together, feed_forward)
        else:
            continue
        changed.append(module)
    try:
        yield len(changed)
    finally:
        for module in changed:
            del module.forward  # the instance's; the class's shows again
            vars(module).pop("project", None)


def _is_silu(activation: Any) -> bool:
    return isinstance(activation, torch.nn.SiLU) or type(activation).__name__ == "SiLUActivation"


def _norm_forward(norm: Any, plain: Callable[..., Any]) -> Callable[..., Any]:
    apply: Any = FrozenRmsNorm.apply

    def forward(hidden_states: torch.Tensor) -> Any:
        if not norm.training or hidden_states.dtype != norm.weight.dtype:
            return plain(hidden_states)
        return apply(hidden_states, norm.weight, norm.variance_epsilon)

    return forward


def _feed_forward_forward(
    mlp: Any, plain: Callable[..., Any], together: Together, feed_forward: FeedForward
) -> Callable[..., Any]:
    wide = (mlp.gate_proj, mlp.up_proj)
    gated: Any = Gated.apply

    def forward(x: torch.Tensor) -> Any:
        if not mlp.training:
            return plain(x)
        result = feed_forward((*wide, mlp.down_proj), x)
        return mlp.down_proj(gated(*together(wide, x))) if result is None else result

    return forward


def _attention_forward(attention: Any, plain: Callable[..., Any]) -> Callable[..., Any]:
    def forward(
        hidden_states: torch.Tensor,
        position_embeddings: Any = None,
        attention_mask: torch.Tensor | None = None,
        past_key_values: Any = None,
        **kwargs: Any,
    ) -> Any:
        if not attention.training or past_key_values is not None:
            return plain(
                hidden_states=hidden_states,
                position_embeddings=position_embeddings,
                attention_mask=attention_mask,
                past_key_values=past_key_values,
                **kwargs,
            )
        layers = (attention.q_proj, attention.k_proj, attention.v_proj)
        query, key, value = attention.project(layers, hidden_states)
        attended = attend(attention, query, key, value, position_embeddings, attention_mask)
        return attention.o_proj(attended), None

    return forward


def attend(
    attention: Any,
    queries: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    rotation: tuple[torch.Tensor, torch.Tensor],
    mask: torch.Tensor | None,
    *,
    query_rotation: tuple[torch.Tensor, torch.Tensor] | None = None,
) -> torch.Tensor:
    """All heads side by side (B, Q, X), from queries (B, Q, X), keys and values (B, L, X).

    `rotation` are cos and sin (1 or B, L, D); those of the queries where they are not at all
    positions are `query_rotation`.
    """
    query, key = _heads(attention, queries, "q_norm"), _heads(attention, keys, "k_norm")
    value = _heads(attention, values, None)
    cos, sin = (each.unsqueeze(1) for each in rotation)
    cos_q, sin_q = (each.unsqueeze(1) for each in query_rotation or rotation)
    turn: Any = Rotary.apply
    attended, _ = sdpa_attention_forward(
        attention,
        turn(query, cos_q, sin_q),
        turn(key, cos, sin),
        value,
        mask,
        dropout=attention.attention_dropout,
        scaling=attention.scaling,
    )
    flat: torch.Tensor = attended.reshape(*queries.shape[:-1], -1)
    return flat


def _heads(attention: Any, flat: torch.Tensor, norm: str | None) -> torch.Tensor:
    """(B, L, heads x D) as (B, heads, L, D), with Qwen3's norm of each head."""
    heads = flat.view(*flat.shape[:-1], -1, attention.head_dim)
    if norm is not None and hasattr(attention, norm):
        heads = getattr(attention, norm)(heads)
    return heads.transpose(1, 2)
