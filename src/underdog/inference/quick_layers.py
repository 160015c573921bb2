"""The layers of known decoders on a CPU, computed for scoring: no autograd, few passes over memory.

transformers writes each step of a layer into memory of its own. Here sums and gates are taken in
place, norms and rotary positions are one step each, the shared beginning is attended to as it lies
(`joined_attention`), and the last layer computes queries, attention's output and its feed-forward
block only at the positions that are read: nothing after the last attention looks at another.

In: a model, and what one forward pass is for. Out: the same model, computing so inside a `with`.
Never: another architecture than `adapters.blocks` lists, a gradient, a change that outlives it.

Shapes: B rows, L tokens, Q queries of a row, R positions that are read in the whole batch, P tokens
of a beginning, H hidden, N heads of width D.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple

import torch

from underdog.adapters.blocks import KNOWN_LAYERS
from underdog.adapters.frozen_steps import FrozenRmsNorm, Rotary
from underdog.inference.joined_attention import Beginning, attend
from underdog.inference.prefix import PrefixRows

Rotation = tuple[torch.Tensor, torch.Tensor]
"""Cosines and sines, (1 or B, L, D) each."""


class Reading(NamedTuple):
    """What a forward pass is for."""

    read: torch.Tensor
    """(B, L): where logits are wanted."""
    mask: torch.Tensor | None
    """Added to the scores of a row's own tokens, (B, 1, L, L); None is causal."""
    prefixes: Sequence[PrefixRows] = ()
    """What stands before the own tokens of all rows; none, or for every row."""
    narrow: AbstractContextManager[None] = nullcontext()
    """Entered once, where the last layer goes on with what is read only."""

    def beginnings(self, layer: int) -> list[Beginning]:
        """Those of one layer."""
        return [Beginning(*each.prefix.layers[layer], each.rows) for each in self.prefixes]


def serves(model: Any) -> bool:
    """Whether a model's layers are known, and attend on a CPU as `joined_attention` does."""
    inner, layers = _inner(model), _layers(model)
    return (
        inner.config._attn_implementation == "sdpa"
        and inner.device.type == "cpu"
        and bool(layers)
        and all(type(layer).__name__ in KNOWN_LAYERS for layer in layers)
    )


class Turn(threading.local):
    """What the next forward pass of this thread is for."""

    reading: Reading


@contextmanager
def quick_layers(model: Any, reading: Reading) -> Iterator[Turn]:
    """The last layer gives (1, R, H), row by row. For a model that `serves` accepts, in evaluation
    mode; put back afterwards. `reading` is this thread's; another sets its own on what is given.
    """
    turn = Turn()
    turn.reading = reading
    layers = _layers(model)
    before = [layer.__dict__.get("forward") for layer in layers]
    for number, layer in enumerate(layers):
        make = _last if number == len(layers) - 1 else _inside
        layer.forward = make(layer, number, turn)
    try:
        yield turn
    finally:
        for layer, forward in zip(layers, before, strict=True):
            del layer.forward  # the instance's; the class's shows again
            if forward is not None:
                layer.forward = forward


def _inner(model: Any) -> Any:
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def _layers(model: Any) -> list[Any]:
    return list(getattr(getattr(_inner(model), "model", None), "layers", None) or ())


def _inside(layer: Any, number: int, turn: Turn) -> Callable[..., torch.Tensor]:
    attention = layer.self_attn

    def forward(
        hidden_states: torch.Tensor, *, position_embeddings: Rotation, **_: Any
    ) -> torch.Tensor:
        reading = turn.reading
        normed = _norm(layer.input_layernorm, hidden_states)
        attended = attend(
            _turned(_heads(attention, "q", normed), position_embeddings),
            _turned(_heads(attention, "k", normed), position_embeddings),
            _heads(attention, "v", normed),
            mask=reading.mask,
            scale=attention.scaling,
            beginnings=reading.beginnings(number),
        )
        return _feed_forward(layer, attention.o_proj(attended.flatten(2)).add_(hidden_states))

    return forward


