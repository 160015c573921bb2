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
from underdog.adapters.prefix_tree import AtNodes, OverRows, PrefixTree

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


def takes_trees(model: Any, *, longest: int) -> bool:
    """Whether a pass inside `fused_blocks` may be given a `prefix_tree` with rows of up to
    `longest` tokens: nothing but attention looks at other tokens, and every attention is one of
    those changed, without dropout and without a window.
    """
    layers = getattr(_decoder(model), "layers", ())
    return bool(layers) and all(
        type_named(layer, KNOWN_LAYERS)
        and "project" in vars(layer.self_attn)
        and layer.self_attn.attention_dropout == 0
        and (_window(layer.self_attn) or longest) >= longest
        for layer in layers
    )


def _decoder(model: Any) -> Any:
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    return getattr(base, "model", None)


def type_named(module: Any, names: frozenset[str]) -> bool:
    """By the class or one above it: FSDP2 puts a class of its own in front of what it cuts up."""
    return any(kind.__name__ in names for kind in type(module).__mro__)


def _window(attention: Any) -> int | None:
    """Tokens that a query sees at most, or None: Qwen's layers say so, Mistral's configuration."""
    if hasattr(attention, "sliding_window"):
        own: int | None = attention.sliding_window
        return own
    of_all: int | None = getattr(attention.config, "sliding_window", None)
    return of_all


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
        prefix_tree: PrefixTree | None = None,
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
        mask = attention_mask if prefix_tree is None else None
        attended = attend(attention, query, key, value, position_embeddings, mask, tree=prefix_tree)
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
    tree: PrefixTree | None = None,
) -> torch.Tensor:
    """All heads side by side (B, Q, X), from queries (B, Q, X), keys and values (B, L, X).

    `rotation` are cos and sin (1 or B, L, D); those of the queries where they are not at all
    positions are `query_rotation`. With a tree, keys, values and their rotation are those of its
    nodes, and so are queries and what is given, if they are at all positions; `mask` is then one
    of rows, or None for causal attention.
    """
    query, key = _heads(attention, queries, "q_norm"), _heads(attention, keys, "k_norm")
    value = _heads(attention, values, None)
    cos, sin = (each.unsqueeze(1) for each in rotation)
    cos_q, sin_q = (each.unsqueeze(1) for each in query_rotation or rotation)
    turn: Any = Rotary.apply
    query, key = turn(query, cos_q, sin_q), turn(key, cos, sin)
    if tree is not None:
        over_rows: Any = OverRows.apply
        key, value = over_rows(key, tree), over_rows(value, tree)
        query = over_rows(query, tree) if query_rotation is None else query
    attended, _ = sdpa_attention_forward(
        attention,
        query,
        key,
        value,
        mask,
        dropout=attention.attention_dropout,
        scaling=attention.scaling,
    )
    flat: torch.Tensor = attended.reshape(*attended.shape[:2], -1)
    if tree is None or query_rotation is not None:
        return flat
    at_nodes: Any = AtNodes.apply
    nodes: torch.Tensor = at_nodes(flat, tree)
    return nodes


def _heads(attention: Any, flat: torch.Tensor, norm: str | None) -> torch.Tensor:
    """(B, L, heads x D) as (B, heads, L, D), with Qwen3's norm of each head."""
    heads = flat.view(*flat.shape[:-1], -1, attention.head_dim)
    if norm is not None and hasattr(attention, norm):
        heads = getattr(attention, norm)(heads)
    return heads.transpose(1, 2)
