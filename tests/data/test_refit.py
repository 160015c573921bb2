"""Fitted weights: better where a model follows the parts, never judged on what they learnt from."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from question_files import make_questions

from underdog.data.agreement import spearman
from underdog.data.difficulty import margin
from underdog.data.guess import WEIGHTS, Guesses, weigh
from underdog.data.refit import refit
from underdog.errors import InputError
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question

COUNT = 700


def predict(question: Question, hardness: float) -> Prediction:
    """A margin of this many nats."""
    right = -math.log1p(3 * math.exp(hardness))
    log_probs = tuple(right if at == question.answer else right + hardness for at in range(4))
    return Prediction(question.id, Presentation.identity(4), Outcome.CLEAN, 0, log_probs)


def made(*, signal: bool) -> tuple[list[Question], Guesses, dict[str, Prediction]]:
    """Random parts; margins that follow "length" against "closeness", or nothing at all."""
    questions = make_questions(COUNT)
    chance = np.random.default_rng(7)
    parts = {name: chance.uniform(size=COUNT) for name in WEIGHTS}
    parts["source"] = np.full(COUNT, 0.45)
    noise = chance.normal(size=COUNT) * 0.3
    hardness = noise + (parts["length"] - parts["closeness"] if signal else 0.0)
    guesses = Guesses(weigh(parts, WEIGHTS), parts, WEIGHTS)
    predictions = {
        each.id: predict(each, float(value))
        for each, value in zip(questions[:500], hardness[:500], strict=True)
    }
    return questions, guesses, predictions


def agreement(
    questions: list[Question], guesses: Guesses, predictions: dict[str, Prediction]
) -> float:
    margins = [margin(each, predictions[each.id]) for each in questions[:500]]
    found = spearman(guesses.scores[:500], margins)
    assert found is not None
    return found.value


def test_weights_follow_the_model() -> None:
    """Length up, closeness down, the rest near nothing; a part of one value gets no weight."""
    questions, guesses, predictions = made(signal=True)
    fitted = refit(guesses, questions, predictions=predictions)
    assert fitted.weights["length"] > 0.4
    assert fitted.weights["closeness"] < -0.4
    assert all(abs(fitted.weights[name]) < 0.12 for name in ("wording", "answer", "chance"))
    assert abs(fitted.weights["source"]) < 1e-3
    assert fitted.parts is guesses.parts
    before, after = (agreement(questions, each, predictions) for each in (guesses, fitted))
    assert before < 0.1
    assert after > 0.6


def test_nothing_is_found_where_there_is_nothing() -> None:
    """Margins at random: scores that were fitted to their own margins would correlate by 0.1; these
    do not.
    """
    questions, guesses, predictions = made(signal=False)
    fitted = refit(guesses, questions, predictions=predictions)
    assert agreement(questions, fitted, predictions) < 0.05
    margins = [margin(each, predictions[each.id]) for each in questions[:500]]
    own = spearman(weigh(guesses.parts, fitted.weights)[:500], margins)
    assert own is not None
    assert own.value > 0.05


def test_the_order_of_the_questions_does_not_matter() -> None:
    """The same weights, to the last digit, and the same score for each question."""
    questions, guesses, predictions = made(signal=True)
    fitted = refit(guesses, questions, predictions=predictions)
    at = list(range(COUNT))
    random.Random(2).shuffle(at)
    shuffled = Guesses(
        guesses.scores[at], {name: each[at] for name, each in guesses.parts.items()}, WEIGHTS
    )
    again = refit(shuffled, [questions[place] for place in at], predictions=predictions)
    assert again.weights == fitted.weights
    assert again.scores.tolist() == fitted.scores[at].tolist()


def test_too_few_predictions_are_refused() -> None:
    """With 299, the error says how many are needed."""
    questions, guesses, predictions = made(signal=True)
    few = {each.id: predictions[each.id] for each in questions[:299]}
    with pytest.raises(InputError, match=r"at least 300 questions of the set.*got 299"):
        refit(guesses, questions, predictions=few)
