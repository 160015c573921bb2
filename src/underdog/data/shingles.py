"""Questions as sets of 40-bit numbers, and how much two sets have in common.

In: a word table. Out: one sorted set per question, of words, letters or choices, and the true
Jaccard index of pairs. A set depends on its question alone, never on Python's hash seed or on other
questions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from underdog.data.word_table import Hashes, Integers, WordTable, join_bounds

_Number = TypeVar("_Number", np.uint64, np.int64)
_MIX = np.uint64(0x9E3779B97F4A7C15)
HASH_BITS = 40
"""Of each 64-bit hash the upper 40 bits are kept; the others hold the question's number."""
_HASH_BITS = np.uint64(HASH_BITS)
_LOST_BITS = np.uint64(64 - HASH_BITS)
_RUN = 5
"""Letters in a run: as many bytes as fit into 40 bits, so that runs need no hash."""
_ELEMENTS_AT_ONCE = 8_000_000


class ShingleSets(NamedTuple):
    """Set i is `flat[bounds[i]:bounds[i + 1]]`, sorted and without repeats."""

    flat: Hashes
    bounds: Integers

    @property
    def size(self) -> int:
        """How many sets."""
        return len(self.bounds) - 1

    def take(self, places: Integers) -> ShingleSets:
        """The sets at `places`, in that order."""
        sizes = np.diff(self.bounds)[places]
        bounds = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
        shift = np.repeat(self.bounds[:-1][places] - bounds[:-1], sizes)
        return ShingleSets(self.flat[np.arange(bounds[-1]) + shift], bounds)


def join_sets(sets: Sequence[ShingleSets]) -> ShingleSets:
    """The sets of all blocks, one after another."""
    return ShingleSets(
        np.concatenate([each.flat for each in sets]), join_bounds([each.bounds for each in sets])
    )


def text_sets(table: WordTable) -> ShingleSets:
    """Words and pairs of neighbouring words of the text."""
    chosen = table.is_text()[table.word_parts()]
    hashes, rows = table.hashes[chosen], _word_rows(table)[chosen]
    together = rows[1:] == rows[:-1]
    pairs = (hashes[:-1] * _MIX) ^ (hashes[1:] >> np.uint64(1))
    return _gather(
        np.concatenate([hashes, pairs[together]]),
        np.concatenate([rows, rows[1:][together]]),
        count=table.size,
    )


def meaning_sets(table: WordTable) -> ShingleSets:
    """The words of the text that are no function words."""
    chosen = table.is_text()[table.word_parts()] & ~table.function
    return _gather(table.hashes[chosen], _word_rows(table)[chosen], count=table.size)


def choice_sets(table: WordTable) -> ShingleSets:
    """Each choice as a whole."""
    chosen = ~table.is_text()
    return _gather(table.wholes[chosen], table.part_rows()[chosen], count=table.size)


def spelling_sets(table: WordTable) -> ShingleSets:
    """Runs of five letters of the text and of each choice, written without spaces between two marks
    for its ends. A run never reaches from one part into another.
    """
    letter_parts = np.repeat(table.word_parts(), np.diff(table.letter_bounds))
    sizes = np.bincount(letter_parts, minlength=len(table.wholes))
    padded = np.where(sizes > 0, np.maximum(sizes + 2, _RUN), 0)
    ends = np.cumsum(padded)
    starts = ends - padded
    written = np.full(int(padded.sum()), ord("|"), np.uint8)
    place = np.arange(len(table.letters)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    written[place + np.repeat(starts + 1, sizes)] = table.letters
    inside = np.arange(len(written)) + _RUN <= np.repeat(ends, padded)
    runs = np.zeros(len(written), np.uint64)
    for distance in range(_RUN):
        runs[: len(runs) - distance] |= written[distance:].astype(np.uint64) << np.uint64(
            8 * (_RUN - 1 - distance)
        )
    rows = np.repeat(table.part_rows(), padded)
    return _gather(runs[inside] << _LOST_BITS, rows[inside], count=table.size)


def _word_rows(table: WordTable) -> Integers:
    return table.part_rows()[table.word_parts()]


def _gather(hashes: Hashes, rows: Integers, *, count: int) -> ShingleSets:
    """Sets from (hash, row) pairs. Both share 64 bits, so that one sort brings them in order.

    40 bits are kept of each hash: among the 460,000 different shingles of 54,000 questions one
    accidental match is expected in ten sets (n^2 / 2^41), and it would change one pair by 1/30.
    """
    assert count <= 1 << 24, "at most 16.7 million questions"
    keys = distinct((rows.astype(np.uint64) << _HASH_BITS) | (hashes >> _LOST_BITS))
    bounds = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount((keys >> _HASH_BITS).astype(np.int64), minlength=count), out=bounds[1:])
    return ShingleSets(keys & ((np.uint64(1) << _HASH_BITS) - np.uint64(1)), bounds)


def distinct(values: NDArray[_Number]) -> NDArray[_Number]:
    """Sorted values without repeats. By sorting: np.unique of numpy 2.3+ hashes integers, which
    took 11 s here where this takes 0.3 s (8.2 M values, numpy 2.4.6, 2026-11-20).
    """
    ordered = np.sort(values)
    fresh = np.ones(len(ordered), bool)
    fresh[1:] = ordered[1:] != ordered[:-1]
    return ordered[fresh]


def shared_counts(sets: ShingleSets, pairs: Integers) -> Integers:
    """How many elements the two sets of each pair have in common. `pairs` has shape (pairs, 2)."""
    from scipy.sparse import csr_array

    used = distinct(pairs.reshape(-1))
    chosen = sets.take(used)
    places = np.searchsorted(used, pairs)
    ones = np.ones(len(chosen.flat), np.int32)
    matrix = csr_array(
        (ones, chosen.flat.astype(np.int64), chosen.bounds), shape=(len(used), 1 << HASH_BITS)
    )
    shared = np.zeros(len(pairs), np.int64)
    for part in _portions(np.diff(sets.bounds)[pairs].sum(axis=1)):
        both = matrix[places[part, 0]].multiply(matrix[places[part, 1]])
        shared[part] = np.diff(both.tocsr().indptr)
    return shared


def _portions(sizes: Integers) -> Iterator[slice]:
    """Slices of pairs that together hold at most so many elements."""
    numbers = np.cumsum(sizes) // _ELEMENTS_AT_ONCE
    cuts = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(sizes)]
    return (slice(one, other) for one, other in pairwise(cuts))


def jaccard(sets: ShingleSets, pairs: Integers) -> NDArray[np.float64]:
    """The true Jaccard index of each pair, shape (pairs, 2); 0 where both sets are empty."""
    shared = shared_counts(sets, pairs)
    sizes = np.diff(sets.bounds)
    whole = sizes[pairs[:, 0]] + sizes[pairs[:, 1]] - shared
    return shared / np.maximum(whole, 1)
