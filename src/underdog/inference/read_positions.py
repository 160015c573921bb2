"""One forward pass that builds logits only where they are read, and the last layer only there.

After a model's last attention no position looks at another, so its last feed-forward block, final
norm and output head matter at the positions that are read and nowhere else: one of 56 for letters.
In models whose layers are not known to be like that, the head alone is spared the rest.

Shapes: B rows, L tokens, P positions that are read, H hidden numbers, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch

from underdog.adapters.blocks import KNOWN_LAYERS
from underdog.adapters.positions import logits_at

Resized = Callable[[torch.Tensor], AbstractContextManager[None]]
"""Given the mask of what is read, tells a mixed batch how many rows each adapter has there."""


def logits_where_read(
    model: Any, read: torch.Tensor, *, resized: Resized | None = None, **inputs: Any
) -> torch.Tensor:
    """The logits, (P, V), at the positions of the mask `read`, (B, L), row by row."""
    layer = _last_layer(model)
    if layer is None:
        return logits_at(model, read, **inputs)
    narrow = resized(read) if resized is not None else nullcontext()
    with _only_read(layer, read, narrow):
        logits_1PV: torch.Tensor = model(**inputs, use_cache=False).logits
    return logits_1PV[0]


def _last_layer(model: Any) -> Any:
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    layers = getattr(getattr(inner, "model", None), "layers", None)
    if not layers or type(layers[-1]).__name__ not in KNOWN_LAYERS:
        return None
    return layers[-1]


@contextmanager
def _only_read(
    layer: Any, read: torch.Tensor, narrow: AbstractContextManager[None]
) -> Iterator[None]:
    """The last layer gives (1, P, H); put back afterwards."""
    before = layer.__dict__.get("forward")

    def forward(hidden_states: torch.Tensor, **kwargs: Any) -> torch.Tensor:
        attended, _ = layer.self_attn(hidden_states=layer.input_layernorm(hidden_states), **kwargs)
        read_PH = (hidden_states + attended)[read]
        with narrow:
            changed_PH = layer.mlp(layer.post_attention_layernorm(read_PH))
        summed_PH: torch.Tensor = read_PH + changed_PH
        return summed_PH[None]

    layer.forward = forward
    try:
        yield
    finally:
        del layer.forward  # the instance's; the class's shows again
        if before is not None:
            layer.forward = before
