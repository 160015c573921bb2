"""Every word of many questions in a few arrays: folded, hashed, and marked by what it is.

In: texts and choices. Out: a `WordTable`, the same whatever other questions are around and whatever
Python's hash seed. Never: a loop over words in Python; 61,000 questions hold 2 million of them.

Folding takes away case, accents, marks and the s of a plural: "The Beatles' song" and "the beatle
songs" have equal words. Digits keep their signs, points and commas: "-5", "3.5" and "1,000" are one
word each; "+" and "=" are words of their own.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Integers = NDArray[np.int64]
Letters = NDArray[np.uint8]
Marks = NDArray[np.bool_]

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
"""2^64 divided by the golden ratio: Fibonacci hashing (Knuth, TAOCP 3, 6.4); odd, so that powers of
it never vanish modulo 2^64."""
_INVERSE = np.uint64(pow(0x9E3779B97F4A7C15, -1, 1 << 64))
_FUNCTION_WORDS = """
a an the of in on at by for from to with as and or if so then than also such
is are was were be been being am do does did done has have had having
can could will would shall should may might must
that this these those there it its he him his she her they them their i me my you your we our
which who whom whose what when where why how one many much following name please s t re ve ll
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
"""Words that a sentence can lose, gain or exchange without asking for something else."""
ARTICLES = frozenset(("a", "an", "the"))
_FUNCTION, _NUMBER, _NAME, _QUANTITY, _PLURAL = 1, 2, 4, 8, 16
_PART_END, _SPACE, _DOLLAR, _APOSTROPHE, _COMMA, _MINUS, _POINT = 10, 32, 36, 39, 44, 45, 46
_TO_LOWER = np.arange(256, dtype=np.uint8)
_TO_LOWER[65:91] += 32
_DIGIT = np.zeros(256, bool)
_DIGIT[48:58] = True
_ALPHA = np.zeros(256, bool)
_ALPHA[[*range(65, 91), *range(97, 123), *range(128, 256)]] = True
_ALNUM = _DIGIT | _ALPHA
_SIGN = np.zeros(256, bool)
_SIGN[list(b"+=<>%^")] = True


class Word(NamedTuple):
    """One word as text. `traits` as in a table."""

    letters: str
    traits: int

    @property
    def written(self) -> str:
        """With the s that folding took away."""
        return f"{self.letters}s" if self.traits & _PLURAL else self.letters

    @property
    def function(self) -> bool:
        """It says nothing alone."""
        return bool(self.traits & _FUNCTION)

    @property
    def number(self) -> bool:
        """It has a digit in it."""
        return bool(self.traits & _NUMBER)

    @property
    def name(self) -> bool:
        """It starts with a capital letter and is no function word."""
        return bool(self.traits & _NAME)

    @property
    def quantity(self) -> bool:
        """It is a number and no year."""
        return bool(self.traits & _QUANTITY)


