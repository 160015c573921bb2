"""Where answers stood."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fakes import numbered_questions
from underdog.evaluation.places import count_places
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation

QUESTIONS = numbered_questions(24)


def always_at(place: int, seed: int = 0) -> list[Prediction]:
    shown = [Presentation.shuffled(4, seed=f"{seed}:{question.id}") for question in QUESTIONS]
    return [
        Prediction(question.id, order, Outcome.CLEAN, order.order[place])
        for question, order in zip(QUESTIONS, shown, strict=True)
    ]


@given(st.integers(0, 3), st.integers())
def test_a_model_stuck_at_one_place_is_seen_through_the_shuffle(place: int, seed: int) -> None:
    """Its choices differ, its place does not."""
    found = count_places(QUESTIONS, always_at(place, seed))
    assert found.counts[place] == len(QUESTIONS)
    assert found.largest_share == 1.0
    assert found.constant
    assert sum(found.key_counts) == len(QUESTIONS)


def test_few_answers_are_never_called_constant() -> None:
    """Nineteen equal answers are not enough; unanswered questions do not count."""
    late = [
        Prediction(each.question_id, each.presentation, Outcome.LATE, None)
        for each in always_at(1)[19:]
    ]
    found = count_places(QUESTIONS, [*always_at(1)[:19], *late])
    assert (found.counts, found.constant) == ((0, 19, 0, 0), False)
    assert found.to_json()["counts"] == [0, 19, 0, 0]


def test_no_answers_have_no_share() -> None:
    """A model that never answers is not constant."""
    assert count_places([], []).largest_share == 0.0
