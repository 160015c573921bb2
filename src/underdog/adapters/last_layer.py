"""The last layer only where its output is read.

Nothing after a model's last attention looks at other positions, so at the positions whose logits
are wanted, and nowhere else, it needs queries, attention's output, the feed-forward block and the
model's last norm; keys and values are needed everywhere. With answers of 2 of 60 tokens nearly the
whole layer but those two is saved, forwards and backwards. What it is worth is in
docs/benchmarks.md.

In: a model and a mask of positions. Out: from the last layer (1, P, H) in place of (B, L, H), row
by row as the mask says. Never: another number at those positions than rounding gives.

Shapes: B rows, L tokens, P positions wanted of the whole batch, Q at most of one row, H hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from underdog.adapters.blocks import KNOWN_LAYERS, attend


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
    Inside `fused.fused_lora` attention too computes where it is read only.
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
    # FSDP2 puts a class of its own in front of a layer that it has cut up.
    last = layers[-1] if layers else None
    known = any(kind.__name__ in KNOWN_LAYERS for kind in type(last).__mro__)
    return last if known else None


def _where_read(layer: Any, plain: Callable[..., Any], reading: Reading) -> Callable[..., Any]:
    def forward(hidden_states: torch.Tensor, **kwargs: Any) -> Any:
        wanted = reading.wanted
        if wanted is None or not layer.training:
            return plain(hidden_states, **kwargs)
        normed_BLH = layer.input_layernorm(hidden_states)
        fused = "project" in vars(layer.self_attn) and kwargs.get("attention_mask") is None
        if fused:
            attended_PH = _attended(layer.self_attn, normed_BLH, wanted, **kwargs)
        else:
            attended_PH = layer.self_attn(hidden_states=normed_BLH, **kwargs)[0][wanted]
        read_1PH = (hidden_states[wanted] + attended_PH).unsqueeze(0)
        return read_1PH + layer.mlp(layer.post_attention_layernorm(read_1PH))

    return forward


def _attended(
    attention: Any,
    normed: torch.Tensor,
    wanted: torch.Tensor,
    *,
    position_embeddings: tuple[torch.Tensor, torch.Tensor],
    **_: Any,
) -> torch.Tensor:
    """Causal attention over `normed` (B, L, H), with queries at wanted positions only: (P, H).

    Rows with fewer of them than the others ask at their first position again, and those answers
    are dropped.
    """
    rows, places = wanted.nonzero(as_tuple=True)
    turns = wanted.cumsum(dim=1)[rows, places] - 1
    at_BQ = torch.zeros(len(wanted), int(turns.max()) + 1, dtype=torch.long, device=wanted.device)
    at_BQ[rows, turns] = places
    key, value = attention.project((attention.k_proj, attention.v_proj), normed)
    asking = torch.arange(len(wanted), device=wanted.device).unsqueeze(1)
    query = attention.q_proj(normed[asking, at_BQ])
    tokens = torch.arange(wanted.shape[1], device=wanted.device)
    seen_B1QL = (tokens <= at_BQ.unsqueeze(-1)).unsqueeze(1)
    cos, sin = (each.expand(len(wanted), -1, -1)[asking, at_BQ] for each in position_embeddings)
    attended = attend(
        attention, query, key, value, position_embeddings, seen_B1QL, query_rotation=(cos, sin)
    )
    read_PH: torch.Tensor = attention.o_proj(attended[rows, turns])
    return read_PH