class WordTable(NamedTuple):
    """Words in reading order. Word w is `letters[letter_bounds[w]:letter_bounds[w + 1]]`; part p
    (a text or a choice) holds the words `part_bounds[p]` to `part_bounds[p + 1]`; question q holds
    the parts `row_bounds[q]` to `row_bounds[q + 1]`, its text first, then its choices.
    """

    letters: Letters
    letter_bounds: Integers
    hashes: Hashes
    traits: Letters
    part_bounds: Integers
    row_bounds: Integers
    wholes: Hashes
    """One hash per part: its words without articles, or its signs where it has no word."""

    @property
    def size(self) -> int:
        """How many questions."""
        return len(self.row_bounds) - 1

    @property
    def function(self) -> Marks:
        """Words that say nothing alone (FUNCTION_WORDS)."""
        return _marked(self.traits, _FUNCTION)

    @property
    def number(self) -> Marks:
        """Words with a digit in them."""
        return _marked(self.traits, _NUMBER)

    @property
    def name(self) -> Marks:
        """Words with a capital letter in front, function words left out."""
        return _marked(self.traits, _NAME)

    @property
    def quantity(self) -> Marks:
        """Words of digits alone that are no year from 1300 to 2099: "7", "3.5", "1,500"; not
        "1500", "16th", "1990s".
        """
        return _marked(self.traits, _QUANTITY)

    @property
    def plural(self) -> Marks:
        """Words whose last s folding took away."""
        return _marked(self.traits, _PLURAL)

    def part_rows(self) -> Integers:
        """The question of each part."""
        return np.repeat(np.arange(self.size), np.diff(self.row_bounds))

    def word_parts(self) -> Integers:
        """The part of each word."""
        return np.repeat(np.arange(len(self.wholes)), np.diff(self.part_bounds))

    def is_text(self) -> Marks:
        """True for parts that are texts, False for choices."""
        marks = np.zeros(len(self.wholes), bool)
        marks[self.row_bounds[:-1]] = True
        return marks

    def words(self, part: int) -> list[Word]:
        """The words of one part."""
        start, end = self.part_bounds[part], self.part_bounds[part + 1]
        bounds = self.letter_bounds[start : end + 1].tolist()
        raw = self.letters[bounds[0] : bounds[-1]].tobytes()
        traits = self.traits[start:end].tolist()
        return [
            Word(raw[one - bounds[0] : other - bounds[0]].decode("utf-8", "replace"), trait)
            for one, other, trait in zip(bounds[:-1], bounds[1:], traits, strict=True)
        ]


def read_words(parts: Sequence[tuple[str, ...]]) -> WordTable:
    """Fold, cut and hash questions; each is its text and then its choices."""
    raw = _plain_bytes([part for row in parts for part in row])
    folded = _TO_LOWER[raw]
    kind, dropped = _classify(folded)
    starts, ends = _edges(kind)
    plural = _are_plural(folded, starts, ends=ends)
    ends -= plural
    letters, letter_bounds = _take_spans(folded, starts, ends=ends, dropped=dropped)
    hashes = hash_spans(letters, letter_bounds)
    traits = _traits(hashes, letters, bounds=letter_bounds, capital=raw[starts] != folded[starts])
    traits[plural] |= _PLURAL
    traits[_years(folded, starts, ends=ends)] &= 255 - _QUANTITY
    part_ends = np.flatnonzero(raw == _PART_END)
    part_bounds = np.searchsorted(starts, np.concatenate([[-1], part_ends]))
    return WordTable(
        letters,
        letter_bounds,
        hashes,
        traits,
        part_bounds,
        running_count(np.asarray([len(row) for row in parts], np.int64)),
        _whole_hashes(hashes, part_bounds, folded=folded, part_ends=part_ends),
    )


def join_tables(tables: Sequence[WordTable]) -> WordTable:
    """The questions of all tables, one after another: what reading them at once would give."""
    return WordTable(
        np.concatenate([table.letters for table in tables]),
        join_bounds([table.letter_bounds for table in tables]),
        np.concatenate([table.hashes for table in tables]),
        np.concatenate([table.traits for table in tables]),
        join_bounds([table.part_bounds for table in tables]),
        join_bounds([table.row_bounds for table in tables]),
        np.concatenate([table.wholes for table in tables]),
    )


def join_bounds(bounds: Sequence[Integers]) -> Integers:
    """Bounds of spans that follow each other; each array starts at 0."""
    starts = np.cumsum([0, *(int(each[-1]) for each in bounds)])
    moved = [each[1:] + start for each, start in zip(bounds, starts[:-1], strict=True)]
    return np.concatenate([np.zeros(1, np.int64), *moved])


def _marked(traits: Letters, trait: int) -> Marks:
    marks: Marks = (traits & trait) != 0
    return marks


