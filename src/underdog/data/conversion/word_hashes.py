"""All words of many texts at once, as numbers.

In: texts. Out: the texts folded, and for each word the text it stands in, a hash of 64 bits, and
one of its first letters. Never: a hash that differs between runs or machines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.integer[Any]]
Hashes = NDArray[np.uint64]

STEM = 5
"""First letters by which words count as alike: "Prussia" and "Prussian" do, "king" and "kingdom"
do not."""
_BASE = 0x9E3779B97F4A7C15
"""2**64 / golden ratio, odd, so that it has an inverse modulo 2**64 (Knuth, TAOCP 3, 6.4)."""
_BREAK = "\x00"
_BLANK = ord(" ")
_SPACES = str.maketrans(dict.fromkeys("’‘“”–—…´«»", " "))
_FOLD = bytes(
    at if at == 0 or at >= 128 or chr(at).isalnum() else _BLANK for at in range(256)
).lower()
_BLANKS = re.compile(rb" {2,}")


class Words(NamedTuple):
    """In reading order. `years` marks the words that are years from 1000 to 2999."""

    rows: Integers
    hashes: Hashes
    stems: Hashes
    years: NDArray[np.bool_]
    decades: Hashes
    """A hash of the first three digits, of use where `years` is true."""

    def row_hashes(self, count: int) -> Hashes:
        """One hash per text, of its words in their order; 0 for texts without words."""
        totals = np.zeros(count, np.uint64)
        if len(self.rows):
            starts = np.flatnonzero(np.diff(self.rows, prepend=-1))
            places = np.arange(len(self.rows)) - np.repeat(
                starts, np.diff(starts, append=len(self.rows))
            )
            turned = mix(self.hashes + places.astype(np.uint64) * np.uint64(_BASE))
            totals[self.rows[starts]] = np.add.reduceat(turned, starts)
        return mix(totals)


def mix(values: Hashes) -> Hashes:
    """A bijection whose bits all depend on all bits (SplitMix64: Steele, Lea, Flood, 2014)."""
    mixed = values.astype(np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def uniform(hashes: Hashes) -> NDArray[np.float64]:
    """Numbers above 0 and at most 1, from the upper 53 bits."""
    return ((mix(hashes) >> np.uint64(11)).astype(np.float64) + 1.0) * 2.0**-53


def fold_texts(texts: Sequence[str]) -> list[str]:
    """Lower-case words between single blanks, with a blank at both ends; marks are blanks."""
    if not texts:
        return []
    plain = [text if text.isascii() else text.lower().translate(_SPACES) for text in texts]
    joined = _BREAK.join(plain)
    if joined.count(_BREAK) != len(texts) - 1:
        joined = _BREAK.join(text.replace(_BREAK, " ") for text in plain)
    marked = joined.encode("utf-8", "replace").translate(_FOLD).replace(b"\x00", b" \x00 ")
    return _BLANKS.sub(b" ", b" " + marked + b" ").decode("utf-8").split(_BREAK)


def find_words(folded: Sequence[str]) -> Words:
    """The words of texts that `fold_texts` folded."""
    letters = np.frombuffer(_BREAK.join(folded).encode("utf-8"), np.uint8)
    inside = (letters != _BLANK) & (letters != 0)
    edges = np.diff(inside.astype(np.int8), prepend=np.int8(0), append=np.int8(0))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    sums = np.zeros(len(letters) + 1, np.uint64)
    np.cumsum(letters * _powers(pow(_BASE, -1, 1 << 64), len(letters)), out=sums[1:])
    powers = _powers(_BASE, len(letters))[starts]
    return Words(
        np.searchsorted(np.flatnonzero(letters == 0), starts),
        mix((sums[ends] - sums[starts]) * powers),
        mix((sums[np.minimum(ends, starts + STEM)] - sums[starts]) * powers),
        _are_years(letters, starts, ends),
        mix((sums[np.minimum(ends, starts + 3)] - sums[starts]) * powers) ^ np.uint64(_BASE),
    )


def _are_years(letters: Any, starts: Integers, ends: Integers) -> NDArray[np.bool_]:
    years = np.zeros(len(starts), np.bool_)
    four = np.flatnonzero(ends - starts == 4)
    digits = letters[starts[four][:, None] + np.arange(4)]
    whole = ((digits >= ord("0")) & (digits <= ord("9"))).all(axis=1)
    years[four] = whole & (digits[:, 0] >= ord("1")) & (digits[:, 0] <= ord("2"))
    return years


def _powers(base: int, count: int) -> Hashes:
    """BASE**0, BASE**1, .. modulo 2**64."""
    factors = np.full(count, base, np.uint64)
    factors[:1] = 1
    return np.cumprod(factors)
