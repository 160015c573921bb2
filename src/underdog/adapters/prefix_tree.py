"""Rows of a batch as one tree: no padding, and what rows begin with alike is computed once.

With causal attention the hidden state of a token depends on the tokens before it only. So tokens
that two rows have in common from their beginning on ("Question: Which of") have the same states
in both, and are one node here. All that works token by token (linear layers, norms, rotary
positions) sees the nodes, (1, N, ...). Attention alone needs rows: queries, keys and values are
spread over them, (B, L, ...), and of what it gives the first row of every node is kept. What this
saves is in docs/benchmarks.md.

In: rows of token ids. Out: a tree and the two maps with their exact gradients: what several rows
send back to a node is added up, in a fixed order. Never: a state that a padded row would not have,
but for rounding; a gradient from padding.

Shapes: B rows, L tokens of the longest, N nodes, M repeated places, D width of a head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch.autograd.function import once_differentiable


@dataclass(frozen=True, slots=True)
class PrefixTree:
    """Nodes are numbered as they come, row by row. `tokens` (N,) are their ids and `depths` (N,)
    their places in a row; `nodes` (B, L) says which node stands where (0 in padding, which nothing
    reads). `firsts` (N,) are their first places in the flat B x L, `repeats` (M,) the other ones,
    and `repeated` (M,) the nodes there.
    """

    tokens: torch.Tensor
    depths: torch.Tensor
    nodes: torch.Tensor
    firsts: torch.Tensor
    repeats: torch.Tensor
    repeated: torch.Tensor

    def to(self, device: torch.device) -> PrefixTree:
        """The same tree on another device."""
        return PrefixTree(*(getattr(self, each.name).to(device) for each in fields(self)))


def grow_tree(rows: Sequence[Sequence[int]]) -> PrefixTree:
    """The tree of rows of token ids, none of them empty."""
    longest = max(map(len, rows))
    children: dict[tuple[int, int], int] = {}
    depths: list[int] = []
    firsts: list[int] = []
    repeats: list[tuple[int, int]] = []
    nodes = []
    for number, row in enumerate(rows):
        node, path = -1, []
        for depth, token in enumerate(row):
            place = number * longest + depth
            node = children.setdefault((node, token), len(children))
            if node == len(firsts):
                depths.append(depth)
                firsts.append(place)
            else:
                repeats.append((place, node))
            path.append(node)
        nodes.append(path + [0] * (longest - len(row)))
    at = torch.tensor(repeats, dtype=torch.long).view(-1, 2)
    return PrefixTree(
        tokens=torch.tensor([token for _, token in children], dtype=torch.long),
        depths=torch.tensor(depths, dtype=torch.long),
        nodes=torch.tensor(nodes, dtype=torch.long),
        firsts=torch.tensor(firsts, dtype=torch.long),
        repeats=at[:, 0].contiguous(),
        repeated=at[:, 1].contiguous(),
    )


class OverRows(torch.autograd.Function):
    """Heads of the nodes (1, heads, N, D) as those of rows (B, heads, L, D)."""

    @staticmethod
    def forward(ctx: Any, heads: torch.Tensor, tree: PrefixTree) -> torch.Tensor:
        """One pass over memory; (B, L, heads, D) in memory."""
        ctx.tree = tree
        spread = _flat(heads).index_select(0, tree.nodes.view(-1))
        return _heads(spread, tree.nodes.shape, heads)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Of a node's first place, and then its other places added in their order."""
        tree: PrefixTree = ctx.tree
        rows = _flat(gradients[0])
        nodes = rows.index_select(0, tree.firsts)
        nodes.index_add_(0, tree.repeated, rows.index_select(0, tree.repeats))
        return _heads(nodes, (1, len(nodes)), gradients[0]), None


class AtNodes(torch.autograd.Function):
    """What rows have at the first places of nodes: (B, L, X) to (1, N, X)."""

    @staticmethod
    def forward(ctx: Any, rows: torch.Tensor, tree: PrefixTree) -> torch.Tensor:
        """One pass over memory."""
        ctx.tree, ctx.shape = tree, rows.shape
        return rows.reshape(-1, rows.shape[-1]).index_select(0, tree.firsts).unsqueeze(0)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Zero in padding and at repeated places, which are not read."""
        width = ctx.shape[-1]
        back = gradients[0].new_zeros(ctx.shape)
        back.view(-1, width).index_copy_(0, ctx.tree.firsts, gradients[0].reshape(-1, width))
        return back, None


def _flat(heads: torch.Tensor) -> torch.Tensor:
    """(B, heads, L, D) as (B x L, heads x D), without a copy where memory lies so."""
    rows, count, length, width = heads.shape
    return heads.transpose(1, 2).reshape(rows * length, count * width)


def _heads(flat: torch.Tensor, shape: Sequence[int], like: torch.Tensor) -> torch.Tensor:
    """The way back, for `shape` (B, L) and the heads of `like`."""
    return flat.view(*shape, like.shape[1], like.shape[3]).transpose(1, 2)
