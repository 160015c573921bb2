"""Players that read no question."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.agents.baseline import ConstantAnswerer, LongestAnswerer, RandomAnswerer
from underdog.protocol.filters import filter_answers
from underdog.protocol.player import StrippedQuestion
from underdog.protocol.tokens import estimate_tokens

QUESTIONS = st.builds(
    StrippedQuestion,
    text=st.text(max_size=9),
    choices=st.lists(st.text(max_size=9), min_size=2, max_size=4).map(tuple),
)
PLAYERS = [RandomAnswerer(), ConstantAnswerer(), LongestAnswerer()]


def letters(player: Any, questions: list[StrippedQuestion]) -> list[str]:
    return [answer["answer"] for answer in player.answer(questions)]


@pytest.mark.parametrize("player", PLAYERS, ids=lambda each: type(each).__name__)
@given(questions=st.lists(QUESTIONS, max_size=5))
def test_every_question_gets_an_official_answer(
    player: Any, questions: list[StrippedQuestion]
) -> None:
    """All pass the filter, and asking one by one makes no difference."""
    answers = player.answer(questions)
    assert list(filter_answers(answers, estimate_tokens)) == answers
    assert [each for one in questions for each in player.answer([one])] == answers


def test_random_answers_are_even_and_depend_on_the_seed() -> None:
    """4,000 questions: each letter a quarter, within four standard deviations (27 each)."""
    questions = [StrippedQuestion(str(n), ("a", "b", "c", "d")) for n in range(4000)]
    counts = Counter(letters(RandomAnswerer(0), questions))
    assert set(counts) == set("ABCD")
    assert all(abs(count - 1000) < 110 for count in counts.values())
    assert letters(RandomAnswerer(0), questions) != letters(RandomAnswerer(1), questions)


def test_longest_takes_the_first_of_the_longest() -> None:
    """Length in characters."""
    question = StrippedQuestion("?", ("ab", "abcd", "wxyz", ""))
    assert letters(LongestAnswerer(), [question]) == ["B"]


def test_constant_answers_are_one_letter() -> None:
    """Whatever the choices are."""
    assert letters(ConstantAnswerer("C"), [StrippedQuestion("?", ("a",))] * 2) == ["C", "C"]
