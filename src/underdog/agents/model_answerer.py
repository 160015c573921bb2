"""An A-agent on top of anything that scores questions.

In: a callable from questions to predictions, such as `inference.score` with a model bound to it.
Out: official answers, with the model's probabilities beside them. Never: a model, a key.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from underdog.mcq.prediction import Prediction
from underdog.mcq.presentation import LETTERS
from underdog.mcq.question import Question
from underdog.protocol.player import StrippedQuestion

Score = Callable[[Sequence[Question]], Sequence[Prediction]]
"""One prediction per question, in order. The questions' choices stand in the order shown, and have
no key."""


class ModelAnswerer:
    """Answers with the choice that is predicted."""

    def __init__(self, score: Score) -> None:
        """`score` is called with as many questions as the referee hands out at once."""
        self._score = score

    def warm_up(self) -> None:
        """Score one question before any clock runs: first calls load kernels, which took 9 to 10 s
        in a real match and was mistaken for a slow question (facts 1.5, trap 12).
        """
        self._score([Question("Which of these is a colour?", ("Red", "Seven", "Run", "Why"), None)])

    def answer(self, questions: Sequence[StrippedQuestion]) -> list[object]:
        """None for a question that the model gave no choice for."""
        seen = [Question(each.text, each.choices, None) for each in questions]
        return [_official(prediction) for prediction in self._score(seen)]


def _official(prediction: Prediction) -> object:
    if prediction.choice is None:
        return None
    answer: dict[str, object] = {
        "answer": LETTERS[prediction.choice],
        "reasoning": _reasoning(prediction),
    }
    if prediction.log_probs is not None:
        answer["log_probs"] = [min(float(each), 0.0) for each in prediction.log_probs]
    return answer


def _reasoning(prediction: Prediction) -> str:
    if prediction.log_probs is None or prediction.choice is None:
        return ""
    return f"probability {math.exp(prediction.log_probs[prediction.choice]):.2f}"
