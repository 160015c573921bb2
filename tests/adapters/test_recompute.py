"""Blocks that are computed twice: which, how many, and back again."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from fakes import tiny_qwen2
from underdog.adapters.adapter import attach
from underdog.adapters.recompute import recomputing
from underdog.adapters.settings import AdapterSettings
from underdog.errors import InputError


def switches(model: Any) -> list[bool]:
    """Of every block."""
    return [layer.gradient_checkpointing for layer in model.get_decoder().layers]


@pytest.mark.parametrize(
    ("every", "expected"), [(1, [True, True]), (2, [True, False]), (9, [True, False])]
)
def test_every_nth_block_from_the_first_on_is_switched(every: int, expected: list[bool]) -> None:
    """With an adapter on the model or without; afterwards none is."""
    base = tiny_qwen2()
    for model in (base, attach(base, AdapterSettings(rank=2), seed=0)):
        with recomputing(model, every_n_layers=every) as switched:
            assert switches(base) == expected
            assert switched == sum(expected)
        assert switches(base) == [False, False]


def test_zero_touches_nothing_and_an_error_puts_back() -> None:
    """Not even a model that could not; and the switches are off after an error inside."""
    plain = torch.nn.Linear(2, 2)
    with recomputing(plain, every_n_layers=0) as switched:
        assert switched == 0
    base = tiny_qwen2()
    with pytest.raises(KeyError), recomputing(base, every_n_layers=1):
        raise KeyError
    assert switches(base) == [False, False]


def test_a_model_that_cannot_is_refused_by_name() -> None:
    """A plain module has no such switch."""
    refused = pytest.raises(InputError, match="compute activations again; got Linear")
    with refused, recomputing(torch.nn.Linear(2, 2), every_n_layers=1):
        pass
