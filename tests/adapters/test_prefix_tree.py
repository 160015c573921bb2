"""Rows as one tree: its shape, its two maps, and whole models on it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_last_layer import make_adapted
from transformers import LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config

from underdog.adapters.blocks import takes_trees
from underdog.adapters.fused import fused_lora
from underdog.adapters.last_layer import last_layer_where_read
from underdog.adapters.lora import trainable_parameters
from underdog.adapters.prefix_tree import AtNodes, OverRows, PrefixTree, grow_tree
from underdog.training.batches import Example, answer_loss, collate, collate_tree

ROWS = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=6), min_size=1, max_size=6)
OVER_ROWS: Any = OverRows.apply
AT_NODES: Any = AtNodes.apply


def path(tree: PrefixTree, row: int, length: int) -> list[int]:
    """The tokens of a row's nodes."""
    return [int(tree.tokens[node]) for node in tree.nodes[row, :length]]


@given(ROWS)
@settings(max_examples=40)
def test_nodes_are_the_different_beginnings_of_rows(rows: list[list[int]]) -> None:
    """One node for each, numbered as they come; every row can be read off it, every place is the
    first of its node or a repeated one.
    """
    tree = grow_tree(rows)
    beginnings = {tuple(row[:end]): None for row in rows for end in range(1, len(row) + 1)}
    assert len(tree.tokens) == len(beginnings)
    assert tree.tokens.tolist() == [beginning[-1] for beginning in beginnings]
    assert tree.depths.tolist() == [len(beginning) - 1 for beginning in beginnings]
    assert [path(tree, at, len(row)) for at, row in enumerate(rows)] == rows
    flat = tree.nodes.view(-1)
    assert flat[tree.firsts].tolist() == list(range(len(beginnings)))
    assert torch.equal(flat[tree.repeats], tree.repeated)
    places = [*tree.firsts.tolist(), *tree.repeats.tolist()]
    longest = max(map(len, rows))
    assert sorted(places) == [
        at * longest + d for at, row in enumerate(rows) for d in range(len(row))
    ]


@given(ROWS)
@settings(max_examples=15)
def test_both_maps_have_exact_gradients(rows: list[list[int]]) -> None:
    """Against numerical ones in float64, where padding is read by nothing."""
    tree, generator = grow_tree(rows), torch.Generator().manual_seed(0)
    nodes = torch.randn(1, 2, len(tree.tokens), 2, dtype=torch.float64, generator=generator)
    real = torch.zeros(tree.nodes.numel(), dtype=torch.float64)
    real[tree.firsts] = real[tree.repeats] = 1.0
    real_B1L1 = real.view(len(rows), 1, -1, 1)
    flat = torch.randn(*tree.nodes.shape, 3, dtype=torch.float64, generator=generator)
    assert torch.autograd.gradcheck(
        lambda x: OVER_ROWS(x, tree) * real_B1L1, nodes.requires_grad_(), fast_mode=True
    )
    assert torch.autograd.gradcheck(
        lambda x: AT_NODES(x, tree), flat.requires_grad_(), fast_mode=True
    )


EXAMPLES = [
    Example((3, 4, 5, 6, 7, 1), 4),
    Example((3, 4, 5, 9, 1), 3),
    Example((3, 4, 8, 8, 8, 8, 8, 2, 1), 6),
    Example((3, 4, 5, 6, 7, 1), 4),
    Example((11, 1), 1),
]
"""Common beginnings, two equal rows, one of a single token, one that is much longer."""


def loss_and_gradients(adapted: Any, batch: Any, reading: Any) -> tuple[Any, dict[str, Any]]:
    """Of a batch, with the last layer told what is read."""
    adapted.zero_grad()
    reading.wanted = batch.answers
    loss = answer_loss(adapted, batch)
    loss.backward()
    return loss, {name: w.grad.clone() for name, w in trainable_parameters(adapted).items()}


@pytest.mark.parametrize("kind", [LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config])
def test_a_tree_gives_the_loss_and_gradients_of_padded_rows(kind: type[Any]) -> None:
    """On every architecture listed, with 18 nodes in place of 5 rows of 8: whole tensors agree to
    1e-5 relative in float32.
    """
    adapted = make_adapted(kind)
    with fused_lora(adapted), last_layer_where_read(adapted) as reading:
        assert takes_trees(adapted, longest=9)
        padded = loss_and_gradients(adapted, collate(EXAMPLES), reading)
        tree = collate_tree(EXAMPLES)
        packed = loss_and_gradients(adapted, tree, reading)
    assert tree.input_ids.shape == (1, 14)
    torch.testing.assert_close(packed[0], padded[0], rtol=1e-5, atol=1e-5)
    for name, gradient in padded[1].items():
        torch.testing.assert_close(packed[1][name], gradient, rtol=1e-4, atol=1e-5)


def test_models_that_look_elsewhere_take_no_tree() -> None:
    """Outside of the fused blocks, with a window narrower than a row, and with dropout of
    attention's weights.
    """
    adapted = make_adapted(MistralConfig)
    assert not takes_trees(adapted, longest=9)
    with fused_lora(adapted):
        config = adapted.get_base_model().config
        config.sliding_window = 9
        assert takes_trees(adapted, longest=9)
        config.sliding_window = 8
        assert not takes_trees(adapted, longest=9)
        config.sliding_window = None
        adapted.get_base_model().model.layers[0].self_attn.attention_dropout = 0.1
        assert not takes_trees(adapted, longest=9)
    assert not takes_trees(torch.nn.Linear(2, 2), longest=9)
