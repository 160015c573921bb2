"""Cells of answers that are of a like."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.data.conversion.cells import LEAST, cut_cells
from underdog.data.conversion.meaning import DIMENSIONS
from underdog.data.conversion.word_hashes import mix


def columns(n: int, seed: int) -> tuple[list, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    codes = [rng.integers(0, 3, n), rng.integers(0, 12, n), rng.integers(0, 40, n)]
    vectors = rng.integers(-300, 300, (n, DIMENSIONS)).astype(np.float32)
    return codes, rng.integers(1, 40, n), vectors, mix(np.arange(n, dtype=np.uint64))


@given(st.integers(1, 1500), st.integers(0, 2**32), st.integers(24, 120))
@settings(max_examples=15)
def test_cells_are_of_one_kind_and_of_the_asked_size(n: int, seed: int, size: int) -> None:
    """No cell holds two values of the first code or 2 * `size` answers; a cell below LEAST holds
    all that there is of its kind.
    """
    codes, lengths, vectors, hashes = columns(n, seed)
    cells = cut_cells(codes, lengths, vectors, hashes, size=size)
    kinds = Counter(codes[0].tolist())
    for cell, count in Counter(cells.tolist()).items():
        (kind,) = set(codes[0][cells == cell].tolist())
        assert count < 2 * size
        assert count >= min(LEAST, kinds[kind])


@given(st.integers(0, 2**32))
@settings(max_examples=10)
def test_rows_in_another_order_share_the_same_cells(seed: int) -> None:
    """Who shares a cell with whom does not depend on the order of rows."""
    codes, lengths, vectors, hashes = columns(400, seed)
    order = np.random.default_rng(seed).permutation(400)
    cells = cut_cells(codes, lengths, vectors, hashes, size=30)
    turned = cut_cells(
        [code[order] for code in codes], lengths[order], vectors[order], hashes[order], size=30
    )
    assert np.array_equal(cells[order], turned)


def test_lengths_come_together() -> None:
    """Short and long answers part before meanings do."""
    n = 200
    lengths = np.where(np.arange(n) % 2, 5, 50)
    none = np.zeros(n, np.int64)
    _, _, vectors, hashes = columns(n, 1)
    cells = cut_cells([none], lengths, vectors, hashes, size=60)
    assert all(len(set(lengths[cells == cell])) == 1 for cell in set(cells.tolist()))


def test_meanings_come_together() -> None:
    """Of equally long answers, those whose vectors point the same way share a cell."""
    n = 200
    none = np.zeros(n, np.int64)
    _, _, vectors, hashes = columns(n, 2)
    side = np.arange(n) % 2
    vectors[:, 0] += np.where(side, 1500, -1500)
    cells = cut_cells([none], none + 9, vectors, hashes, size=60)
    assert all(len(set(side[cells == cell])) == 1 for cell in set(cells.tolist()))


def test_equal_answers_are_parted_by_their_hashes() -> None:
    """Even answers that nothing tells apart end in cells of the asked size."""
    n = 300
    none = np.zeros(n, np.int64)
    vectors = np.zeros((n, DIMENSIONS), np.float32)
    cells = cut_cells([none], none + 9, vectors, mix(np.arange(n, dtype=np.uint64)), size=40)
    assert max(Counter(cells.tolist()).values()) < 80
