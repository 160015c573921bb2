"""Finds many fixed strings in large pieces of bytes at once, at about the speed of memory.

Each anchor is at least seven bytes long, so wherever it lies, one of the four-byte words that start
at a multiple of four lies wholly within any seven bytes of it. Of every anchor the rarest
seven bytes are chosen, and the four words that may come to lie there are marked. One pass of numpy
hashes every aligned word of the piece into a table of marks; the few words that are marked are
compared with their anchors. The cost per byte does not depend on the number of anchors.

The hash is multiplicative (Knuth, The Art of Computer Programming 3, section 6.4).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

WORD, WINDOW = 4, 7
TABLE_BITS = 16
SHIFT = np.uint32(32 - TABLE_BITS)
MULTIPLIER = np.uint32(2654435761)
"""2^32 divided by the golden ratio, made odd."""
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
        marks: dict[int, list[tuple[int, int]]] = {}
        for index, anchor in enumerate(anchors):
            start = rarest_window(anchor)
            for offset in range(start, start + WORD):
                word = int.from_bytes(anchor[offset : offset + WORD], sys.byteorder)
                marks.setdefault(word, []).append((index, offset))
        self._words = np.array(sorted(marks), np.uint32)
        owners = [marks[word] for word in sorted(marks)]
        self._counts = np.array([len(each) for each in owners], np.intp)
        self._firsts = np.cumsum(self._counts) - self._counts
        self._owner = np.array([index for each in owners for index, _ in each], np.intp)
        self._offset = np.array([offset for each in owners for _, offset in each], np.intp)
        self._lengths = np.array([len(each) for each in anchors], np.intp)
        self._tests = [_bytes_at(anchors, part) for part in TESTED]
        self._table = np.zeros(1 << TABLE_BITS, np.bool_)
        self._table[self._words * MULTIPLIER >> SHIFT] = True
        self._hashes = np.empty(0, np.uint32)
        self._slots = np.empty(0, np.intp)
        self._marked = np.empty(0, np.bool_)

    def find(self, text: bytes) -> list[tuple[int, int]]:
        """(place, index of the anchor), by place."""
        piece = np.frombuffer(text, np.uint8)
        words = piece[: len(piece) // WORD * WORD].view(np.uint32)
        maybe = np.flatnonzero(self._look_up(words))
        slots = np.searchsorted(self._words, words[maybe])
        slots[slots == len(self._words)] = 0
        real = self._words[slots] == words[maybe]
        starts, owners = self._candidates(maybe[real] * WORD, slots[real])
        inside = (starts >= 0) & (starts <= len(piece) - self._lengths[owners])
        starts, owners = starts[inside], owners[inside]
        for places, values in self._tests:
            same = piece[starts + places[owners]] == values[owners]
            starts, owners = starts[same], owners[same]
        pairs = zip(starts.tolist(), owners.tolist(), strict=True)
        return sorted(pair for pair in pairs if text.startswith(self._anchors[pair[1]], pair[0]))

    def _candidates(
        self, places: NDArray[np.intp], slots: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Where anchors would begin, and which: a word may belong to several anchors."""
        counts = self._counts[slots]
        before = np.cumsum(counts) - counts
        within = np.arange(int(counts.sum())) - np.repeat(before, counts)
        entries = np.repeat(self._firsts[slots], counts) + within
        return np.repeat(places, counts) - self._offset[entries], self._owner[entries]

    def _look_up(self, words: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which words may be marked. Buffers are kept: fresh ones cost more than the arithmetic."""
        if len(self._hashes) < len(words):
            self._hashes = np.empty(len(words), np.uint32)
            self._slots = np.empty(len(words), np.intp)
            self._marked = np.empty(len(words), np.bool_)
        size = len(words)
        hashes, slots, marked = self._hashes[:size], self._slots[:size], self._marked[:size]
        np.multiply(words, MULTIPLIER, out=hashes)
        np.right_shift(hashes, SHIFT, out=hashes)
        np.copyto(slots, hashes)
        return self._table.take(slots, out=marked, mode="clip")


def _bytes_at(anchors: Sequence[bytes], part: float) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
    """For each anchor a place in it, as a share of its length, and the byte there."""
    places = [min(len(each) - 1, int(len(each) * part)) for each in anchors]
    values = [each[at] for each, at in zip(anchors, places, strict=True)]
    return np.array(places, np.intp), np.array(values, np.uint8)


@cache
def rarest_window(anchor: bytes) -> int:
    """Where the seven bytes begin whose words are met least by chance."""
    weights = [_COMMON.get(byte, 0.5) for byte in anchor]

    def chance(start: int) -> float:
        words = (weights[at : at + WORD] for at in range(start, start + WORD))
        return sum(a * b * c * d for a, b, c, d in words)

    return min(range(len(anchor) - WINDOW + 1), key=chance)
