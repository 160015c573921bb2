"""What one text says that another does not: typos and joined words apart."""

from __future__ import annotations

import random
import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from question_files import WORDS

from underdog.data.own_words import _are_slips, ask_the_same, is_slip, part_words
from underdog.data.shingles import meaning_sets
from underdog.data.word_table import Word, read_words

LOWER = st.text("abcs", min_size=1, max_size=7)


def words_of(text: str) -> list[Word]:
    return [word for word in read_words([(text, "x", "y")]).words(0) if not word.function]


def same(one: str, other: str, *, may_exchange: bool = False) -> bool:
    """`ask_the_same` for one pair of texts."""
    table = read_words([(one, "x", "y"), (other, "x", "y")])
    verdict = ask_the_same(
        table,
        meaning_sets(table),
        np.asarray([[0, 1]]),
        may_exchange=np.asarray([may_exchange]),
    )
    return bool(verdict[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("wrote", "wrtoe"),
        ("wrote", "wrte"),
        ("wrote", "wrotte"),
        ("wrote", "wrofe"),
        ("wrote", "rwote"),
        ("wrote", "wroet"),
        ("bats", "bast"),
        ("says", "syas"),
        ("son", "sno"),
        ("an" * 15, "an" * 14 + "na"),
    ],
)
def test_one_wrong_letter_is_a_slip(one: str, other: str) -> None:
    """Left out, doubled, another one, or two neighbours exchanged, at any place; the s of a plural
    counts as it is written.
    """
    first, second = words_of(one)[0], words_of(other)[0]
    assert is_slip(first, second)
    assert is_slip(second, first)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("north", "south"),
        ("mean", "mode"),
        ("cat", "hat"),
        ("ox", "xo"),
        ("1914", "1941"),
        ("16th", "15th"),
        ("austria", "australia"),
        ("slovakia", "slovenia"),
        ("goose", "mongoose"),
    ],
)
def test_other_words_and_other_numbers_are_no_slips(one: str, other: str) -> None:
    """Two letters apart, or short, or a number."""
    assert not is_slip(words_of(one)[0], words_of(other)[0])


@given(LOWER, LOWER)
def test_slips_found_for_many_words_at_once_are_those_found_one_by_one(
    one: str, other: str
) -> None:
    """Both ways of asking agree."""
    table = read_words([(f"x9 {one} {other}", "x", "y")])
    words = table.words(0)
    if len(words) == 3 and one != other:
        places = np.asarray([1]), np.asarray([2])
        assert _are_slips(table, *places).tolist() == [is_slip(words[1], words[2])]


def test_words_are_parted_into_those_that_each_side_has_for_itself() -> None:
    """Typos and words written as one are no difference."""
    left, right = part_words(
        words_of("The spin-off of Happy Days was wrtten long ago"),
        words_of("the spinoff of Happy Day was written by whom"),
    )
    assert [word.letters for word in left] == ["spin", "off", "long", "ago"]
    assert [word.letters for word in right] == ["spinoff", "whom"][:1]
    left, right = part_words(words_of("the spin-off"), words_of("a spinoff"))
    assert (left, right) == ([], [])


def test_other_words_on_both_sides_ask_for_different_things() -> None:
    """Unless they are typos, or may be exchanged and are no names or numbers."""
    assert not same("What is the capital of France?", "What is the capital of Finland?")
    assert same("What is the captial of France?", "What is the capital of Frnce?")
    assert same("The largest planet is which movie", "The largest planet is which film") is False
    assert same("which movie begins", "which film starts", may_exchange=True)
    assert not same("which movie with Bond", "which movie with Holmes", may_exchange=True)
    assert not same("the movie of 1995", "the movie of 1997", may_exchange=True)
    assert same("the moive with the old Bond", "the movie with Bonds old", may_exchange=False)
    assert same("a long spin-off series", "a long spinoff series")


def test_a_typo_beside_a_word_more_is_no_difference() -> None:
    """What is left has own words on one side only."""
    assert same("Which actor plays Rpbin here?", "Which American actor plays Robin here?")
    assert not same("Which British actor plays Rpbin?", "Which American actor plays Robin?")


def test_a_typo_in_a_name_beside_exchanged_words() -> None:
    """The name is the same but for the slip; the others may be exchanged."""
    assert same("the movie with Robin", "the film with Rpbin", may_exchange=True)
    assert not same("the movie with Robin", "the film with Rpbin")


def test_long_texts_of_other_words_are_compared_too() -> None:
    """With hundreds of combinations of own words the words themselves are looked at."""
    chance = random.Random(0)
    mine = ["".join(chance.choices(string.ascii_lowercase, k=9)) for _ in range(24)]
    typed = [f"{word[:4]}{word[5:]}" for word in mine[:12]]
    assert same(" ".join(mine[:12]), " ".join(typed))
    assert not same(" ".join(mine[:12]), " ".join(mine[12:]))


def test_thousands_of_pairs_of_one_template_are_told_apart() -> None:
    """Of all pairs among the rows of a template only the planted typo asks for the same."""
    names = [f"{first}{second}" for first in WORDS if first[1:] != "mber" for second in WORDS[:4]]
    texts = [f"What is the capital of {name}?" for name in names]
    texts.append(texts[0].replace("capital", "captial"))
    table = read_words([(text, "x", "y") for text in texts])
    pairs = np.asarray([(a, b) for b in range(len(texts)) for a in range(b)])
    verdict = ask_the_same(
        table, meaning_sets(table), pairs, may_exchange=np.zeros(len(pairs), bool)
    )
    assert pairs[verdict].tolist() == [[0, len(texts) - 1]]