def hash_words(words: Sequence[str]) -> Hashes:
    """The hashes that folded words have in every table."""
    raw = [word.encode("utf-8", "replace") for word in words]
    bounds = np.cumsum([0, *map(len, raw)]).astype(np.int64)
    return hash_spans(np.frombuffer(b"".join(raw), np.uint8), bounds)


def _plain_bytes(parts: Sequence[str]) -> Letters:
    """UTF-8 of all parts with a line end behind each, accents and typographic marks folded away.
    Capital ASCII letters stay: they tell names.
    """
    joined = "\n".join(parts)
    if not joined.isascii() or joined.count("\n") != len(parts) - 1:
        joined = "\n".join([_plain(part) for part in parts])
    text = f"{joined}\n" if parts else ""
    return np.frombuffer(text.encode("utf-8", "replace"), np.uint8)


def _plain(part: str) -> str:
    if not part.isascii():
        part = unicodedata.normalize("NFKD", part).translate(_FOLDING)
    return part.replace("\n", " ")


class _Folding(dict[int, str]):
    """What `str.translate` puts for a character; worked out once for each."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        if code < 128:
            folded = letter
        elif letter in "\u2019\u2018\u02bc\u2032":
            folded = "'"
        elif letter == "\u2212":
            folded = "-"
        elif unicodedata.combining(letter):
            folded = ""
        else:
            folded = letter.casefold() if letter.isalnum() else " "
        return self.setdefault(code, folded)


_FOLDING = _Folding()


def _classify(folded: Letters) -> tuple[Letters, Marks]:
    """The kind of each byte (0 between words, 1 in a word, 2 a sign), and which are left out of
    their word: an apostrophe between letters, a comma between digits, the points of "U.S.A.".
    """
    around = np.full(len(folded) + 4, _PART_END, np.uint8)
    around[2:-2] = folded
    two_before, before, after, two_after = (around[at : at + len(folded)] for at in (0, 1, 3, 4))
    digits = _DIGIT[before] & _DIGIT[after]
    dropped = (folded == _APOSTROPHE) & _ALPHA[before] & _ALPHA[after]
    dropped |= (folded == _COMMA) & digits
    alone = _ALPHA[before] & ~_ALNUM[two_before]
    dropped |= (folded == _POINT) & alone & _ALPHA[after]
    in_word = _ALNUM[folded] | dropped | ((folded == _POINT) & digits)
    apart = (before == _SPACE) & _DIGIT[two_before]
    minus = folded == _MINUS
    in_word |= minus & _DIGIT[after] & ~_ALNUM[before] & ~apart
    sign = _SIGN[folded] | (minus & apart & (after == _SPACE) & _DIGIT[two_after])
    return in_word + sign * np.uint8(2), dropped


def _edges(kind: Letters) -> tuple[Integers, Integers]:
    """Where words start and end; each sign is a word of its own."""
    before = np.concatenate([np.zeros(1, np.uint8), kind[:-1]])
    after = np.concatenate([kind[1:], np.zeros(1, np.uint8)])
    starts = np.flatnonzero((kind > 0) & ((kind != before) | (kind == 2)))
    ends = np.flatnonzero((kind > 0) & ((kind != after) | (kind == 2))) + 1
    return starts, ends


def _are_plural(folded: Letters, starts: Integers, *, ends: Integers) -> Marks:
    """Words of four letters or more that end in one s or in 's."""
    last, one_before = folded[ends - 1], folded[np.maximum(ends - 2, 0)]
    plural: Marks = (last == ord("s")) & (one_before != ord("s")) & ~_DIGIT[one_before]
    plural &= ends - starts >= 4
    return plural


def _take_spans(
    folded: Letters, starts: Integers, *, ends: Integers, dropped: Marks
) -> tuple[Letters, Integers]:
    change = np.zeros(len(folded) + 1, np.int8)
    change[starts] += 1
    change[ends] -= 1
    kept = (np.cumsum(change[:-1], dtype=np.int8) > 0) & ~dropped
    before = running_count(kept)
    return folded[kept], np.concatenate([before[starts], before[-1:]])


