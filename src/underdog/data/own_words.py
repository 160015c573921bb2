"""What one text says that another does not: the meaning words of its own.

In: pairs of questions in whose texts each has a meaning word that the other lacks. Out: which of
them ask for the same thing all the same: where those words are typos of each other ("wrote /
wrtoe") or written as one ("spin-off / spinoff"), or can be exchanged ("movie / film").

Where thousands of rows share a template there are hundreds of thousands of such pairs, nearly all
of them different. So a look at all pairs at once finds those few where a typo is possible, and only
these are compared word by word.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from underdog.data.shingles import HASH_BITS, ShingleSets
from underdog.data.word_table import Hashes, Integers, Letters, Marks, Word, WordTable

SHORTEST_SLIP = 4
"""Letters of the longer word from which one may be left out, added or changed. Two neighbours may
be exchanged from three letters on."""
_LETTERS_COMPARED = 24
_PAIRS_AT_ONCE = 20_000
_MOST_COMBINATIONS = 100
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


class _Own(NamedTuple):
    """The own words on one side of many pairs: the pair and the place in the table of each."""

    pairs: Integers
    words: Integers


def ask_the_same(
    table: WordTable, meanings: ShingleSets, pairs: Integers, *, may_exchange: Marks
) -> Marks:
    """Which pairs, shape (pairs, 2), ask for the same thing although each text has own words.
    `may_exchange` marks pairs whose own words may be exchanged if they are no names or numbers.
    """
    verdict = np.zeros(len(pairs), bool)
    known = np.repeat(np.arange(meanings.size), np.diff(meanings.bounds)) << HASH_BITS
    known |= meanings.flat.astype(np.int64)
    for start in range(0, len(pairs), _PAIRS_AT_ONCE):
        part = slice(start, start + _PAIRS_AT_ONCE)
        verdict[part] = _judge(table, known, pairs[part], may_exchange=may_exchange[part])
    return verdict


def _judge(table: WordTable, known: Integers, pairs: Integers, *, may_exchange: Marks) -> Marks:
    left = _find_own(table, known, pairs)
    right = _find_own(table, known, pairs[:, ::-1])
    fixed = _count(left, len(pairs), of=table.name | table.number)
    fixed += _count(right, len(pairs), of=table.name | table.number)
    verdict: Marks = may_exchange & (fixed == 0)
    doubtful = ~verdict & _may_be_slips(table, left, right, may_exchange=may_exchange)
    for at in np.flatnonzero(doubtful).tolist():
        one, other = (table.words(int(table.row_bounds[row])) for row in pairs[at])
        verdict[at] = _same_but_for_slips(one, other, may_exchange=bool(may_exchange[at]))
    return verdict


def _find_own(table: WordTable, known: Integers, pairs: Integers) -> _Own:
    """The meaning words in the texts of the first rows that the second rows' texts lack."""
    texts = table.row_bounds[:-1][pairs[:, 0]]
    starts, sizes = (
        table.part_bounds[texts],
        table.part_bounds[texts + 1] - table.part_bounds[texts],
    )
    numbers = np.repeat(np.arange(len(pairs)), sizes)
    words = np.arange(len(numbers)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    words += np.repeat(starts, sizes)
    meant = ~table.function[words]
    numbers, words = numbers[meant], words[meant]
    codes = (pairs[numbers, 1] << HASH_BITS) | _short(table.hashes[words])
    places = np.minimum(np.searchsorted(known, codes), len(known) - 1)
    own = known[places] != codes
    return _Own(numbers[own], words[own])


def _short(hashes: Hashes) -> Integers:
    return (hashes >> np.uint64(64 - HASH_BITS)).astype(np.int64)


def _count(own: _Own, count: int, *, of: Marks) -> Integers:
    """How many own words of each pair are marked in `of`."""
    counts: Integers = np.bincount(own.pairs[of[own.words]], minlength=count)
    return counts


def _may_be_slips(table: WordTable, left: _Own, right: _Own, *, may_exchange: Marks) -> Marks:
    """Whether it takes a look at the words: all of one side may be typos of the other side's, some
    may be and the rest may be exchanged, or both sides have the same letters.
    """
    count = len(may_exchange)
    sizes = [np.bincount(own.pairs, minlength=count) for own in (left, right)]
    many = sizes[0] * sizes[1] > _MOST_COMBINATIONS
    slips = _count_slips(table, left, right, few=~many)
    possible: Marks = many | (slips[0] == sizes[0]) | (slips[1] == sizes[1])
    possible |= may_exchange & (slips[0] > 0)
    possible |= _sum_letters(table, left, count) == _sum_letters(table, right, count)
    return possible


def _sum_letters(table: WordTable, own: _Own, count: int) -> Integers:
    """One number per pair for the letters of its own words, in whatever order."""
    sizes = np.diff(table.letter_bounds)[own.words]
    places = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    letters = table.letters[places + np.repeat(table.letter_bounds[own.words], sizes)]
    values = (letters.astype(np.uint64) * _FACTOR) >> np.uint64(24)
    pairs = np.repeat(own.pairs, sizes)
    # Sums of 40-bit numbers stay exact in a float.
    return np.bincount(pairs, values.astype(float), minlength=count).astype(np.int64)


def _count_slips(
    table: WordTable, left: _Own, right: _Own, *, few: Marks
) -> tuple[Integers, Integers]:
    """How many own words of each pair have a typo of theirs on the other side, for both sides."""
    count = len(few)
    starts = np.searchsorted(right.pairs, np.arange(count))
    sizes = np.bincount(right.pairs, minlength=count)
    chosen = np.flatnonzero(few[left.pairs])
    partners = sizes[left.pairs[chosen]]
    one = np.repeat(chosen, partners)
    other = np.arange(len(one)) - np.repeat(np.cumsum(partners) - partners, partners)
    other += np.repeat(starts[left.pairs[chosen]], partners)
    slips = _are_slips(table, left.words[one], right.words[other])
    return (
        np.bincount(left.pairs[np.unique(one[slips])], minlength=count),
        np.bincount(right.pairs[np.unique(other[slips])], minlength=count),
    )


def _are_slips(table: WordTable, one: Integers, other: Integers) -> Marks:
    """`is_slip` for many words at once."""
    first, first_size = _write(table, one)
    second, second_size = _write(table, other)
    shorter, longer = np.minimum(first_size, second_size), np.maximum(first_size, second_size)
    before = np.cumprod(first == second, axis=1, dtype=np.int8).sum(axis=1, dtype=np.int64)
    before = np.minimum(before, shorter)
    behind = _equal_ends(first, first_size, second, second_size)
    behind = np.minimum(behind, shorter - before)
    changed = longer - before - behind
    rows = np.arange(len(one))
    exchanged = (changed == 2) & (first_size == second_size)
    following = np.minimum(before + 1, _LETTERS_COMPARED - 1)
    place = np.minimum(before, _LETTERS_COMPARED - 1)
    exchanged &= first[rows, place] == second[rows, following]
    exchanged &= first[rows, following] == second[rows, place]
    slips: Marks = ((changed <= 1) & (longer >= SHORTEST_SLIP)) | (exchanged & (longer > 2))
    slips &= ~table.number[one] & ~table.number[other]
    return slips


def _write(table: WordTable, words: Integers) -> tuple[Letters, Integers]:
    """The first letters of words as they are written, one row each, and how many there are."""
    starts = table.letter_bounds[words]
    sizes = table.letter_bounds[words + 1] - starts
    places = np.minimum(starts[:, None] + np.arange(_LETTERS_COMPARED), len(table.letters) - 1)
    inside = np.arange(_LETTERS_COMPARED) < sizes[:, None]
    written = np.where(inside, table.letters[places], 0).astype(np.uint8)
    plural = np.flatnonzero(table.plural[words] & (sizes < _LETTERS_COMPARED))
    written[plural, sizes[plural]] = ord("s")
    sizes[plural] += 1
    return written, np.minimum(sizes, _LETTERS_COMPARED)


def _equal_ends(
    first: Letters, first_size: Integers, second: Letters, second_size: Integers
) -> Integers:
    """How many letters are equal counted from the end."""
    rows = np.arange(len(first))[:, None]
    distance = np.arange(_LETTERS_COMPARED)
    one = first[rows, np.maximum(first_size[:, None] - 1 - distance, 0)]
    other = second[rows, np.maximum(second_size[:, None] - 1 - distance, 0)]
    equal: Integers = np.cumprod(one == other, axis=1, dtype=np.int8).sum(axis=1, dtype=np.int64)
    return equal


def _same_but_for_slips(one: list[Word], other: list[Word], *, may_exchange: bool) -> bool:
    left, right = part_words(
        [word for word in one if not word.function], [word for word in other if not word.function]
    )
    if not left or not right:
        return True
    return may_exchange and not any(word.name or word.number for word in (*left, *right))


def part_words(first: list[Word], second: list[Word]) -> tuple[list[Word], list[Word]]:
    """The words that each side has for itself, once typos of each other and words written as one
    are gone.
    """
    left, right = _only_in(first, second), _only_in(second, first)
    for word in [*left]:
        twin = next((each for each in right if is_slip(word, each)), None)
        if twin is not None:
            left.remove(word)
            right.remove(twin)
    if "".join(word.letters for word in left) == "".join(word.letters for word in right):
        return [], []
    return left, right


def _only_in(words: list[Word], others: list[Word]) -> list[Word]:
    known = {word.letters for word in others}
    return [word for word in dict.fromkeys(words) if word.letters not in known]


def is_slip(one: Word, other: Word) -> bool:
    """Whether one letter left out, added or changed, or two neighbours exchanged, make one word of
    the other (Damerau 1964: four of five typos). A number is never a typo of another one.
    """
    first, second = one.written[:_LETTERS_COMPARED], other.written[:_LETTERS_COMPARED]
    longer = max(len(first), len(second))
    if one.number or other.number or longer < SHORTEST_SLIP - 1:
        return False
    before = 0
    while before < min(len(first), len(second)) and first[before] == second[before]:
        before += 1
    first, second = first[before:], second[before:]
    while first and second and first[-1] == second[-1]:
        first, second = first[:-1], second[:-1]
    if len(first) == len(second) == 2 and first == second[::-1]:
        return True
    return longer >= SHORTEST_SLIP and max(len(first), len(second)) <= 1
