"""Words of many texts as sparse matrices, and the pairs of words of a question and its choice.

In: code points of texts. Out: CSR matrices of ones. Never: a word list that depends on anything
but the words themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from underdog.data.probes.ngrams import CLOSE, OPEN, Codes, once, ones_at, spread
from underdog.data.probes.sheet import Integers

_BASE = 0x9E3779B97F4A7C15
"""2**64 / golden ratio, odd, so that it has an inverse modulo 2**64 (Knuth, TAOCP 3, 6.4)."""
_SHAPE = 8
"""Runs of one kind of character that a shape looks at."""


class Found(NamedTuple):
    """Words in reading order: the text each stands in and its hash of 64 bits."""

    rows: Integers
    hashes: Any


def find_words(codes: Codes, *, first: int = 1 << 30) -> Found:
    """Runs of letters and digits, each known by its `first` characters."""
    edges = np.diff(codes.each(str.isalnum).astype(np.int8), prepend=0, append=0)
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return Found(
        codes.rows[starts], _hash_runs(codes.points, starts, np.minimum(ends, starts + first))
    )


def find_shapes(codes: Codes) -> Found:
    """The shape of each text as one word: "The 12 apostles" is capital, small, blank, digit, .."""
    kinds = codes.points.copy()
    for kind, test in ((1, str.islower), (4, str.isupper), (5, str.isdigit)):
        kinds[codes.each(test)] = kind
    kept = np.flatnonzero(np.diff(kinds, prepend=0) != 0)
    kinds = kinds[kept]
    starts, ends = np.flatnonzero(kinds == OPEN), np.flatnonzero(kinds == CLOSE)
    rows = codes.rows[kept][starts]
    return Found(rows, _hash_runs(kinds, starts, np.minimum(ends, starts + 1 + _SHAPE)))


def _hash_runs(points: Any, starts: Any, ends: Any) -> Any:
    """A hash per run: the sum of point * BASE**-(place in the run), modulo 2**64, all at once as
    differences of prefix sums.
    """
    sums = np.zeros(len(points) + 1, np.uint64)
    np.cumsum(
        points.astype(np.uint64) * _powers(pow(_BASE, -1, 1 << 64), len(points)), out=sums[1:]
    )
    return (sums[ends] - sums[starts]) * _powers(_BASE, len(points))[starts]


def _powers(base: int, count: int) -> Any:
    """BASE**0, BASE**1, .. modulo 2**64."""
    factors = np.full(count, base, np.uint64)
    factors[0] = 1
    return np.cumprod(factors)


def index_words(parts: Sequence[tuple[Found, int]]) -> list[Any]:
    """One matrix (texts, vocabulary) per part of words and number of texts, with shared columns."""
    vocabulary, places = np.unique(
        np.concatenate([found.hashes for found, _ in parts]), return_inverse=True
    )
    matrices, start = [], 0
    for found, texts in parts:
        columns = places[start : start + len(found.hashes)]
        start += len(found.hashes)
        matrices.append(once(ones_at(found.rows, columns, (texts, len(vocabulary)))))
    return matrices


def cross(left: Any, right: Any, owner: Integers, *, bits: int) -> Any:
    """Pairs of a column of `left` (n rows) and one of `right` (m rows), hashed to 2**bits columns,
    fewer where there are few pairs.

    Row i pairs what stands in row i of `right` with what stands in row `owner[i]` of `left`. Equal
    pairs hash equal; a row may hold a place twice, which sums treat as two.
    """
    from scipy.sparse import csr_matrix

    many, few = np.diff(left.indptr)[owner], np.diff(right.indptr)
    sizes = many * few
    ends = np.cumsum(sizes)
    bits = min(bits, int(ends[-1]).bit_length() + 2)
    within = np.arange(ends[-1]) - np.repeat(ends - sizes, sizes)
    width = np.repeat(few, sizes)
    first = left.indices[np.repeat(left.indptr[owner], sizes) + within // width]
    second = right.indices[np.repeat(right.indptr[:-1], sizes) + within % width]
    hashes = first.astype(np.uint32) * np.uint32(0x9E3779B1) + second.astype(np.uint32)
    ones = np.ones(len(hashes), np.float32)
    columns = spread(hashes, bits)
    starts = np.concatenate([[0], ends])
    return csr_matrix((ones, columns, starts), shape=(len(few), 1 << bits))
