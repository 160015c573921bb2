"""The surface form of an answer."""

from __future__ import annotations

from fractions import Fraction

import pytest

from underdog.data.answers.kind import Case, Form, Numeral
from underdog.data.answers.read import read_answer


@pytest.mark.parametrize(
    ("text", "case"),
    [
        ("gold", Case.LOWER),
        ("Gold", Case.TITLE),
        ("Lord of the Rings", Case.TITLE),
        ("McDonald", Case.TITLE),
        ("Bird watcher", Case.SENTENCE),
        ("Out of", Case.SENTENCE),
        ("USA", Case.UPPER),
        ("NASA HQ", Case.UPPER),
        ("Gold coin Ring", Case.MIXED),
        ("the Beatles", Case.MIXED),
        ("42", Case.NONE),
        ("", Case.NONE),
    ],
)
def test_case_is_told_by_first_letters(text: str, case: Case) -> None:
    """Small words do not count; a text without cased letters has none."""
    assert read_answer(text).form.case == case


def test_a_phrase_has_words_article_plural_and_stop() -> None:
    """Every field of a form without a number."""
    assert read_answer("The brown dogs.").form == Form(
        3, Case.SENTENCE, "the", True, True, Numeral.NONE, 0, 0, None, 0, False, ""
    )


def test_a_number_says_how_it_is_written() -> None:
    """Every field of a form with a number."""
    assert read_answer("about $1,234.50").form == Form(
        2, Case.LOWER, "", False, False, Numeral.DIGITS, 7, 15, Fraction("1234.5"), 2, True, "$"
    )


@pytest.mark.parametrize(
    ("text", "stop"),
    [
        ("He ran.", True),
        ("Jim Jr.", False),
        ("Gary, IN.", False),
        ("Stop.", False),
        ("I ran", False),
    ],
)
def test_the_stop_of_an_abbreviation_ends_no_sentence(text: str, stop: bool) -> None:
    """Nor that of a lone word."""
    assert read_answer(text).form.stop is stop


@pytest.mark.parametrize(
    ("text", "plural"),
    [
        ("cats", True),
        ("glass", False),
        ("bus", False),
        ("status", False),
        ("gas", False),
        ("cat", False),
    ],
)
def test_plurals_end_in_a_single_s(text: str, plural: bool) -> None:
    """Short words and "-ss", "-us", "-is" are none."""
    assert read_answer(text).form.plural is plural


def test_a_date_has_no_numeral_of_its_own() -> None:
    """Conversion writes dates by their parts."""
    form = read_answer("July 4, 1776").form
    assert (form.numeral, form.start, form.end, form.amount) == (Numeral.NONE, 0, 0, None)
