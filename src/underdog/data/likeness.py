"""Whether two questions that look alike are one question.

In: questions, and pairs of them. Out: which pairs are near-duplicates. Grouping asks this of the
pairs that it finds through signatures, the leak check of all pairs of its sample, so that both mean
the same thing by it.

Two questions are near-duplicates when one of these holds, with a threshold t (default 0.6):
  fact      their right answers are equal and say something, and the words and word pairs of their
            texts have a Jaccard index of t: "the largest planet" with other wrong choices
  spelling  their right answers are equal, or differ by a typo, and the five-letter runs of text and
            choices have an index of t - 0.1: typos, other order, other marks, other small words
  stem      their texts have equal meaning words in equal order, and enough of them, their other
            choices counted in, for a question of its own; not "Which is true?"
For fact and spelling one more thing is asked. A near-duplicate may leave words out or add some. But
where each text has meaning words of its own (typos, plurals and joined words apart), the two ask
for different things: "the capital of France / of Finland", "largest / smallest". One exception:
texts alike by the measure of fact may exchange words that are neither names nor numbers ("movie /
film").
Different right answers, such as "Which is the largest / the smallest?" over the same four planets,
make no near-duplicates, whatever the likeness.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from underdog.data.engine.engine import Engine, cut
from underdog.data.engine.local import IN_PROCESS
from underdog.data.own_words import ask_the_same, part_words
from underdog.data.shingles import (
    HASH_BITS,
    ShingleSets,
    choice_sets,
    jaccard,
    join_sets,
    meaning_sets,
    shared_counts,
    spelling_sets,
    text_sets,
)
from underdog.data.word_table import (
    ARTICLES,
    Hashes,
    Integers,
    Marks,
    Word,
    WordTable,
    hash_spans,
    hash_words,
    join_tables,
    read_words,
    running_count,
)
from underdog.mcq.question import Question

LOWEST_SPELLING = 0.2
"""Two unlike questions seldom have a fifth of their runs of letters in common."""
BLOCK_QUESTIONS = 4096
"""A block's arrays stay within the processor's cache: half a million letters."""
SPELLING_MARGIN = 0.15
"""How far below the threshold the index of letters may lie. A typo takes five runs of letters, in a
short question a seventh of them."""
STEM_WORDS = 5
"""Meaning words of a stem and choices in common, together, that make one question of two rows with
other right answers. Of 67 such pairs in OpenTriviaQA, ARC and OpenBookQA 61 ask the same
("Digestion is when stomach acid breaks down what?"); below 5, 60 of 280 do."""
_ROUNDING = 1e-9
_SAYS_NOTHING = re.compile(r"(true|false|yes|no|(all|none|both|neither|any|some|either|each)\b.*)")
_ASKING = (("which", "what"), ("who", "whom", "whose"), ("when",), ("where",), ("why",), ("how",))
_GENERIC_WORDS = """
answer belong best blank call called choose complete correct describe example except false fill find
incorrect item kind known least likely most named not number odd option out pick question right
select sentence statement term true type word wrong
"""


class Wordings(NamedTuple):
    """What of many questions decides whether two of them are one. All arrays go by question."""

    table: WordTable
    texts: ShingleSets
    meanings: ShingleSets
    choices: ShingleSets
    spellings: ShingleSets
    keys: Hashes
    """The right answers; 0 where a question has none."""
    key_parts: Integers
    """Their parts in the table; -1 where a question has none."""
    telling: Marks
    """The right answer says something about the question: not "True", not "All of these"."""
    numeric: Marks
    """The right answer has a number in it."""
    stems: Hashes
    """The meaning words of the text in order, with the word that asks."""
    weights: Integers
    """How many of them are particular to the question: not "statement", not "example"."""


def read_wordings(questions: Sequence[Question], *, engine: Engine = IN_PROCESS) -> Wordings:
    """Everything that `same_question` looks at. Blocks of questions are read on `engine`."""
    parts = [(question.text, *question.choices) for question in questions]
    blocks = list(engine.map(_read_block, cut(parts, BLOCK_QUESTIONS), None))
    blocks = blocks or [_read_block([], None)]
    table = join_tables([block.table for block in blocks])
    answers = np.asarray([-1 if each.answer is None else each.answer for each in questions], int)
    key_parts = np.where(answers < 0, -1, table.row_bounds[:-1] + 1 + answers)
    stems, weights = _read_stems(table)
    return Wordings(
        table,
        join_sets([block.texts for block in blocks]),
        join_sets([block.meanings for block in blocks]),
        join_sets([block.choices for block in blocks]),
        join_sets([block.spellings for block in blocks]),
        np.where(answers < 0, np.uint64(0), table.wholes[key_parts]),
        key_parts,
        np.asarray([_says_something(each.answer_text) for each in questions], bool),
        _have_numbers(table, key_parts),
        stems,
        weights,
    )


class _Block(NamedTuple):
    """The part of `Wordings` that depends on one question at a time."""

    table: WordTable
    texts: ShingleSets
    meanings: ShingleSets
    choices: ShingleSets
    spellings: ShingleSets


def _read_block(parts: Sequence[tuple[str, ...]], _: None) -> _Block:
    table = read_words(parts)
    return _Block(
        table, text_sets(table), meaning_sets(table), choice_sets(table), spelling_sets(table)
    )


def _have_numbers(table: WordTable, parts: Integers) -> Marks:
    counts = np.diff(running_count(table.number)[table.part_bounds])
    return (parts >= 0) & (counts[parts] > 0)


def _says_something(answer: str | None) -> bool:
    return answer is not None and not _SAYS_NOTHING.fullmatch(answer.casefold().strip(" .!"))


def _read_stems(table: WordTable) -> tuple[Hashes, Integers]:
    chosen = table.is_text()[table.word_parts()]
    hashes, function = table.hashes[chosen], table.function[chosen]
    asking, same = _asking_words()
    places = np.minimum(np.searchsorted(asking, hashes), len(asking) - 1)
    asks = asking[places] == hashes
    kept = asks | ~function
    values = np.where(asks, same[places], hashes)[kept]
    rows = table.part_bounds[table.row_bounds]
    bounds = running_count(chosen)[rows]
    particular = ~function & ~np.isin(hashes, hash_words(_GENERIC_WORDS.split()))
    stems = hash_spans(values, running_count(kept)[bounds])
    return stems, np.diff(running_count(particular)[bounds])


@lru_cache(maxsize=1)
def _asking_words() -> tuple[Hashes, Hashes]:
    """Words that ask, sorted by hash, and for each the hash of the first of its kind."""
    hashes = np.concatenate([hash_words(kind) for kind in _ASKING])
    first = np.concatenate([np.repeat(hash_words(kind[:1]), len(kind)) for kind in _ASKING])
    order = np.argsort(hashes)
    return hashes[order], first[order]


def spelling_threshold(threshold: float) -> float:
    """The index of letters that goes with an index of words."""
    return max(threshold - SPELLING_MARGIN, LOWEST_SPELLING)


def same_question(wordings: Wordings, pairs: Integers, threshold: float) -> Marks:
    """Which pairs of places, shape (pairs, 2), are near-duplicates at `threshold`."""
    verdict = _same_stem(wordings, pairs)
    equal = wordings.keys[pairs[:, 0]] == wordings.keys[pairs[:, 1]]
    likely = np.flatnonzero(~verdict & (equal | _may_be_a_typo(wordings, pairs)))
    verdict[likely] = _measure(wordings, pairs[likely], threshold, equal=equal[likely])
    return verdict


def _measure(wordings: Wordings, pairs: Integers, threshold: float, *, equal: Marks) -> Marks:
    """The rules of fact and spelling. `equal` marks pairs with equal right answers; those of the
    others may differ by a typo.
    """
    text = jaccard(wordings.texts, pairs) >= threshold - _ROUNDING
    fact = equal & wordings.telling[pairs[:, 0]] & text
    letters = jaccard(wordings.spellings, pairs) >= spelling_threshold(threshold) - _ROUNDING
    alike = fact | letters
    for at in np.flatnonzero(alike & ~equal).tolist():
        alike[at] = _is_same_key(wordings, *pairs[at].tolist())
    parted = np.flatnonzero(alike & _own_words_on_both_sides(wordings, pairs))
    alike[parted] = ask_the_same(
        wordings.table, wordings.meanings, pairs[parted], may_exchange=fact[parted]
    )
    return alike


def _is_same_key(wordings: Wordings, one: int, other: int) -> bool:
    """Right answers that differ by typos alone."""
    left, right = part_words(_key_words(wordings, one), _key_words(wordings, other))
    return not left and not right


def _key_words(wordings: Wordings, row: int) -> list[Word]:
    words = wordings.table.words(int(wordings.key_parts[row]))
    return [word for word in words if word.letters not in ARTICLES]


def _same_stem(wordings: Wordings, pairs: Integers) -> Marks:
    verdict: Marks = wordings.stems[pairs[:, 0]] == wordings.stems[pairs[:, 1]]
    found = np.flatnonzero(verdict)
    one, other = pairs[found, 0], pairs[found, 1]
    shared = shared_counts(wordings.choices, pairs[found])
    equal = wordings.keys[one] == wordings.keys[other]
    weights = wordings.weights[one]
    enough = (weights > 0) & (weights + shared >= STEM_WORDS) & ~_key_is_wrong(wordings, one, other)
    texts = wordings.table.wholes[wordings.table.row_bounds[:-1]]
    same_text = (texts[one] == texts[other]) & (
        2 * shared >= _fewer_choices(wordings, pairs[found])
    )
    same_fact = equal & wordings.telling[one] & (weights > 0)
    verdict[found] = same_fact | (~equal & enough) | same_text
    return verdict


def _may_be_a_typo(wordings: Wordings, pairs: Integers) -> Marks:
    """Half of the choices in common, and neither right answer a wrong one of the other question."""
    shared = shared_counts(wordings.choices, pairs)
    fewer = _fewer_choices(wordings, pairs)
    some: Marks = (shared < fewer) & (2 * shared >= fewer)
    some &= ~_key_is_wrong(wordings, pairs[:, 0], pairs[:, 1])
    return some


def _fewer_choices(wordings: Wordings, pairs: Integers) -> Integers:
    smaller: Integers = np.diff(wordings.choices.bounds)[pairs].min(axis=1)
    return smaller


def _key_is_wrong(wordings: Wordings, one: Integers, other: Integers) -> Marks:
    """Where right answers differ: one question's is among the choices of the other."""
    held = _holds(wordings.choices, one, wordings.keys[other])
    held |= _holds(wordings.choices, other, wordings.keys[one])
    return held


def _holds(sets: ShingleSets, rows: Integers, hashes: Hashes) -> Marks:
    held: Marks = np.zeros(len(rows), bool)
    wanted = hashes >> np.uint64(64 - HASH_BITS)
    sizes = np.diff(sets.bounds)[rows]
    for place in range(int(sizes.max(initial=0))):
        inside = np.flatnonzero(sizes > place)
        elements = sets.flat[sets.bounds[rows[inside]] + place]
        held[inside[elements == wanted[inside]]] = True
    return held


def _own_words_on_both_sides(wordings: Wordings, pairs: Integers) -> Marks:
    sizes = np.diff(wordings.meanings.bounds)
    shared = shared_counts(wordings.meanings, pairs)
    parted: Marks = sizes[pairs[:, 0]] > shared
    parted &= sizes[pairs[:, 1]] > shared
    return parted
