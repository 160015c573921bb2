"""The beginning that all prompts share (instruction, worked examples), run once and then read.

In: a model and token ids. Out: the keys and values of every layer at those positions, and a cache
of `transformers` that puts them before the own tokens of every row. Never: a second run of the same
beginning with the same adapter, a copy of it per row beyond the layer at work.

Shapes: B rows, K key heads, P positions of the beginning, L own tokens, D numbers per head.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from transformers import Cache, DynamicCache
from transformers.cache_utils import DynamicLayer

SHORTEST = 16
"""Tokens from which a beginning is worth keeping: below, the mask that it needs costs more than the
few tokens it saves (plain prompts without examples share two)."""
MOST_KEPT = 16
"""Beginnings kept in memory, the most recently used: one per adapter and way of asking."""


class Prefix(NamedTuple):
    """Keys and values by layer, each (1, K, P, D)."""

    length: int
    layers: tuple[tuple[torch.Tensor, torch.Tensor], ...]


class PrefixRows(NamedTuple):
    """The next `rows` rows of a batch begin with `prefix`."""

    prefix: Prefix
    rows: int


@torch.inference_mode()
def run_prefix(model: Any, token_ids: Sequence[int]) -> Prefix:
    """One row through the layers, with the adapter that is in use; no logits are built."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    tokens_1P = torch.tensor([list(token_ids)], device=model.device)
    cache = DynamicCache()
    inner.base_model(input_ids=tokens_1P, past_key_values=cache, use_cache=True)
    layers: Any = cache.layers
    return Prefix(len(token_ids), tuple((layer.keys, layer.values) for layer in layers))


class PrefixMemory:
    """Beginnings by adapter and token ids. For models whose weights stay as they are."""

    def __init__(self) -> None:
        """Empty."""
        self._kept: dict[tuple[str | None, tuple[int, ...]], Prefix] = {}

    def get(self, model: Any, adapter: str | None, token_ids: tuple[int, ...]) -> Prefix:
        """The kept one, or a fresh run of a model on which `adapter` is in use."""
        key = (adapter, token_ids)
        found = self._kept.pop(key, None)
        if found is None:
            found = run_prefix(model, token_ids)
        self._kept[key] = found
        while len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        return found


def cache_of(parts: Sequence[PrefixRows]) -> Cache:
    """What a model takes as `past_key_values` for a batch of all these rows, in this order."""
    layers = zip(*(part.prefix.layers for part in parts), strict=True)
    rows = [part.rows for part in parts]
    return Cache(layers=[_ReadOnlyLayer(layer, rows) for layer in layers])


class _ReadOnlyLayer(DynamicLayer):  # type: ignore[misc]  # transformers ships no types
    """Gives the beginning followed by what is new, and keeps nothing."""

    def __init__(
        self, parts: Sequence[tuple[torch.Tensor, torch.Tensor]], rows: Sequence[int]
    ) -> None:
        super().__init__()
        self._rows = rows
        self._keys = [keys for keys, _ in parts]
        self._values = [values for _, values in parts]
        self.keys, self.values = parts[0]
        self.dtype, self.device = self.keys.dtype, self.keys.device
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, K, L, D) each, to (B, K, P + L, D)."""
        return self._before(self._keys, key_states), self._before(self._values, value_states)

    def _before(self, kept: Sequence[torch.Tensor], new: torch.Tensor) -> torch.Tensor:
        expanded = [
            each.expand(count, -1, -1, -1) for each, count in zip(kept, self._rows, strict=True)
        ]
        whole = expanded[0] if len(expanded) == 1 else torch.cat(expanded)
        return torch.cat([whole, new], dim=-2)
