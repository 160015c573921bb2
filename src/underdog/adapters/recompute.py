"""Activation checkpointing as a dial: some blocks are computed twice instead of being kept.

In: a transformers model. Out: the same model, of whose blocks every n-th, from the first on, keeps
its input only. Never: another result. `last_layer` keeps the last block as it is, which has little
to keep.

Source: Chen et al. 2016, arXiv 1604.06174, section 4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from transformers.modeling_layers import GradientCheckpointingLayer

from underdog.errors import InputError


@contextmanager
def recomputing(model: Any, *, every_n_layers: int) -> Iterator[int]:
    """For 0 nothing is changed. Gives the number of blocks that are computed twice; put back
    afterwards. Raises InputError for a model that cannot.
    """
    if every_n_layers == 0:
        yield 0
        return
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    _named(base, "checkpointing_enable")({"use_reentrant": False})
    try:
        yield _thin_out(base, every_n_layers)
    finally:
        _named(base, "checkpointing_disable")()


def _thin_out(base: Any, every_n_layers: int) -> int:
    """Older versions of transformers know all blocks or none, but each block has a switch."""
    switched = 0
    blocks = [each for each in base.modules() if isinstance(each, GradientCheckpointingLayer)]
    for place, layer in enumerate(blocks):
        layer.gradient_checkpointing = place % every_n_layers == 0
        switched += layer.gradient_checkpointing
    return switched


def _named(model: Any, action: str) -> Callable[..., None]:
    """A method that transformers 5.17 calls gradient_... and later versions activation_..."""
    for kind in ("activation", "gradient"):
        method: Callable[..., None] | None = getattr(model, f"{kind}_{action}", None)
        if method is not None:
            return method
    raise InputError("a model that can compute activations again", got=type(model).__name__)
