"""Wrong choices that say the same as the key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rows import asked, opened

from underdog.data.reject import Reason
from underdog.data.screening.fault import Fault
from underdog.data.screening.twins import find_twin


@pytest.mark.parametrize(
    ("key", "twin"),
    [
        ("The Connells", "Connells"),
        ("Love", "The Love"),
        ("a cat", "cat"),
        ("Oslo.", "Oslo"),
        ('"Oslo"', "Oslo"),
        ("“The Oslo”", "oslo."),
        ("1/2", "0.5"),
        ("0.5", "50%"),
        ("50 percent", "50 %"),
        ("2/4", "1/2"),
        ("1,000", "1000"),
        ("1000.0", "1,000"),
        ("007", "7"),
        ("two", "2"),
        ("$5", "$5.00"),
        ("-5", "−5.0"),
        (".5 kg", "0.50 kg"),
        ("5 cm", "5cm"),
    ],
)
def test_twins_of_the_key_are_found(key: str, twin: str) -> None:
    """Article, end stop, quotation marks and the form of a number make no other answer."""
    item = asked("How much?", "Rome", twin, key, "Lima", right=2)
    assert find_twin(item) == Fault(Reason.KEY_NOT_UNIQUE, f"{key!r} and {twin!r}")
    other_way = asked("How much?", twin, key, "Lima", right=0)
    assert find_twin(other_way) == Fault(Reason.KEY_NOT_UNIQUE, f"{twin!r} and {key!r}")


@pytest.mark.parametrize(
    ("key", "other"),
    [
        ("Alien", "Aliens"),
        ("AB+", "AB-"),
        ("-4 degrees", "4 degrees"),
        ("Mr. Potato Head", "Mrs. Potato Head"),
        ("its", "it's"),
        ("5!", "5"),
        ("(0, 1)", "[0, 1]"),
        ("5 mW", "5.0 MW"),
        ("$5", "€5"),
        ("5 cm", "5 m"),
        ("an hour", "a hour"),
        ("10^2", "10^ -2"),
        ("5 ft 2 in", "5 ft 3 in"),
        ("1/0", "2/0"),
        ("...", "..."[:2]),
        ("1999", "1998"),
    ],
)
def test_answers_that_only_look_alike_are_left(key: str, other: str) -> None:
    """Plurals, signs, factorials, intervals, units and inner marks make another answer."""
    assert find_twin(asked("Which?", key, other)) is None


def test_twins_among_the_wrong_choices_are_left() -> None:
    """They cost a distractor, not the key."""
    assert find_twin(asked("Which?", "Lima", "The Connells", "Connells")) is None
    assert find_twin(asked("Which?", "3", "1/2", "0.5")) is None
    assert find_twin(opened("How much?", "0.5")) is None


@pytest.mark.parametrize(
    "text",
    [
        "What time signature has a waltz?",
        "What is 1/2 as a decimal?",
        "Write 6/8 in its simplest form.",
        "Round 3/4 to one place.",
    ],
)
def test_where_the_form_of_a_number_is_asked_equal_values_differ(text: str) -> None:
    """3/4 and 6/8 are two answers there."""
    assert find_twin(asked(text, "3/4", "6/8")) is None
    assert find_twin(asked("How much is left?", "3/4", "6/8")) is not None


def test_a_question_about_articles_is_left() -> None:
    """Three choices of one noun."""
    assert find_twin(asked("Which is right?", "a hour", "the hour", "hour")) is None


@given(st.integers(-999, 999), st.integers(1, 99))
def test_equal_fractions_are_twins_in_every_form(over: int, under: int) -> None:
    """A fraction and the same one not reduced; one more is another number."""
    key, twin = f"{over}/{under}", f"{over * 3}/{under * 3}"
    assert find_twin(asked("How much?", key, twin)) is not None
    assert find_twin(asked("How much?", key, f"{over * 3 + 1}/{under * 3}")) is None


@given(st.lists(st.text(min_size=1, max_size=45), min_size=2, max_size=4))
def test_no_choices_make_the_rule_fail(choices: list[str]) -> None:
    """It says nothing or names two of them."""
    fault = find_twin(asked("How much?", *choices))
    assert fault is None or fault.reason is Reason.KEY_NOT_UNIQUE
