"""What was learned, kept and forgotten, on the same questions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import numbered_questions
from underdog.errors import InputError
from underdog.evaluation.compare import mcnemar
from underdog.evaluation.forgetting import forgetting, pair_answers
from underdog.evaluation.predictions import Scored
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question

QUESTIONS = numbered_questions(40)
PAIRS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40)


@given(PAIRS)
def test_every_question_is_counted_once(pairs: list[tuple[bool, bool]]) -> None:
    """The four counts sum to all; the net is learned less forgotten; p is McNemar's."""
    before, after = zip(*pairs, strict=True)
    found = forgetting(QUESTIONS[: len(pairs)], before, after)
    assert found.learned + found.kept + found.forgotten + found.never == len(pairs)
    net = found.comparison.difference
    assert net.value == pytest.approx((found.learned - found.forgotten) / len(pairs))
    assert net.low <= net.value <= net.high
    assert found.comparison.p_value == mcnemar(found.forgotten, found.learned)


@given(PAIRS)
def test_time_turned_round_swaps_learned_and_forgotten(pairs: list[tuple[bool, bool]]) -> None:
    """And keeps the p-value."""
    before, after = zip(*pairs, strict=True)
    one = forgetting(QUESTIONS[: len(pairs)], before, after)
    two = forgetting(QUESTIONS[: len(pairs)], after, before)
    assert (one.learned, one.forgotten, one.kept) == (two.forgotten, two.learned, two.kept)
    assert one.comparison.p_value == two.comparison.p_value


def test_the_sentence_tells_both_parts_of_a_net_change() -> None:
    """Ten forgotten and ten learned are not nothing; twelve against one are a loss."""
    even = forgetting(
        QUESTIONS, [True] * 10 + [False] * 30, [False] * 10 + [True] * 10 + [False] * 20
    )
    assert even.sentence().startswith(
        "Of 40 questions 10 were forgotten, 10 learned, 0 kept and 20 never known: net +0.0 points"
    )
    assert even.sentence().endswith("not separable from no change.")
    loss = forgetting(QUESTIONS, [True] * 39 + [False], [False] * 12 + [True] * 28)
    assert loss.sentence().endswith("it knows less than before.")
    assert loss.to_json()["forgotten"] == 12


def test_topics_that_lost_most_come_first() -> None:
    """By what they lost in all; topics that lost nothing are left out."""
    before = [question.topic != "arts" for question in QUESTIONS]
    after = [
        was and question.topic != "elements"
        for was, question in zip(before, QUESTIONS, strict=True)
    ]
    (only,) = forgetting(QUESTIONS, before, after).topics
    assert (only.topic, only.questions, only.forgotten, only.learned) == ("elements", 13, 13, 0)


def scored(questions: tuple[Question, ...], *, right: bool) -> list[Scored]:
    found = []
    for question in questions:
        assert question.answer is not None
        choice = question.answer if right else (question.answer + 1) % 4
        order = Presentation.identity(4)
        found.append(Scored(Prediction(question.id, order, Outcome.CLEAN, choice), None))
    return found


def test_answers_are_paired_by_question_whatever_their_order() -> None:
    """30 before, the last 30 in reverse after: 20 of both, 20 answered once."""
    before = scored(QUESTIONS[:30], right=True)
    after = scored(QUESTIONS[10:][::-1], right=False)
    found = pair_answers(QUESTIONS, before, after)
    assert (found.forgotten, found.left_out) == (20, 20)


def test_nothing_in_common_is_an_error() -> None:
    """With the counts of both."""
    with pytest.raises(InputError, match="5 before, 5 after, none to a question of both"):
        pair_answers(
            QUESTIONS, scored(QUESTIONS[:5], right=True), scored(QUESTIONS[5:10], right=True)
        )
    with pytest.raises(InputError, match="marks of the same questions"):
        forgetting(QUESTIONS, [True], [True])
