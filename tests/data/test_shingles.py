"""Shingles: what they hold, and that they depend on the text alone."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

from underdog.data.shingles import (
    character_sets,
    content_sets,
    distinct,
    read_words,
    text_sets,
    wording_sets,
)
from underdog.mcq.question import Question


def test_the_sets_hold_words_pairs_and_choices() -> None:
    """The text "a b a b" has two words and two pairs; choices add two wholes, or six grams."""
    words = read_words([Question("a b a b", ("c d", "e f"), 0)])
    assert np.diff(text_sets(words).bounds).tolist() == [4]
    assert np.diff(wording_sets(words).bounds).tolist() == [6]
    assert np.diff(content_sets(words).bounds).tolist() == [10]


def test_pairs_do_not_reach_across_parts_or_questions() -> None:
    """The last word of one text is no neighbour of the next text's first."""
    both = text_sets(read_words([Question("a b", ("x", "y"), 0), Question("c", ("x", "y"), 0)]))
    assert np.diff(both.bounds).tolist() == [3, 1]


def test_choices_without_letters_still_count() -> None:
    """Choices such as "+" and "-" have no words; as wholes they differ."""
    words = read_words([Question("Which sign?", ("+", "-"), 0)])
    assert np.diff(wording_sets(words).bounds).tolist() == [3 + 2]


def test_character_runs_are_counted_once_and_stay_inside_their_question() -> None:
    """The letters "aaaaaaa|b|c" have the runs aaaaa, aaaa|, aaa|b, aa|b|, a|b|c."""
    sets = character_sets([Question("aaaaaaa", ("b", "c"), 0), Question("x", ("b", "c"), 0)])
    assert np.diff(sets.bounds).tolist() == [5, 1]
    assert sets.size == 2


def test_distinct_is_the_sorted_set() -> None:
    """Repeats go, order comes."""
    assert distinct(np.asarray([3, 1, 3, 2, 1])).tolist() == [1, 2, 3]
    assert distinct(np.empty(0, np.int64)).tolist() == []


def test_shingles_are_the_same_under_every_hash_seed() -> None:
    """Python hashes texts differently in each process; shingles must not."""
    code = (
        "from underdog.data.shingles import read_words, content_sets\n"
        "from underdog.mcq.question import Question\n"
        "q = Question('Which of these words come first?', ('one two', 'three four'), 0)\n"
        "print(content_sets(read_words([q])).flat.tolist())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
