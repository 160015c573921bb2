"""Sets of shingles: what they hold, and what two of them have in common."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.data.shingles import (
    ShingleSets,
    choice_sets,
    distinct,
    jaccard,
    join_sets,
    meaning_sets,
    shared_counts,
    spelling_sets,
    text_sets,
)
from underdog.data.word_table import read_words

SETS = st.lists(st.sets(st.integers(0, 30)), min_size=2, max_size=8)


def sizes(sets: ShingleSets) -> list[int]:
    return np.diff(sets.bounds).tolist()


def as_sets(values: list[set[int]]) -> ShingleSets:
    flat = [element for each in values for element in sorted(each)]
    bounds = np.cumsum([0, *map(len, values)]).astype(np.int64)
    return ShingleSets(np.asarray(flat, np.uint64), bounds)


def test_a_text_is_its_words_and_pairs_and_pairs_stay_inside_it() -> None:
    """The text "a b a b" has two words and two pairs; the next text starts anew."""
    table = read_words([("a b a b", "c d", "e f"), ("c", "x", "y")])
    assert sizes(text_sets(table)) == [4, 1]


def test_meaning_words_leave_out_function_words_and_choices() -> None:
    """Of "what is the capital of peru" two words are left."""
    table = read_words([("What is the capital of Peru?", "Lima", "Quito")])
    assert sizes(meaning_sets(table)) == [2]


def test_choices_count_as_wholes_in_any_order() -> None:
    """Also those without a letter."""
    table = read_words([("Which?", "the sun", "+", "-"), ("Who?", "-", "Sun", "+")])
    assert choice_sets(table).flat.tolist() == sorted(choice_sets(table).flat.tolist()[:3]) * 2


def test_runs_of_letters_skip_spaces_and_stay_inside_their_part() -> None:
    """The words "ab cd" are written |abcd|: two runs. A short choice is one run."""
    table = read_words([("ab cd", "x", "+"), ("abcd", "1", "-")])
    sets = spelling_sets(table)
    assert sizes(sets) == [4, 3]
    assert shared_counts(sets, np.asarray([[0, 1]])).tolist() == [2]


def test_a_part_with_nothing_to_spell_has_no_runs() -> None:
    """A choice of marks alone."""
    assert sizes(spelling_sets(read_words([("ab cd", "?", "!")]))) == [2]


@settings(max_examples=25)
@given(SETS)
def test_the_index_is_that_of_python_sets(values: list[set[int]]) -> None:
    """For every pair; 0 for two empty sets."""
    pairs = [(a, b) for a in range(len(values)) for b in range(a)]
    expected = [len(values[a] & values[b]) / max(len(values[a] | values[b]), 1) for a, b in pairs]
    found = jaccard(as_sets(values), np.asarray(pairs))
    assert np.allclose(found, expected)


@settings(max_examples=25)
@given(SETS, st.data())
def test_sets_can_be_taken_and_joined(values: list[set[int]], data: st.DataObject) -> None:
    """In any order, and repeatedly; joining the parts gives the whole."""
    sets = as_sets(values)
    places = data.draw(st.lists(st.integers(0, len(values) - 1), max_size=6))
    taken = sets.take(np.asarray(places, np.int64))
    assert [set(part.tolist()) for part in np.split(taken.flat, taken.bounds[1:-1])][
        : len(places)
    ] == [values[at] for at in places]
    joined = join_sets([as_sets(values[:1]), as_sets(values[1:])])
    assert joined.flat.tolist() == sets.flat.tolist()
    assert joined.bounds.tolist() == sets.bounds.tolist()


def test_no_pairs_share_nothing() -> None:
    """An empty list of pairs is no error."""
    assert shared_counts(as_sets([{1}, {2}]), np.empty((0, 2), np.int64)).tolist() == []


def test_distinct_is_the_sorted_set() -> None:
    """Repeats go, order comes."""
    assert distinct(np.asarray([3, 1, 3, 2, 1])).tolist() == [1, 2, 3]
    assert distinct(np.empty(0, np.int64)).tolist() == []
