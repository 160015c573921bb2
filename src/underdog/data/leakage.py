"""An independent look for near-duplicates across the split: brute force, no signature, no bucket.

In: the finished rows. Out: how many questions of the training split say the same as one of a sample
of validation questions, by words, by letters (where typos show) and as templates with other
numbers, and the highest likeness found. Grouping and this check agree on what a near-duplicate is
(`likeness`), not on how to find one. The sample is drawn by hash, so the same set gives the same
check.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from underdog.data.engine.engine import Engine
from underdog.data.engine.local import IN_PROCESS
from underdog.data.likeness import Wordings, read_wordings, same_question, spelling_threshold
from underdog.data.row import Row, Split
from underdog.data.shingles import ShingleSets, distinct
from underdog.data.templates import template_keys
from underdog.data.word_table import Hashes, Integers, Marks

SAMPLE = 400
"""Validation questions compared with the whole train split; with 400 of 5,000 a fault of 1 % of
them is found with probability 0.98."""
_BLOCK = 64
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class LeakCheck:
    """`*_pairs` counts near-duplicates at or above the threshold of a measure; `*_highest` is the
    highest index seen, look-alikes apart.
    """

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
    template_pairs: int = 0
    """Sampled questions that stand in the train split with other numbers."""
    look_alikes: int = 0
    """Pairs at or above a threshold that ask for different things: "the capital of France / of
    Finland"."""

    @property
    def clean(self) -> bool:
        """No pair was found."""
        return self.word_pairs == self.character_pairs == self.template_pairs == 0

    def sentence(self) -> str:
        """One line for people."""
        settled = (
            f"; {self.settled} rows bring groups of their own (one per fact) and are compared with "
            "other rows only"
            if self.settled
            else ""
        )
        templates = (
            f", {self.template_pairs} with other numbers alone" if self.template_pairs else ""
        )
        alike = (
            f"; {self.look_alikes} pairs as alike as that ask for different things"
            if self.look_alikes
            else ""
        )
        return (
            f"{self.sampled} validation questions against all {self.against} training ones: "
            f"{self.word_pairs} pairs at or above {self.word_threshold:g} by words (highest "
            f"{self.word_highest:.2f}), {self.character_pairs} at or above "
            f"{self.character_threshold:g} by characters (highest {self.character_highest:.2f})"
            f"{templates}{alike}{settled}"
        )

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return asdict(self)


class _Seen(NamedTuple):
    """Pairs at or above a threshold as codes, and the highest index below it."""

    codes: Integers
    indices: NDArray[np.float64]
    below: float


def check_leakage(
    rows: Sequence[Row],
    threshold: float,
    *,
    settled: frozenset[str] = frozenset(),
    sample: int = SAMPLE,
    engine: Engine = IN_PROCESS,
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
    wordings = read_wordings(questions, engine=engine)
    vouched = np.asarray([question.id in settled for question in questions], bool)
    limit = spelling_threshold(threshold)
    words = _compare(wordings.texts, len(held), threshold=threshold, vouched=vouched)
    letters = _compare(wordings.spellings, len(held), threshold=limit, vouched=vouched)
    stems = _find_equal(wordings.stems, len(held), vouched=vouched)
    codes = distinct(np.concatenate([words.codes, letters.codes, stems]))
    found = codes[same_question(wordings, _as_pairs(codes, len(questions)), threshold)]
    return LeakCheck(
        sampled=len(held),
        against=len(train),
        word_threshold=threshold,
        word_pairs=len(np.intersect1d(found, np.concatenate([words.codes, stems]))),
        word_highest=_highest(words, found),
        character_threshold=round(limit, 4),
        character_pairs=len(np.intersect1d(found, letters.codes)),
        character_highest=_highest(letters, found),
        settled=len(settled),
        template_pairs=_count_templates(wordings, len(held), vouched=vouched),
        look_alikes=len(np.setdiff1d(np.concatenate([words.codes, letters.codes]), found)),
    )


def _as_pairs(codes: Integers, count: int) -> Integers:
    return np.stack([codes // max(count, 1), codes % max(count, 1)], axis=1)


def _highest(seen: _Seen, found: Integers) -> float:
    confirmed = seen.indices[np.isin(seen.codes, found)]
    return round(float(confirmed.max(initial=seen.below)), 4)


def _compare(sets: ShingleSets, first: int, *, threshold: float, vouched: Marks) -> _Seen:
    """The first sets with all others, except where both are vouched for."""
    codes, indices, below = [np.empty(0, np.int64)], [np.empty(0)], 0.0
    for start, index in _all_indices(sets, first):
        end = start + len(index)
        index[vouched[start:end, None] & vouched[None, first:]] = 0.0
        high = index >= threshold - _ROUNDING
        rows, columns = np.nonzero(high)
        codes.append((rows + start) * sets.size + columns + first)
        indices.append(index[rows, columns])
        below = max(below, float(index.max(initial=0.0, where=~high)))
    return _Seen(np.concatenate(codes), np.concatenate(indices), below)


def _all_indices(sets: ShingleSets, first: int) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """The Jaccard index of each of the first sets with each of the others, in blocks of rows."""
    from scipy.sparse import csr_array

    if not 0 < first < sets.size or not len(sets.flat):
        return
    known = distinct(sets.flat[: sets.bounds[first]])
    places: Integers = np.searchsorted(known, sets.flat)
    places[places == len(known)] = 0
    shared = known[places] == sets.flat if len(known) else np.zeros(len(sets.flat), bool)
    owners = np.repeat(np.arange(sets.size), np.diff(sets.bounds))[shared]
    ones = np.ones(len(owners), np.int32)
    shape = (sets.size, len(known))
    matrix = csr_array((ones, (owners, places[shared])), shape=shape)
    others = matrix[first:].T.tocsc()
    sizes = np.diff(sets.bounds)
    for start in range(0, first, _BLOCK):
        end = min(start + _BLOCK, first)
        both = (matrix[start:end] @ others).toarray()
        whole = sizes[start:end, None] + sizes[None, first:] - both
        yield start, both / np.maximum(whole, 1)


def _find_equal(keys: Hashes, first: int, *, vouched: Marks) -> Integers:
    """Codes of pairs of one of the first places and a later one with an equal key."""
    order = np.argsort(keys[first:], kind="stable")
    others = keys[first:][order]
    starts = np.searchsorted(others, keys[:first], side="left")
    sizes = np.searchsorted(others, keys[:first], side="right") - starts
    ones = np.repeat(np.arange(first), sizes)
    places = np.arange(len(ones)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    others = order[places + np.repeat(starts, sizes)] + first
    codes: Integers = (ones * len(keys) + others)[~(vouched[ones] & vouched[others])]
    return codes


def _count_templates(wordings: Wordings, first: int, *, vouched: Marks) -> int:
    """Of the first places, how many are a later one with other numbers or names."""
    leaked: list[Integers] = []
    for keys in template_keys(wordings.table, wordings.numeric):
        # 0 stands for no key; a number of its own each keeps those apart.
        own = np.where(keys == 0, np.arange(len(keys), dtype=np.uint64), keys)
        leaked.append(_find_equal(own, first, vouched=vouched) // max(len(keys), 1))
    return len(np.unique(np.concatenate(leaked)))
