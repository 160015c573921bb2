"""Keys and values of replies in work, and the forward passes that make and use them.

In: a causal language model and token ids. Out: logits at the positions wanted, and the rows' keys
and values, which later tokens attend to. Rows of different lengths stand flush right: padding is
on the left, hidden by a mask, and positions are counted without it. Never: a token chosen, a
prompt computed twice.

Shape letters: B rows, L tokens, P wanted positions, V vocabulary; per layer H heads, D per head.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from transformers import DynamicCache

from underdog.adapters.positions import logits_at
from underdog.errors import RunError


class KeyValues:
    """B rows of L places each; `seen_BL` is true where a real token stands."""

    def __init__(self, cache: Any, seen: torch.Tensor) -> None:
        self.cache, self.seen_BL = cache, seen

    @property
    def rows(self) -> int:
        """How many replies."""
        return int(self.seen_BL.shape[0])

    def keep(self, rows: Sequence[int]) -> KeyValues | None:
        """These rows only, without the padding that none of them needs; None without rows."""
        if not rows:
            return None
        chosen = torch.tensor(rows, device=self.seen_BL.device)
        seen_BL = self.seen_BL[chosen]
        first = int(seen_BL.any(dim=0).int().argmax())
        for layer in self.cache.layers:
            layer.keys = layer.keys[chosen][:, :, first:].contiguous()
            layer.values = layer.values[chosen][:, :, first:].contiguous()
        return KeyValues(self.cache, seen_BL[:, first:])

    def join(self, other: KeyValues) -> KeyValues:
        """The rows of both, this one's first; `other` must not be used afterwards."""
        width = max(self.seen_BL.shape[1], other.seen_BL.shape[1])
        for layer, guest in zip(self.cache.layers, other.cache.layers, strict=True):
            layer.keys = torch.cat([_widened(layer.keys, width), _widened(guest.keys, width)])
            layer.values = torch.cat([_widened(layer.values, width), _widened(guest.values, width)])
        both = [_padded_left(each.seen_BL, width) for each in (self, other)]
        return KeyValues(self.cache, torch.cat(both))


class Piece(NamedTuple):
    """Logits of a piece of the prompts: `logits[i]` (of P x V) is given out at token `places[i]` of
    row `rows[i]`, and predicts the token after it.
    """

    logits: torch.Tensor
    rows: list[int]
    places: list[int]


class Prefilled(NamedTuple):
    """`last` (B x V) predicts the first token after each prompt."""

    held: KeyValues
    last: torch.Tensor


def read_prompts(
    model: Any, prompts: Sequence[Sequence[int]], *, limit: int | None
) -> Iterator[Piece | Prefilled]:
    """Read prompts together; the last value is `Prefilled`.

    With a `limit`, logits at every position come too, in pieces of about that many positions (at
    least one per row): nothing of size B x L x V is ever built. Without one there are no pieces.
    """
    width = max(map(len, prompts))
    filled = [[0] * (width - len(each)) + list(each) for each in prompts]
    tokens_BL = torch.tensor(filled, device=model.device)
    starts_B1 = torch.tensor([[width - len(each)] for each in prompts], device=model.device)
    columns_L = torch.arange(width, device=model.device)
    seen_BL = columns_L >= starts_B1
    cache = DynamicCache()
    stride = width if limit is None else max(1, limit // len(prompts))
    for begin in range(0, width, stride):
        end = min(begin + stride, width)
        wanted_BL = seen_BL[:, begin:end].clone()
        if limit is None:
            wanted_BL[:, :-1] = False
        logits_PV = _forward(model, tokens_BL[:, begin:end], seen_BL[:, :end], wanted_BL, cache)
        rows_P, columns_P = wanted_BL.nonzero(as_tuple=True)
        if limit is not None:
            places_P = columns_P + begin - starts_B1[rows_P, 0]
            yield Piece(logits_PV, rows_P.tolist(), places_P.tolist())
    last_BV = logits_PV[columns_P == end - begin - 1]
    yield Prefilled(KeyValues(cache, seen_BL), last_BV)


def read_tokens(model: Any, held: KeyValues, tokens: Sequence[int]) -> torch.Tensor:
    """One more token of every row; gives [B, V] logits, and `held` grows by a place."""
    tokens_B1 = torch.tensor(tokens, device=model.device)[:, None]
    fresh_B1 = torch.ones_like(tokens_B1, dtype=torch.bool)
    held.seen_BL = torch.cat([held.seen_BL, fresh_B1], dim=1)
    return _forward(model, tokens_B1, held.seen_BL, fresh_B1, held.cache)


def _forward(
    model: Any, tokens: torch.Tensor, seen: torch.Tensor, wanted: torch.Tensor, cache: Any
) -> torch.Tensor:
    """`seen` covers what is in the cache and `tokens`; the cache takes the keys and values."""
    positions_BL = (seen.cumsum(dim=1) - 1).clamp(min=0)[:, -tokens.shape[1] :]
    logits_PV = logits_at(
        model,
        wanted,
        input_ids=tokens,
        attention_mask=seen.long(),
        position_ids=positions_BL,
        past_key_values=cache,
    ).float()
    if logits_PV.numel() and not math.isfinite(float(logits_PV.sum())):
        raise RunError("a model whose logits are finite numbers", got="NaN or infinity")
    return logits_PV


def _widened(states: torch.Tensor, width: int) -> torch.Tensor:
    """[B, H, L, D] to [B, H, width, D], zeros on the left."""
    return torch.nn.functional.pad(states, (0, 0, width - states.shape[2], 0))


def _padded_left(seen: torch.Tensor, width: int) -> torch.Tensor:
    return torch.nn.functional.pad(seen, (width - seen.shape[1], 0), value=False)
