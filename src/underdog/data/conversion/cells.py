"""Answers sorted into cells of their like: the choices of a question come from the cell of its key.

In: what is known about each answer, as codes from coarse to fine, its length and its vector. Out:
the cell of each answer. Never: a trace of which answer a question is asked for: whoever shares a
cell with a, a shares a cell with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from underdog.data.conversion.meaning import Vectors
from underdog.data.conversion.word_hashes import Hashes, Integers

Floats = NDArray[np.floating[Any]]

LEAST = 24
"""Answers that are enough for a cell of their own when they agree in form or in what is asked for.

Measured on 2026-11-21 on OpenTriviaQA: from 12 to 24 a probe sees no difference; below, the same
choices come back too often."""
_ALIKE_LENGTH = 1.3
"""Cells are cut by length until nine in ten of their answers are within this ratio ..."""
_LENGTH_SLACK = 4
"""... or this many characters of each other."""


def cut_cells(
    codes: Sequence[Integers],
    lengths: Integers,
    vectors: Vectors,
    hashes: Hashes,
    *,
    size: int,
) -> Integers:
    """The number of each answer's cell (n), from 0.

    The first code parts answers strictly; the others part them where at least LEAST stay together.
    What is left with 2 * `size` or more is halved, by length or by meaning. `hashes` settle ties.
    """
    nodes: Integers = np.zeros(len(hashes), np.int64)
    for at, code in enumerate(codes):
        nodes = _split_by_code(nodes, code, least=1 if at == 0 else LEAST)
    while True:
        large = (np.bincount(nodes, minlength=1) >= 2 * size)[nodes]
        if not large.any():
            return nodes
        rows = np.flatnonzero(large)
        _, local = np.unique(nodes[rows], return_inverse=True)
        upper = _upper_half(local, lengths[rows], vectors[rows], hashes[rows])
        nodes[rows] += upper * (int(nodes.max()) + 1)
        _, nodes = np.unique(nodes, return_inverse=True)


def _split_by_code(nodes: Integers, code: Integers, *, least: int) -> Integers:
    """Parts of each node by code. Parts below `least` are put together, and if they are still too
    few, with the smallest other part of their node.
    """
    _, parts, counts = np.unique(
        nodes * (int(code.max(initial=0)) + 1) + code, return_inverse=True, return_counts=True
    )
    home = np.zeros(len(counts), np.int64)
    home[parts] = nodes
    small = counts < least
    target = np.where(small, len(counts) + home, np.arange(len(counts)))
    rest = np.bincount(home, weights=np.where(small, counts, 0), minlength=1)
    large = np.flatnonzero(~small)
    order = large[np.lexsort((counts[large], home[large]))]
    homes, firsts = np.unique(home[order], return_index=True)
    smallest = np.full(len(rest), -1)
    smallest[homes] = order[firsts]
    joined = small & (rest[home] < least) & (smallest[home] >= 0)
    target[joined] = smallest[home[joined]]
    _, merged = np.unique(target[parts], return_inverse=True)
    return merged


def _upper_half(nodes: Integers, lengths: Integers, vectors: Vectors, hashes: Hashes) -> Integers:
    """For each row 1 or 0: the upper half of its node by length where lengths differ much, else
    along a line between two answers that are far apart.
    """
    counts = np.bincount(nodes)
    starts = np.cumsum(counts) - counts
    by_length = np.lexsort((lengths, nodes))
    low = lengths[by_length[starts + counts // 20]]
    high = lengths[by_length[starts + (counts * 19) // 20]]
    uneven = high > _ALIKE_LENGTH * low + _LENGTH_SLACK
    key = np.where(uneven[nodes], lengths, _project(nodes, vectors, hashes))
    order = np.lexsort((hashes, key, nodes))
    ranks = np.empty(len(nodes), np.int64)
    ranks[order] = np.arange(len(nodes)) - starts[nodes[order]]
    return (ranks >= (counts // 2)[nodes]).astype(np.int64)


def _project(nodes: Integers, vectors: Vectors, hashes: Hashes) -> Floats:
    """Each row along the line between two rows of its node: one far from the first, and one far
    from that.
    """
    one = _least(nodes, hashes)
    two = _least(nodes, _dot(vectors, vectors[one][nodes]))
    three = _least(nodes, _dot(vectors, vectors[two][nodes]))
    return _dot(vectors, (vectors[three] - vectors[two])[nodes])


def _dot(left: Any, right: Any) -> Floats:
    """Exact: sums of whole numbers below 2**24."""
    product: Floats = np.einsum("nd,nd->n", left, right)
    return product


def _least(nodes: Integers, values: Any) -> Integers:
    """The first row of each node with the lowest value."""
    order = np.lexsort((values, nodes))
    return order[np.searchsorted(nodes[order], np.arange(int(nodes.max()) + 1))]
