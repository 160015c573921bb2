"""How often predictions are right, never without an interval.

In: questions and predictions about them. Out: marks (right or wrong) and `Interval`s. Never: a
model, a file. An unanswered question counts as wrong.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from underdog.errors import InputError
from underdog.interval import LEVEL, Interval, normal_quantile, wilson
from underdog.mcq.prediction import Prediction
from underdog.mcq.question import Question


def marks(questions: Sequence[Question], predictions: Sequence[Prediction]) -> tuple[bool, ...]:
    """Whether each prediction is right. Both sequences are in the same order, every key known."""
    check_aligned(questions, predictions)
    return tuple(
        prediction.choice is not None and prediction.choice == question.answer
        for question, prediction in zip(questions, predictions, strict=True)
    )


def check_aligned(questions: Sequence[Question], predictions: Sequence[Prediction]) -> None:
    """InputError unless each prediction is about the question at its place, and keys are known."""
    if [each.id for each in questions] != [each.question_id for each in predictions]:
        raise InputError(
            "one prediction per question, in the same order",
            got=f"{len(predictions)} predictions for {len(questions)} questions",
        )
    unknown = next((each for each in questions if each.answer is None), None)
    if unknown is not None:
        raise InputError("questions with a known answer", got=f"{unknown.id}: {unknown.text[:80]}")


def accuracy(right: Sequence[bool]) -> Interval:
    """The share of right marks with its Wilson interval; InputError when there are none."""
    return wilson(sum(right), len(right))


def questions_for_margin(rate: float, margin: float) -> int:
    """How many questions give an interval of about `rate` plus or minus `margin` (both 0 to 1).

    The normal approximation n = z^2 p (1 - p) / m^2 (Cochran, Sampling Techniques, 1977, eq. 4.1).
    """
    if not 0 < rate < 1 or not 0 < margin < 1:
        raise InputError("a rate and a margin between 0 and 1", got=f"{rate}, {margin}")
    return math.ceil(normal_quantile(0.5 + LEVEL / 2) ** 2 * rate * (1 - rate) / margin**2)