def _traits(hashes: Hashes, letters: Letters, *, bounds: Integers, capital: Marks) -> Letters:
    function = np.isin(hashes, _function_hashes())
    digits = np.diff(running_count(_DIGIT[letters])[bounds])
    points = np.diff(running_count((letters == _POINT) | (letters == _MINUS))[bounds])
    number = digits > 0
    name = capital & ~function & ~number
    quantity = number & (digits + points == np.diff(bounds))
    traits = np.zeros(len(hashes), np.uint8)
    for marks, trait in (
        (function, _FUNCTION),
        (number, _NUMBER),
        (name, _NAME),
        (quantity, _QUANTITY),
    ):
        traits[marks] |= trait
    return traits


def _years(folded: Letters, starts: Integers, *, ends: Integers) -> Marks:
    """Words of four digits from 1300 to 2099, without a comma and without a dollar in front."""
    around = np.concatenate([folded, np.full(4, _PART_END, np.uint8)])
    first, second = around[starts], around[starts + 1]
    digits: Marks = _DIGIT[first] & _DIGIT[second] & _DIGIT[around[starts + 2]]
    digits &= _DIGIT[around[starts + 3]] & (ends - starts == 4)
    recent = ((first == ord("1")) & (second >= ord("3"))) | (
        (first == ord("2")) & (second == ord("0"))
    )
    before = folded[np.maximum(starts - 1, 0)]
    digits &= recent & ((before != _DOLLAR) | (starts == 0))
    return digits


def running_count(values: Marks | Integers) -> Integers:
    """0, then the sum up to and with each value."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(values, dtype=np.int64)])


def hash_spans(values: Letters | Hashes, bounds: Integers) -> Hashes:
    """One hash for each span of values: a polynomial modulo 2^64 (Karp and Rabin 1987, from running
    sums, so that no span is walked through), then the mixing of splitmix64 (Steele et al. 2014).
    """
    powers = np.cumprod(np.full(len(values) + 1, _FACTOR, np.uint64))
    inverse = np.cumprod(np.full(len(values) + 1, _INVERSE, np.uint64))
    sums = np.zeros(len(values) + 1, np.uint64)
    np.cumsum((values.astype(np.uint64) + np.uint64(1)) * powers[:-1], out=sums[1:])
    hashes: Hashes = sums[bounds[1:]]
    hashes -= sums[bounds[:-1]]
    hashes *= inverse[bounds[:-1]]
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
        hashes ^= hashes >> np.uint64(shift)
        hashes *= np.uint64(factor)
    return hashes


def _whole_hashes(
    hashes: Hashes, part_bounds: Integers, *, folded: Letters, part_ends: Integers
) -> Hashes:
    kept = ~np.isin(hashes, _article_hashes())
    wholes = hash_spans(hashes[kept], running_count(kept)[part_bounds])
    with_articles = hash_spans(hashes, part_bounds)
    visible = folded > _SPACE
    signs = hash_spans(folded[visible], running_count(visible)[np.concatenate([[0], part_ends])])
    counts = running_count(kept)[part_bounds]
    wholes = np.where(np.diff(counts) > 0, wholes, with_articles)
    return np.where(np.diff(part_bounds) > 0, wholes, signs)


@lru_cache(maxsize=1)
def _function_hashes() -> Hashes:
    """As words stand in a table: without the s of a plural ("thi", "doe")."""
    return hash_words([_singular(word) for word in sorted(FUNCTION_WORDS)])


@lru_cache(maxsize=1)
def _article_hashes() -> Hashes:
    return hash_words(sorted(ARTICLES))


def _singular(word: str) -> str:
    plural = len(word) >= 4 and word.endswith("s") and not word.endswith("ss")
    return word[:-1] if plural else word
