"""Finds many fixed strings in large pieces of bytes at once, at about the speed of memory.

Each anchor is at least seven bytes long, so wherever it lies, one of the four-byte words that start
at a multiple of four lies wholly within any seven bytes of it. Of every anchor the rarest
seven bytes are chosen, and the four words that may come to lie there are marked. One pass of numpy
hashes every aligned word of the piece into a table of marks; the few words that are marked are
compared byte by byte. The cost per byte does not depend on the number of anchors.

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
BLOCK = 1 << 15
"""So many places are compared byte by byte at a time: bounds the memory in a flood of hits."""
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
        self._anchors = [np.frombuffer(each, np.uint8) for each in anchors]
        marks: dict[int, list[tuple[int, int]]] = {}
        for index, anchor in enumerate(anchors):
            start = rarest_window(anchor)
            for offset in range(start, start + WORD):
                word = int.from_bytes(anchor[offset : offset + WORD], sys.byteorder)
                marks.setdefault(word, []).append((index, offset))
        self._marks = marks
        self._words = np.array(sorted(marks), np.uint32)
        self._table = np.zeros(1 << TABLE_BITS, np.bool_)
        self._table[self._words * MULTIPLIER >> SHIFT] = True
        self._hashes = np.empty(0, np.uint32)
        self._slots = np.empty(0, np.intp)
        self._marked = np.empty(0, np.bool_)

    def find(self, piece: NDArray[np.uint8]) -> list[tuple[int, int]]:
        """(place, index of the anchor), by place. Anchors that reach over the end are not found."""
        words = piece[: len(piece) // WORD * WORD].view(np.uint32)
        maybe = np.flatnonzero(self._look_up(words))
        values = words[maybe]
        slots = np.searchsorted(self._words, values)
        slots[slots == len(self._words)] = 0
        real = self._words[slots] == values
        maybe, values = maybe[real] * WORD, values[real]
        found: list[tuple[int, int]] = []
        for word in np.unique(values).tolist():
            places = maybe[values == word]
            for index, offset in self._marks[word]:
                found += [(at, index) for at in self._confirmed(piece, places - offset, index)]
        return sorted(found)

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

    def _confirmed(
        self, piece: NDArray[np.uint8], starts: NDArray[np.intp], index: int
    ) -> list[int]:
        anchor = self._anchors[index]
        starts = starts[(starts >= 0) & (starts <= len(piece) - len(anchor))]
        kept: list[int] = []
        for at in range(0, len(starts), BLOCK):
            block = starts[at : at + BLOCK]
            for offset, byte in enumerate(anchor):
                block = block[piece[block + offset] == byte]
            kept += block.tolist()
        return kept


@cache
def rarest_window(anchor: bytes) -> int:
    """Where the seven bytes begin whose words are met least by chance."""
    weights = [_COMMON.get(byte, 0.5) for byte in anchor]

    def chance(start: int) -> float:
        words = (weights[at : at + WORD] for at in range(start, start + WORD))
        return sum(a * b * c * d for a, b, c, d in words)

    return min(range(len(anchor) - WINDOW + 1), key=chance)
