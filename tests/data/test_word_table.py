"""Words of many questions in arrays: how they are folded, and that nothing else changes them."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from question_files import TEXTS

from underdog.data.word_table import WordTable, hash_words, join_tables, read_words


def words_of(text: str) -> list[str]:
    return [word.letters for word in read_words([(text, "x", "y")]).words(0)]


def marked(table: WordTable, trait: str) -> list[str]:
    return [word.letters for word in table.words(0) if getattr(word, trait)]


def test_case_accents_marks_and_plurals_are_folded_away() -> None:
    """What is left are bare words; signs and numbers keep what makes them different."""
    assert words_of("What's the Beatles' “Élan”, boys’ choirs & the class?") == [
        "what",
        "the",
        "beatle",
        "elan",
        "boy",
        "choir",
        "the",
        "class",
    ]
    assert words_of("Was the U.S.A. or the U.K. first (e.g. in 1,000 or 3.5 km)?") == [
        *("was", "the", "usa", "or", "the", "uk", "first", "eg", "in", "1000", "or", "3.5", "km"),
    ]
    assert words_of("3+4=7, 15 - 7, x<-5, 10-14, 20%") == [
        *("3", "+", "4", "=", "7", "15", "-", "7", "x", "<", "-5", "10", "14", "20", "%"),
    ]
    assert words_of("two\nlines\x00 and ＦＵＬＬ width") == ["two", "line", "and", "full", "width"]
    assert words_of("\ud800 half a pair") == ["half", "a", "pair"]


def test_function_words_numbers_names_and_quantities_are_marked() -> None:
    """A year, an ordinal and a decade are numbers, but no quantities."""
    text = "In the 16th and the 1990s Anna paid $1500 and 3 francs to Bonn in 1998 or 1,500 or 1250"
    table = read_words([(text, "x", "y")])
    assert marked(table, "function") == ["in", "the", "and", "the", "and", "to", "in", "or", "or"]
    assert marked(table, "number") == [
        *("16th", "1990s", "1500", "3", "1998", "1500", "1250"),
    ]
    assert marked(table, "name") == ["anna", "bonn"]
    assert marked(table, "quantity") == ["1500", "3", "1500", "1250"]
    assert [word.written for word in table.words(0) if word.written != word.letters] == ["francs"]


def test_a_part_without_words_is_told_by_its_signs_and_articles_by_themselves() -> None:
    """The choices "brain" and "The brain" are one; "!" and "?" are two, as are "a" and "the"."""
    choices = ("The brain", "brain", "!", "?", "a", "the", "x + 1", "x 1", "-7", "7")
    wholes = read_words([("t", *choices)]).wholes[1:].tolist()
    assert wholes[0] == wholes[1]
    assert len(set(wholes)) == len(choices) - 1


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=4).map(tuple), min_size=1, max_size=8))
def test_questions_read_at_once_or_one_by_one_give_the_same_table(
    rows: list[tuple[str, ...]],
) -> None:
    """Blocks can be cut anywhere: no question changes another one's words."""
    at_once = read_words(rows)
    one_by_one = join_tables([read_words([row]) for row in rows])
    for one, other in zip(at_once, one_by_one, strict=True):
        assert np.array_equal(one, other)
    assert at_once.size == len(rows)
    assert at_once.part_rows().tolist() == [at for at, row in enumerate(rows) for _ in row]


def test_a_table_hashes_words_as_they_are_hashed_alone() -> None:
    """So that lists of words can be looked up."""
    table = read_words([("alpha beta", "gamma", "delta")])
    assert table.hashes.tolist() == hash_words(["alpha", "beta", "gamma", "delta"]).tolist()
    assert len(set(hash_words(["ab", "ba", "aab", "b", ""]).tolist())) == 5


def test_no_questions_make_an_empty_table() -> None:
    """Every array is there and empty."""
    table = read_words([])
    assert table.size == 0
    assert len(table.hashes) == len(table.letters) == len(table.wholes) == 0


def test_hashes_are_the_same_under_every_hash_seed() -> None:
    """Python hashes texts differently in each process; tables must not."""
    code = (
        "from underdog.data.word_table import read_words\n"
        "print(read_words([('Which of these words come first?', 'one two', 'three')]).hashes)"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
