"""Whether a question is a copy of another one."""

from __future__ import annotations

import pytest
from hypothesis import given
from question_files import any_questions

from underdog.data.copies import Asked, Copied, Way, ask, find_copy, fold_choice, split_words
from underdog.mcq.question import Question


def asked(question: Question) -> Asked:
    return ask(question.text, question.choices, question.answer_text or "")


def test_choices_fold_to_what_they_say() -> None:
    """Case, marks and a leading article go; signs, articles alone and mere marks stay."""
    folded = {
        "The Beatles!": "beatles", "A": "a", "the": "the", "-4 °C": "-4 c", "4 °C": "4 c",
        "10^-2": "10 -2", "10^2": "10 2", "well-known": "well known", "+": "+", "?!": "?!",
        "Peña": "peña",
    }  # fmt: skip
    assert {text: fold_choice(text) for text in folded} == folded


def test_words_are_letters_digits_and_underscores() -> None:
    """Marks part them, case is folded."""
    assert split_words("What’s H2O's _____? (a-b)") == (
        "what", "s", "h2o", "s", "_____", "a", "b",
    )  # fmt: skip


@given(any_questions())
def test_a_question_copies_itself(question: Question) -> None:
    """By its wording, whatever it says, as its choices are the same; nothing surer exists."""
    one = asked(question)
    copied = find_copy(one, one)
    assert copied is not None
    assert (copied.order, copied.way) == (0, Way.SAME_WORDING)


@pytest.mark.parametrize(
    ("answer", "other", "copied"),
    [
        ("Jane Austen", "Jane Austen", True),
        ("Jane Austen", "the Jane Austen.", True),
        ("Jane Austen", "", True),
        ("Jane Austen", "Leo Tolstoy", False),
        ("7", "7", True),
        ("7", "8", False),
    ],
)
def test_equal_texts_of_few_telling_words_need_answers_that_do_not_differ(
    answer: str, other: str, copied: bool
) -> None:
    """A text such as "Who wrote this famous novel?" may be asked of another novel."""
    text = "Who wrote this famous novel?"
    found = find_copy(ask(text, (), answer), ask(text, (), other))
    assert (found is not None) == copied


def test_misspelt_names_are_still_the_same_name_and_numbers_never() -> None:
    """One letter in "Wisconsin" is a slip; one digit in a year is another question."""
    text = "What is the official state beverage of the state of Wisconsin since 1987?"
    known = ask(text, (), "milk")
    slip = find_copy(ask(text.replace("Wisconsin", "Wisconson"), (), "milk"), known)
    assert slip == Copied(1, Way.SHARED_RUNS, "shared runs of 8 words cover 77%, same answer")
    assert find_copy(ask(text.replace("1987", "1988"), (), "milk"), known) is None
    assert find_copy(ask(text.replace("Wisconsin", "Delaware"), (), "milk"), known) is None
    shouted = text.replace("Wisconsin", "Delaware").upper()
    assert find_copy(ask(shouted, (), "milk"), known) is not None  # no names are seen in capitals
