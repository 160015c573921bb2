"""One temperature per model, so that its probabilities mean what they say.

In: questions with known answers and predictions. Out: the temperature under which the right answers
are most probable. Never: a choice changed: dividing log-probabilities keeps their order.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

from underdog.errors import InputError
from underdog.mcq.prediction import Prediction
from underdog.mcq.question import Question

COLDEST, HOTTEST = 0.05, 20.0
"""Where the search ends: beyond, answers are certain or even for every purpose."""


def fit_temperature(questions: list[Question], predictions: list[Prediction]) -> float:
    """Temperature scaling (Guo et al., ICML 2017, section 4.2): the minimum of the negative
    log-likelihood, which is convex in 1 / T. InputError without a question that counts.
    """
    rows = [
        (np.array(prediction.log_probs), question.answer)
        for question, prediction in zip(questions, predictions, strict=True)
        if question.answer is not None and prediction.log_probs is not None
    ]
    if not rows:
        raise InputError("questions with known answers to calibrate on", got="none")

    def nll(inverse: float) -> float:
        total = 0.0
        for log_probs, key in rows:
            scaled = log_probs * inverse
            total += float(np.logaddexp.reduce(scaled) - scaled[key])
        return total / len(rows)

    found = minimize_scalar(nll, bounds=(1 / HOTTEST, 1 / COLDEST), method="bounded")
    return float(1 / found.x)
