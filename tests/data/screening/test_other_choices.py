"""Choices that speak of other choices."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rows import asked, opened

from underdog.data.reject import Reason
from underdog.data.screening.fault import Fault
from underdog.data.screening.other_choices import (
    find_all_of_these,
    find_places,
    refers_to_all,
    refers_to_places,
)

BY_PLACE = [
    "All of the above",
    "all of the above.",
    "None of the Above",
    "none above",
    "Any of the above",
    "two of the above",
    "All of the answers above",
    "None of the above is correct",
    "All of the above except B",
    "answers 1 and 2",
    "Options A and C",
    "both answers 1 and 3",
    "Answer A and answer B",
    "the first two answers",
]  # fmt: skip
OF_ALL = [
    "All of these",
    "None of these",
    "none of these answers",
    "All three answers are correct.",
    "Both of these",
    "neither of them",
    "All of them",
    "None of the others",
    "All of these statements are true",
    "None of the other answers",
]
OF_NOTHING = [
    "All",
    "None",
    "Both",
    "All My Children",
    "All of Me",
    "None of us",
    "Nothing",
    "All of them died in the war",
    "Neither above nor below",
    "All bats are blind",
    "Both parents",
    "The first two years",
    "Ford",
    "1 and 2",
    "Answer",
    "Options trading",
]


@pytest.mark.parametrize("text", BY_PLACE)
def test_choices_by_place_are_found(text: str) -> None:
    """They are true in one order only."""
    assert refers_to_places(text)
    assert not refers_to_all(text)
    assert find_places(asked("Which?", "Oslo", "Rome", "Lima", text)) == Fault(
        Reason.POSITIONAL_CHOICE, f"choice 4: {text!r}"
    )


@pytest.mark.parametrize("text", OF_ALL)
def test_choices_of_all_others_are_a_rule_of_their_own(text: str) -> None:
    """They hold in any order."""
    assert refers_to_all(text)
    assert not refers_to_places(text)
    item = asked("Which?", "Oslo", text)
    assert find_places(item) is None
    assert find_all_of_these(item) == Fault(Reason.CHOICE_OF_ALL, f"choice 2: {text!r}")


@pytest.mark.parametrize("text", OF_NOTHING)
def test_other_choices_that_begin_so_are_left(text: str) -> None:
    """Titles, quantities, pairs of numbers, places above and below."""
    item = asked("Which?", "Oslo", text, "Rome")
    assert not refers_to_places(text)
    assert not refers_to_all(text)
    assert find_places(item) is None
    assert find_all_of_these(item) is None
    assert find_places(opened("Which?", text)) is None


@pytest.mark.parametrize("text", ["All of the above", "None of these", "All of them."])
def test_as_the_answer_of_an_open_question_all_of_them_mean_nothing(text: str) -> None:
    """There are no others."""
    assert find_places(opened("Which city?", text)) == Fault(
        Reason.POSITIONAL_CHOICE, f"answer {text!r}"
    )


@pytest.mark.parametrize(
    "text", ["A and C", "Both A and B", "a, b and c", "A & B", "(a) and (b)", "Neither A nor B",
             "B or C", "A and B only"]
)  # fmt: skip
def test_letters_of_choices_are_found(text: str) -> None:
    """Where the letters are those of choices that stand there."""
    assert find_places(asked("Which city?", "Oslo", "Rome", "Lima", text)) == Fault(
        Reason.POSITIONAL_CHOICE, f"choice 4: {text!r}"
    )


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("Which vitamins dissolve in fat?", ("A and D", "B and C", "B and H", "C and B")),
        ("Who knows both, with vitamin B in mind?", ("Oslo", "Rome", "A and B", "Lima")),
        ("A. Cats bark. B. Dogs bark. Which is true?", ("One", "Two", "A and B", "Neither one")),
        ("Which blood types?", ("A", "B", "A and B", "O")),
        ("Which keys?", ("Oslo", "Rome", "E and F", "Lima")),
        ("Which maker?", ("Ford", "Core", "Cord", "Banda")),
    ],
)
def test_letters_that_name_something_else_are_left(text: str, choices: tuple[str, ...]) -> None:
    """Vitamins, blood types, points of the text, letters beyond the choices."""
    assert find_places(asked(text, *choices)) is None


@given(st.text(max_size=80), st.lists(st.text(min_size=1, max_size=70), min_size=2, max_size=5))
def test_no_text_makes_the_rules_fail(text: str, choices: list[str]) -> None:
    """They say nothing or name a choice."""
    for rule in (find_places, find_all_of_these):
        fault = rule(asked(text, *choices))
        assert fault is None or fault.detail.startswith("choice ")
