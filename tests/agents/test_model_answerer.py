"""A scoring callable as a player."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from fakes import ChosenScorer, even_log_probs
from underdog.agents.model_answerer import ModelAnswerer
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question, question_id
from underdog.protocol.filters import filter_answers
from underdog.protocol.player import StrippedQuestion
from underdog.protocol.tokens import estimate_tokens

PERU = StrippedQuestion("Capital of Peru?", ("Quito", "Lima", "Bogota", "La Paz"))
LIMA = (math.log(0.1), math.log(0.7), math.log(0.1), math.log(0.1))


def test_the_likeliest_choice_is_answered_as_shown() -> None:
    """Letter, probability in words, and the log-probabilities in the order shown."""
    scorer = ChosenScorer({question_id(PERU.text, PERU.choices): LIMA})
    (answer,) = ModelAnswerer(scorer).answer([PERU])
    assert answer == {"answer": "B", "reasoning": "probability 0.70", "log_probs": list(LIMA)}
    assert filter_answers([answer], estimate_tokens) == (answer,)


def test_all_questions_of_a_call_are_scored_together() -> None:
    """One call of the scorer, answers in order."""
    calls: list[int] = []
    scorer = ChosenScorer()

    def score(questions: Sequence[Question]) -> Sequence[Prediction]:
        calls.append(len(questions))
        assert all(question.answer is None for question in questions)
        return scorer(questions)

    other = StrippedQuestion("Capital of Chad?", PERU.choices)
    answers = ModelAnswerer(score).answer([PERU, other])
    assert calls == [2]
    assert scorer.asked == [question_id(each.text, each.choices) for each in (PERU, other)]
    assert len(answers) == 2


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.TRUNCATED])
def test_a_prediction_without_a_choice_is_no_answer(outcome: Outcome) -> None:
    """The referee records it as malformed; nothing is guessed here."""

    def score(questions: Sequence[Question]) -> list[Prediction]:
        return [Prediction(each.id, Presentation.identity(4), outcome, None) for each in questions]

    assert ModelAnswerer(score).answer([PERU]) == [None]


def test_predictions_without_probabilities_are_answers() -> None:
    """Then nothing is said about probability."""

    def score(questions: Sequence[Question]) -> list[Prediction]:
        return [
            Prediction(each.id, Presentation.identity(4), Outcome.CLEAN, 2) for each in questions
        ]

    assert ModelAnswerer(score).answer([PERU]) == [{"answer": "C", "reasoning": ""}]


def test_warming_up_scores_one_question() -> None:
    """Before a clock runs; and a rounding error above probability 1 is not passed on."""
    scorer = ChosenScorer()
    ModelAnswerer(scorer).warm_up()
    assert len(scorer.asked) == 1
    assert even_log_probs(4)[0] < 0
