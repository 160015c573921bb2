"""The last layer only where its output is read.

Nothing after a model's last attention looks at other positions, so at the positions whose logits
are wanted, and nowhere else, it needs queries, attention's output, the feed-forward block and the
model's last norm; keys and values are needed everywhere. With answers of 2 of 60 tokens nearly the
whole layer but those two is saved, forwards and backwards. What it is worth is in
docs/benchmarks.md.

In: a model and a mask of positions. Out: from the last layer (1, P, H) in place of (B, L, H), row
by row as the mask says. Never: another number at those positions than rounding gives.

Shapes: B rows, L tokens, N nodes of a tree (`prefix_tree`; B is 1 and L is N then, except inside
of attention), P positions wanted of the whole batch, Q at most of one row, H hidden.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from underdog.adapters.blocks import KNOWN_LAYERS, attend, type_named
from underdog.adapters.prefix_tree import PrefixTree


class Reading(threading.local):
    """`wanted` is a mask (B, L) of the positions whose logits the next forward pass of this thread
    is for, or None for all. It has to stay until the backward pass is over.
    """

    wanted: torch.Tensor | None = None


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
    last = layers[-1] if layers else None
    return last if type_named(last, KNOWN_LAYERS) else None


def _where_read(layer: Any, plain: Callable[..., Any], reading: Reading) -> Callable[..., Any]:
    def forward(hidden_states: torch.Tensor, **kwargs: Any) -> Any:
        wanted = reading.wanted
        if wanted is None or not layer.training:
            return plain(hidden_states, **kwargs)
        normed_BLH = layer.input_layernorm(hidden_states)
        whole = kwargs.get("attention_mask") is None or kwargs.get("prefix_tree") is not None
        if "project" in vars(layer.self_attn) and whole:
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
    prefix_tree: PrefixTree | None = None,
    **_: Any,
) -> torch.Tensor:
    """Causal attention over `normed` (B, L, H), with queries at wanted positions only: (P, H).

    Rows with fewer of them than the others ask at their first position again, and those answers
    are dropped.
    """
    places_BL = wanted if prefix_tree is None else _in_rows(wanted, prefix_tree)
    rows, places = places_BL.nonzero(as_tuple=True)
    turns = places_BL.cumsum(dim=1)[rows, places] - 1
    count, length = places_BL.shape
    at_BQ = torch.zeros(count, int(turns.max()) + 1, dtype=torch.long, device=wanted.device)
    at_BQ[rows, turns] = places
    key, value = attention.project((attention.k_proj, attention.v_proj), normed)
    asking = torch.arange(count, device=wanted.device).unsqueeze(1)
    # Where queries come from: rows and places, or one row of nodes.
    from_BQ = (asking, at_BQ)
    if prefix_tree is not None:
        from_BQ = (torch.zeros_like(asking), prefix_tree.nodes[asking, at_BQ])
    query = attention.q_proj(normed[from_BQ])
    tokens = torch.arange(length, device=wanted.device)
    seen_B1QL = (tokens <= at_BQ.unsqueeze(-1)).unsqueeze(1)
    cos, sin = (each.expand(len(wanted), -1, -1)[from_BQ] for each in position_embeddings)
    attended = attend(
        attention,
        query,
        key,
        value,
        position_embeddings,
        seen_B1QL,
        query_rotation=(cos, sin),
        tree=prefix_tree,
    )
    read_PH: torch.Tensor = attention.o_proj(attended[rows, turns])
    return read_PH


def _in_rows(wanted: torch.Tensor, tree: PrefixTree) -> torch.Tensor:
    """A mask of nodes (1, N) as one of their first places in rows (B, L), in the same order."""
    places_BL = torch.zeros_like(tree.nodes, dtype=torch.bool)
    places_BL.view(-1)[tree.firsts] = wanted[0]
    return places_BL
