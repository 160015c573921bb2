"""Finds many fixed strings in large pieces of bytes at once, at about the speed of memory.

Text is looked at in four-byte words that start at a multiple of four. Wherever an anchor of at
least seven bytes lies, an aligned word lies wholly inside it, at an offset that depends only on
where the anchor begins, modulo four. For each of the four cases the rarest such word of the anchor
is chosen and marked: its lead. One pass of numpy hashes every word of the piece into a table of
marks, at a cost that does not depend on the number of anchors.

In healthy logs a tenth of all words are a lead ("amdg", "loss"), so the aligned word behind a lead
is hashed with it into a second table, which one word in a hundred passes; only these pairs are
looked up exactly. An anchor of eleven bytes or more holds such a pair wherever it lies; in a
shorter one some leads are alone and have only the first table.

The hash is multiplicative (Knuth, The Art of Computer Programming 3, section 6.4).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

WORD = 4
PAIR = 2 * WORD
TABLE_BITS = 16
PAIR_TABLE_BITS = 17
MULTIPLIER = np.uint32(2654435761)
"""2^32 divided by the golden ratio, made odd."""
SECOND_MULTIPLIER = np.uint32(2246822519)
"""Another odd number, so that the two words of a pair do not cancel (xxHash32's second prime)."""
TESTED = (0.0, 1.0, 0.5, 0.25, 0.75)
"""Bytes that are compared at once for all candidates; what passes is compared in full."""
_COMMON = {
    **dict.fromkeys(b"etaoinsr", 6.0),
    **dict.fromkeys(b"lhdcumfpgybvwk", 2.5),
    **dict.fromkeys(b" 0123456789", 8.0),
    **dict.fromkeys(b"/._-:=,()[]", 3.0),
}
"""How often bytes stand in logs, roughly, in per cent; others 0.5. Only speed depends on it."""


class AnchorFinder:
    """The places of every anchor in a piece of bytes."""

    def __init__(self, anchors: Sequence[bytes]) -> None:
        self._anchors = list(anchors)
        leads = [
            (index, offset, anchor[offset : offset + PAIR])
            for index, anchor in enumerate(anchors)
            for offset in lead_offsets(anchor)
        ]
        self._lone = _Marks([each for each in leads if len(each[2]) < PAIR], WORD)
        self._pairs = _Marks([each for each in leads if len(each[2]) == PAIR], PAIR)
        words = np.array([_number(lead[:WORD]) for *_, lead in leads], np.uint32)
        self._table = _table(TABLE_BITS, words * MULTIPLIER)
        self._lone_table = _table(TABLE_BITS, self._lone.keys.astype(np.uint32) * MULTIPLIER)
        both = self._pairs.keys.view(np.uint32).reshape(-1, 2)
        self._pair_table = _table(PAIR_TABLE_BITS, _pair_hash(both[:, 0], both[:, 1]))
        self._lengths = np.array([len(each) for each in anchors], np.intp)
        self._tests = [_bytes_at(anchors, part) for part in TESTED]
        self._hashes = np.empty(0, np.uint32)
        self._slots = np.empty(0, np.intp)
        self._marked = np.empty(0, np.bool_)

    def find(self, text: bytes) -> list[tuple[int, int]]:
        """(place, index of the anchor), by place."""
        piece = np.frombuffer(text, np.uint8)
        words = piece[: len(piece) // WORD * WORD].view(np.uint32)
        if not len(words):
            return []
        starts, owners = self._candidates(words)
        inside = (starts >= 0) & (starts <= len(piece) - self._lengths[owners])
        starts, owners = starts[inside], owners[inside]
        for places, values in self._tests:
            same = piece[starts + places[owners]] == values[owners]
            starts, owners = starts[same], owners[same]
        pairs = zip(starts.tolist(), owners.tolist(), strict=True)
        return sorted(pair for pair in pairs if text.startswith(self._anchors[pair[1]], pair[0]))

    def _candidates(self, words: NDArray[np.uint32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Where anchors would begin, and which. Behind the last word stands, for the table, itself:
        a pair that it leads would end outside the piece, and its anchor with it.
        """
        maybe = np.flatnonzero(self._look_up(words))
        first = words[maybe]
        second = words.take(maybe + 1, mode="clip")
        slots = _pair_hash(first, second) >> np.uint32(32 - PAIR_TABLE_BITS)
        paired = self._pair_table[slots]
        keys = np.stack([first[paired], second[paired]], axis=1).view(np.uint64).ravel()
        starts, owners = self._pairs.candidates(maybe[paired] * WORD, keys)
        alone = self._lone_table[self._slots[maybe]]
        more_starts, more_owners = self._lone.candidates(
            maybe[alone] * WORD, first[alone].astype(np.uint64)
        )
        return np.concatenate([starts, more_starts]), np.concatenate([owners, more_owners])

    def _look_up(self, words: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which words may be marked. Buffers are kept: fresh ones cost more than the arithmetic."""
        if len(self._hashes) < len(words):
            self._hashes = np.empty(len(words), np.uint32)
            self._slots = np.empty(len(words), np.intp)
            self._marked = np.empty(len(words), np.bool_)
        size = len(words)
        hashes, slots, marked = self._hashes[:size], self._slots[:size], self._marked[:size]
        np.multiply(words, MULTIPLIER, out=hashes)
        np.right_shift(hashes, np.uint32(32 - TABLE_BITS), out=hashes)
        np.copyto(slots, hashes)
        return self._table.take(slots, out=marked, mode="clip")


class _Marks:
    """Which anchors a lead of `size` bytes belongs to, and at which of their offsets it stands.

    Made of (index of the anchor, offset, lead); the same lead may belong to several anchors.
    """

    def __init__(self, leads: Sequence[tuple[int, int, bytes]], size: int) -> None:
        ordered = sorted((_number(lead[:size]), index, offset) for index, offset, lead in leads)
        numbers = np.array([number for number, *_ in ordered], np.uint64)
        self.keys, self._firsts, self._counts = np.unique(
            numbers, return_index=True, return_counts=True
        )
        self._owner = np.array([index for _, index, _ in ordered], np.intp)
        self._offset = np.array([offset for *_, offset in ordered], np.intp)

    def candidates(
        self, places: NDArray[np.intp], keys: NDArray[np.uint64]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Where anchors would begin, and which, given what leads may stand at these places."""
        if not len(self.keys):
            return np.empty(0, np.intp), np.empty(0, np.intp)
        slots = np.searchsorted(self.keys, keys)
        slots[slots == len(self.keys)] = 0
        real = self.keys[slots] == keys
        places, slots = places[real], slots[real]
        counts = self._counts[slots]
        before = np.cumsum(counts) - counts
        within = np.arange(int(counts.sum())) - np.repeat(before, counts)
        entries = np.repeat(self._firsts[slots], counts) + within
        return np.repeat(places, counts) - self._offset[entries], self._owner[entries]


def lead_offsets(anchor: bytes) -> Iterator[int]:
    """Four offsets, one for each remainder by four: of words that are met least by chance.

    A word with another behind it is preferred to one at the end of the anchor.
    """
    for remainder in range(WORD):
        last = max(len(anchor) - PAIR, remainder)
        yield min(
            range(remainder, last + 1, WORD), key=lambda at: _chance(anchor[at : at + WORD])
        )


def _chance(word: bytes) -> float:
    return math.prod(_COMMON.get(byte, 0.5) for byte in word)


def _number(content: bytes) -> int:
    """Bytes as numpy sees them in memory."""
    return int.from_bytes(content, sys.byteorder)


def _pair_hash(first: NDArray[np.uint32], second: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return first * MULTIPLIER + second * SECOND_MULTIPLIER


def _table(bits: int, hashes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """True at the slots of these hashes, which are their upper bits."""
    table = np.zeros(1 << bits, np.bool_)
    table[hashes >> np.uint32(32 - bits)] = True
    return table


def _bytes_at(anchors: Sequence[bytes], part: float) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
    """For each anchor a place in it, as a share of its length, and the byte there."""
    places = [min(len(each) - 1, int(len(each) * part)) for each in anchors]
    values = [each[at] for each, at in zip(anchors, places, strict=True)]
    return np.array(places, np.intp), np.array(values, np.uint8)
