"""An independent look for near-duplicates across the split: brute force, no signature, no bucket.

In: the finished rows. Out: the highest likeness found between a sample of validation questions and
every training question, by words (the measures that grouping uses) and by characters (which
grouping does not use). The sample is drawn by hash, so the same set gives the same check.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from underdog.data.row import Row, Split
from underdog.data.shingles import (
    Integers,
    ShingleSets,
    character_sets,
    content_sets,
    distinct,
    read_words,
    wording_sets,
)

SAMPLE = 400
"""Validation questions compared with the whole train split; with 400 of 5,000 a fault of 1 % of
them is found with probability 0.98."""
CHARACTER_THRESHOLD = 0.8
"""Jaccard of five-byte runs of text and choices. Below it, two questions on different things may
share their four choices ("What type of government does Malta / Saudi Arabia have?": 0.72)."""
_BLOCK = 64


@dataclass(frozen=True, slots=True)
class LeakCheck:
    """`*_pairs` counts pairs at or above the threshold; `*_highest` is the highest index seen."""

    sampled: int
    against: int
    word_threshold: float
    word_pairs: int
    word_highest: float
    character_threshold: float
    character_pairs: int
    character_highest: float
    settled: int
    """Rows whose sources vouch for their groups; two of them are not compared."""

    @property
    def clean(self) -> bool:
        """No pair was found."""
        return self.word_pairs == 0 and self.character_pairs == 0

    def sentence(self) -> str:
        """One line for people."""
        settled = (
            f"; {self.settled} rows bring groups of their own (one per fact) and are compared with "
            "other rows only"
            if self.settled
            else ""
        )
        return (
            f"{self.sampled} validation questions against all {self.against} training ones: "
            f"{self.word_pairs} pairs at or above {self.word_threshold:g} by words (highest "
            f"{self.word_highest:.2f}), {self.character_pairs} at or above "
            f"{self.character_threshold:g} by characters (highest {self.character_highest:.2f})"
            f"{settled}"
        )

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return asdict(self)


def check_leakage(
    rows: Sequence[Row],
    threshold: float,
    *,
    settled: frozenset[str] = frozenset(),
    sample: int = SAMPLE,
) -> LeakCheck:
    """Compare a sample of the validation split with the whole train split.

    `settled` holds the ids of rows whose sources vouch for their groups.
    """
    train = [row.question for row in rows if row.split is Split.TRAIN]
    held = sorted(
        (row.question for row in rows if row.split is Split.VALIDATION),
        key=lambda question: hashlib.sha256(f"check\x1f{question.id}".encode()).digest(),
    )[:sample]
    questions = held + train
    words = read_words(questions)
    vouched = np.asarray([question.id in settled for question in questions], bool)
    found = [
        _compare(sets, len(held), threshold=limit, vouched=vouched)
        for sets, limit in (
            (wording_sets(words), threshold),
            (content_sets(words), threshold),
            (character_sets(questions), CHARACTER_THRESHOLD),
        )
    ]
    return LeakCheck(
        sampled=len(held),
        against=len(train),
        word_threshold=threshold,
        word_pairs=found[0][0] + found[1][0],
        word_highest=round(max(found[0][1], found[1][1]), 4),
        character_threshold=CHARACTER_THRESHOLD,
        character_pairs=found[2][0],
        character_highest=round(found[2][1], 4),
        settled=len(settled),
    )


def _compare(
    sets: ShingleSets, first: int, *, threshold: float, vouched: NDArray[np.bool_]
) -> tuple[int, float]:
    """Pairs between the first sets and the others at the threshold, and the highest index."""
    from scipy.sparse import csr_array

    if not 0 < first < sets.size or not len(sets.flat):
        return 0, 0.0
    known = distinct(sets.flat[: sets.bounds[first]])
    places: Integers = np.searchsorted(known, sets.flat)
    places[places == len(known)] = 0
    shared = known[places] == sets.flat
    owners = np.repeat(np.arange(sets.size), np.diff(sets.bounds))[shared]
    ones = np.ones(len(owners), np.int32)
    shape = (sets.size, len(known))
    matrix = csr_array((ones, (owners, places[shared])), shape=shape)
    others = matrix[first:].T.tocsc()
    sizes = np.diff(sets.bounds)
    pairs, highest = 0, 0.0
    for start in range(0, first, _BLOCK):
        end = min(start + _BLOCK, first)
        both = (matrix[start:end] @ others).toarray()
        whole = sizes[start:end, None] + sizes[None, first:] - both
        index = both / np.maximum(whole, 1)
        index[vouched[start:end, None] & vouched[None, first:]] = 0.0
        pairs += int(np.count_nonzero(index >= threshold - 1e-9))
        highest = max(highest, float(index.max()))
    return pairs, highest