def _last(layer: Any, number: int, turn: Turn) -> Callable[..., torch.Tensor]:
    attention = layer.self_attn

    def forward(
        hidden_states: torch.Tensor, *, position_embeddings: Rotation, **_: Any
    ) -> torch.Tensor:
        reading, read = turn.reading, turn.reading.read
        normed = _norm(layer.input_layernorm, hidden_states)
        rows, turns, at_BQ = _queries(read)
        asking = torch.arange(len(read)).unsqueeze(1)
        rotation_BQ = [
            each.expand(len(read), -1, -1)[asking, at_BQ] for each in position_embeddings
        ]
        attended_BQND = attend(
            _turned(_heads(attention, "q", normed[asking, at_BQ]), rotation_BQ),
            _turned(_heads(attention, "k", normed), position_embeddings),
            _heads(attention, "v", normed),
            mask=_mask_of_queries(reading.mask, at_BQ, hidden_states),
            scale=attention.scaling,
            beginnings=reading.beginnings(number),
        )
        attended_RX = attended_BQND[rows, turns].flatten(1)
        with reading.narrow:
            read_RH = attention.o_proj(attended_RX).add_(hidden_states[read])
            return _feed_forward(layer, read_RH).unsqueeze(0)

    return forward


def _queries(read: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Row and turn within the row of every position that is read, (R,) each, and where each turn
    stands, (B, Q). Rows with fewer turns than others ask at their first token again, in vain.
    """
    rows, places = read.nonzero(as_tuple=True)
    turns = read.cumsum(dim=1)[rows, places] - 1
    at_BQ = torch.zeros(len(read), int(turns.max()) + 1, dtype=torch.long)
    at_BQ[rows, turns] = places
    return rows, turns, at_BQ


def _mask_of_queries(
    mask: torch.Tensor | None, places: torch.Tensor, like: torch.Tensor
) -> torch.Tensor:
    """The rows of `mask` at `places` (B, Q), as (B, 1, Q, L); of a causal one where it is None."""
    if mask is not None:
        return mask[torch.arange(len(places)).unsqueeze(1), 0, places].unsqueeze(1)
    hidden = torch.arange(like.shape[1]) > places.unsqueeze(-1)
    floor = torch.finfo(like.dtype).min
    return like.new_zeros(hidden.shape).masked_fill_(hidden, floor).unsqueeze(1)


def _heads(attention: Any, name: str, x: torch.Tensor) -> torch.Tensor:
    """(B, L, H) to (B, L, heads, D), with Qwen3's norm of each head."""
    flat = getattr(attention, f"{name}_proj")(x)
    heads: torch.Tensor = flat.view(*flat.shape[:-1], -1, attention.head_dim)
    norm = getattr(attention, f"{name}_norm", None)
    return heads if norm is None else _norm(norm, heads)


def _turned(heads: torch.Tensor, rotation: Sequence[torch.Tensor]) -> torch.Tensor:
    """By rotary positions; cosines and sines (1 or B, L, D)."""
    cos, sin = (each.unsqueeze(2) for each in rotation)
    turn: Any = Rotary.apply
    turned: torch.Tensor = turn(heads, cos, sin)
    return turned


def _norm(norm: Any, x: torch.Tensor) -> torch.Tensor:
    apply: Any = FrozenRmsNorm.apply
    if x.dtype != norm.weight.dtype:
        plain: torch.Tensor = norm(x)
        return plain
    normed: torch.Tensor = apply(x, norm.weight, norm.variance_epsilon)
    return normed


def _feed_forward(layer: Any, x: torch.Tensor) -> torch.Tensor:
    """The residual x + down(act(gate) up), with gate and up of x behind its norm."""
    mlp = layer.mlp
    normed = _norm(layer.post_attention_layernorm, x)
    gate = mlp.gate_proj(normed)
    silu = layer.self_attn.config.hidden_act == "silu"
    gate = torch.nn.functional.silu(gate, inplace=True) if silu else mlp.act_fn(gate)
    changed: torch.Tensor = mlp.down_proj(gate.mul_(mlp.up_proj(normed)))
    return changed.add_(x)
