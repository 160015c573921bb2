"""Questions."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.errors import InputError
from underdog.mcq.question import MAX_CHOICES, Question, find_fault, normalise, question_id

texts = st.text(min_size=1, max_size=20).filter(lambda text: bool(text.strip()))
choice_lists = st.lists(texts, min_size=2, max_size=8, unique_by=normalise)


@given(text=texts, choices=choice_lists, data=st.data())
def test_the_id_ignores_the_order_of_choices(
    text: str, choices: list[str], data: st.DataObject
) -> None:
    """Any order of the same choices is the same question."""
    other = data.draw(st.permutations(choices))
    assert question_id(text, tuple(choices)) == question_id(text, tuple(other))


@given(texts, choice_lists, texts)
def test_the_id_depends_on_text_and_choices(text: str, choices: list[str], more: str) -> None:
    """Another text, or another choice, is another question; key and topic are not looked at."""
    question = Question(text, tuple(choices), 0)
    assert Question(text + "?", tuple(choices), 0).id != question.id
    assert question_id(text, (*choices, more + "!")) != question.id
    assert Question(text, tuple(choices), 1, topic="t", source="s").id == question.id


def test_the_id_is_pinned() -> None:
    """Stored ids stay valid: this one was made by this function on 2026-11-20."""
    assert question_id("Which is prime?", ("4", "5")) == "df7261194f4f0bb9"


@given(texts, choice_lists)
def test_choices_stay_as_they_were_given(text: str, choices: list[str]) -> None:
    """Canonical order is the order of construction, and nothing can change it."""
    question = Question(text, tuple(choices), len(choices) - 1)
    assert question.choices == tuple(choices)
    assert question.answer_text == choices[-1]
    with pytest.raises(dataclasses.FrozenInstanceError):
        question.choices = ()  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "choices", "answer", "fault"),
    [
        ("  ", ("a", "b"), 0, "a text"),
        ("q", ("a",), 0, "2 to 26 choices, not 1"),
        ("q", tuple(map(str, range(27))), 0, "2 to 26 choices, not 27"),
        ("q", ("a", " "), 0, "choices that are not empty"),
        ("q", ("Paris", " paris  "), 0, "choices that differ from each other"),
        ("q", ("①", "1"), 0, "choices that differ from each other"),
        ("q", ("a", "b"), 2, "an answer between 0 and 1, not 2"),
        ("q", ("a", "b"), -1, "an answer between 0 and 1, not -1"),
    ],
)
def test_a_fault_is_named(text: str, choices: tuple[str, ...], answer: int, fault: str) -> None:
    """Each kind of broken question is refused with what it still needs."""
    assert find_fault(text, choices, answer) == fault
    with pytest.raises(InputError, match="a question needs " + fault[:10]):
        Question(text, choices, answer)


def test_an_unknown_key_is_none_and_has_no_text() -> None:
    """Questions without a key are whole questions."""
    question = Question("q", ("a", "b"), None)
    assert question.answer_text is None
    assert len(Question("q", tuple(map(str, range(MAX_CHOICES))), 25).choices) == MAX_CHOICES


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    """Equal-looking texts meet at one form for the usual alphabets."""
    once = normalise(text)
    assert once == " ".join(once.split())
    assert normalise(once + "  ") == normalise(once)


def test_lone_surrogates_have_an_id() -> None:
    """Text that is not valid Unicode is hashed, not a crash."""
    assert question_id("\ud800", ("a", "b")) != question_id("\ud801", ("a", "b"))
