"""Texts as rows of hashed n-grams of characters, all texts at once.

In: texts. Out: a sparse matrix of ones, one row per text. Never: a row that depends on the others,
or a hash that differs between runs or machines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from underdog.data.probes.sheet import Integers

OPEN, CLOSE = 2, 3
"""Control characters (start and end of text) that bound each text, so that n-grams know its ends.

The same characters inside a text are replaced by a blank.
"""
_BLANKS = {OPEN: " ", CLOSE: " "}
_STEP = np.uint32(0x9E3779B1)  # 2**32 / golden ratio, odd: Knuth, TAOCP 3, section 6.4
_MIX = np.uint32(0x85EBCA6B)  # first multiplier of MurmurHash3's final mix (Appleby, 2011)


class Codes(NamedTuple):
    """All texts as one line of code points between OPEN and CLOSE, and the text of each place."""

    points: Any
    rows: Integers

    @property
    def texts(self) -> int:
        """How many texts there are."""
        return int(self.rows[-1]) + 1

    def each(self, test: Callable[[str], bool]) -> Any:
        """Whether the character at each place passes a test of single characters."""
        present = np.flatnonzero(np.bincount(self.points))
        table = np.zeros(int(present[-1]) + 1, dtype=bool)
        table[present] = [test(chr(point)) for point in present.tolist()]
        return table[self.points]


def read_codes(texts: Sequence[str]) -> Codes:
    """The code points of all texts; at least one text."""
    joined = (chr(CLOSE) + chr(OPEN)).join(
        text if text.isprintable() else text.translate(_BLANKS) for text in texts
    )
    line = f"{chr(OPEN)}{joined}{chr(CLOSE)}"
    points = np.frombuffer(line.encode("utf-32-le", "surrogatepass"), np.uint32)
    return Codes(points, np.cumsum(points == OPEN, dtype=np.int32) - 1)


def hash_ngrams(codes: Codes, length: int, *, bits: int) -> Any:
    """A CSR matrix (texts, 2**bits) of the n-grams of this length: a one for each occurrence."""
    hashes = np.zeros(len(codes.points), np.uint32)
    for size in range(1, length + 1):
        hashes = hashes[: len(codes.points) - size + 1] * _STEP + codes.points[size - 1 :]
    inside = codes.rows[: len(hashes)] == codes.rows[length - 1 :]
    shape = (codes.texts, 1 << bits)
    return ones_at(codes.rows[: len(hashes)][inside], spread(hashes[inside], bits), shape)


def spread(hashes: Any, bits: int) -> Any:
    """Hashes of 32 bits cut to some bits, all of which depend on the whole hash."""
    mixed = (hashes ^ (hashes >> np.uint32(16))) * _MIX
    return ((mixed ^ (mixed >> np.uint32(13))) & np.uint32((1 << bits) - 1)).astype(np.int32)


def ones_at(rows: Any, columns: Any, shape: tuple[int, int]) -> Any:
    """A CSR matrix of ones at places given row by row; a place that is given twice counts twice."""
    from scipy.sparse import csr_matrix

    starts = np.searchsorted(rows, np.arange(shape[0] + 1))
    return csr_matrix((np.ones(len(columns), np.float32), columns, starts), shape=shape)


def once(matrix: Any) -> Any:
    """The same with a one wherever there was something."""
    matrix.sum_duplicates()
    matrix.data[:] = 1.0
    return matrix
