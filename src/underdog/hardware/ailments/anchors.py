"""Finds many fixed strings in large pieces of bytes at once, at about the speed of memory.

Text is looked at in four-byte words that start at a multiple of four. Wherever an anchor of at
least seven bytes lies, an aligned word lies wholly inside it, at an offset that depends only on
where the anchor begins, modulo four. For each of the four cases the rarest such word of the anchor
is chosen and marked: its lead. One pass of numpy hashes every word of the piece into a table of
marks, at a cost that does not depend on the number of anchors.

In healthy logs one word in fifteen is a lead all the same ("loss", "with"), so a lead is hashed
together with the aligned word behind it into a second table, which one word in a hundred passes;
only these are compared with anchors. An anchor of eleven bytes or more holds such a pair wherever
it lies; in a shorter one some leads are alone and have only the first table.

What is rare is judged by the bytes of a word and by how often it stands in a prose that is given:
the words of the knowledge base itself, so that the choice does not lean on the logs that are timed.

The hash is multiplicative (Knuth, The Art of Computer Programming 3, section 6.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

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
_SHARES = {
    **dict.fromkeys(b"etaoinsr", 0.06),
    **dict.fromkeys(b"lhdcumfpgybvwk", 0.025),
    **dict.fromkeys(b" 0123456789", 0.08),
    **dict.fromkeys(b"/._-:=,()[]", 0.03),
}
COMMON = np.array([_SHARES.get(byte, 0.005) for byte in range(256)])
"""How often bytes stand in logs, roughly; only speed depends on it."""
PAIR_WEIGHT = 2.0
"""What a pair that passes costs against a lead that passes, roughly. With 2, 6.9 % of the words of
a healthy log are leads and 0.74 % lead pairs; with 8 it is 7.8 and 0.61 % (2026-11-21).
"""


class AnchorFinder:
    """The places of every anchor in a piece of bytes. `prose` is text as logs have it."""

    def __init__(self, anchors: Sequence[bytes], prose: bytes = b"") -> None:
        self._anchors = tuple(anchors)
        self._lengths = np.array([len(each) for each in anchors], np.intp)
        owner, offset, first, second = _leads(self._anchors, prose)
        paired = offset + PAIR <= self._lengths[owner]
        hashes = first * MULTIPLIER >> np.uint32(32 - TABLE_BITS)
        self._table = np.zeros(1 << TABLE_BITS, np.bool_)
        self._table[hashes] = True
        pairs = _pair_slots(first[paired], second[paired])
        self._pairs = _Marks(pairs, owner[paired], offset[paired], size=1 << PAIR_TABLE_BITS)
        lone = ~paired
        self._lone = _Marks(hashes[lone], owner[lone], offset[lone], size=1 << TABLE_BITS)
        self._tests = [_bytes_at(anchors, part) for part in TESTED]
        self._hashes = np.empty(0, np.uint32)
        self._slots = np.empty(0, np.intp)
        self._marked = np.empty(0, np.bool_)

    def find(self, text: bytes) -> list[tuple[int, int]]:
        """(place, index of the anchor), by place."""
        piece = np.frombuffer(text, np.uint8)
        starts, owners = self._candidates(piece)
        inside = (starts >= 0) & (starts <= len(piece) - self._lengths[owners])
        starts, owners = starts[inside], owners[inside]
        for places, values in self._tests:
            same = piece[starts + places[owners]] == values[owners]
            starts, owners = starts[same], owners[same]
        found = zip(starts.tolist(), owners.tolist(), strict=True)
        return sorted(each for each in found if text.startswith(self._anchors[each[1]], each[0]))

    def compared(self, text: bytes) -> NDArray[np.intp]:
        """How often each anchor is compared with a place in the text: the dear part of the search,
        which an anchor of common words makes slow.
        """
        _, owners = self._candidates(np.frombuffer(text, np.uint8))
        return np.bincount(owners, minlength=len(self._anchors))

    def _candidates(self, piece: NDArray[np.uint8]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Where anchors may begin, and which. The last word counts as its own follower: a pair that
        it leads would end outside the piece, and the anchor with it.
        """
        words = piece[: len(piece) // WORD * WORD].view(np.uint32)
        if not len(words):
            return np.empty(0, np.intp), np.empty(0, np.intp)
        maybe = np.flatnonzero(self._look_up(words))
        slots = _pair_slots(words.take(maybe), words.take(maybe + 1, mode="clip"))
        starts, owners = self._pairs.candidates(maybe * WORD, slots)
        alone = self._lone.candidates(maybe * WORD, self._slots.take(maybe))
        return np.concatenate([starts, alone[0]]), np.concatenate([owners, alone[1]])

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
    """What leads belong to, by the slot of their hash: `owner` is the index of an anchor, `offset`
    the lead's place in it. Several may share a slot, by nature or by chance.
    """

    def __init__(
        self,
        slots: NDArray[np.uint32],
        owner: NDArray[np.intp],
        offset: NDArray[np.intp],
        *,
        size: int,
    ) -> None:
        order = np.argsort(slots, kind="stable")
        self._owner, self._offset = owner[order], offset[order]
        self._counts = np.bincount(slots, minlength=size)
        self._firsts = np.cumsum(self._counts) - self._counts
        self._table = self._counts > 0

    def candidates(
        self, places: NDArray[np.intp], slots: NDArray[np.integer[Any]]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Where anchors may begin, and which, given the places of words and their slots."""
        marked = np.flatnonzero(self._table.take(slots))
        places, slots = places.take(marked), slots.take(marked)
        counts = self._counts.take(slots)
        before = np.cumsum(counts) - counts
        entries = np.arange(int(counts.sum())) + np.repeat(
            self._firsts.take(slots) - before, counts
        )
        return np.repeat(places, counts) - self._offset.take(entries), self._owner.take(entries)


def _pair_slots(first: NDArray[np.uint32], second: NDArray[np.uint32]) -> NDArray[np.uint32]:
    hashes = first * MULTIPLIER + second * SECOND_MULTIPLIER
    return hashes >> np.uint32(32 - PAIR_TABLE_BITS)


class _Leads(NamedTuple):
    """For every lead its anchor's index, its offset there, its word, and the word behind it."""

    owner: NDArray[np.intp]
    offset: NDArray[np.intp]
    first: NDArray[np.uint32]
    second: NDArray[np.uint32]


@lru_cache(maxsize=4)
def _leads(anchors: tuple[bytes, ...], prose: bytes) -> _Leads:
    """Four of every anchor, one for each remainder of the offset by four, the rarest of it.

    Considered are the offsets that leave room for a pair, and in a short anchor the first four.
    What stands behind the word of a lone lead means nothing.
    """
    joined = b"".join(anchors)
    lengths = np.array([len(each) for each in anchors], np.intp)
    considered = np.maximum(lengths - PAIR + 1, WORD)
    owner = np.repeat(np.arange(len(lengths)), considered)
    offset = np.arange(len(owner)) - (np.cumsum(considered) - considered)[owner]
    place = (np.cumsum(lengths) - lengths)[owner] + offset
    pairs = _windows(joined + bytes(PAIR), PAIR)[place]
    group = owner * WORD + offset % WORD
    order = np.lexsort((_commonness(pairs, prose + b"\n" + joined + bytes(PAIR)), group))
    best = order[np.unique(group[order], return_index=True)[1]]
    words = pairs[best].view(np.uint32)
    return _Leads(owner[best], offset[best], words[:, 0], words[:, 1])


def _commonness(pairs: NDArray[np.uint8], prose: bytes) -> NDArray[np.float64]:
    """How often pairs (n, 8) are met, by their bytes and by a prose: no measure, but an order."""
    chance = COMMON[pairs[:, :WORD]].prod(axis=1)
    words = _times(np.ascontiguousarray(pairs[:, :WORD]), prose)
    met = words + PAIR_WEIGHT * _times(pairs, prose)
    return np.asarray(chance + met / len(prose), np.float64)


def _times(keys: NDArray[np.uint8], prose: bytes) -> NDArray[np.intp]:
    """How often each of the keys (n, size), of four or eight bytes, stands in the prose."""
    size = keys.shape[1]
    number = np.dtype(f"u{size}")
    known, counts = np.unique(
        np.ascontiguousarray(_windows(prose, size)).view(number), return_counts=True
    )
    wanted = keys.view(number).ravel()
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[at] == wanted, counts[at], 0)


def _windows(text: bytes, size: int) -> NDArray[np.uint8]:
    """Every run of so many bytes, (n, size)."""
    return np.lib.stride_tricks.sliding_window_view(np.frombuffer(text, np.uint8), size)


def _bytes_at(anchors: Sequence[bytes], part: float) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
    """For each anchor a place in it, as a share of its length, and the byte there."""
    places = [min(len(each) - 1, int(len(each) * part)) for each in anchors]
    values = [each[at] for each, at in zip(anchors, places, strict=True)]
    return np.array(places, np.intp), np.array(values, np.uint8)
