"""What a model says about one question, before anything is made of it.

In: log-probabilities of the choices. Out: a prediction, by any normalisation, without the model.
Never: torch, a file.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from underdog.errors import InputError
from underdog.evaluation.predictions import Scored
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question


class Normalisation(StrEnum):
    """What makes the scores of choices of different lengths comparable. A softmax over the
    normalised scores gives the probabilities of a prediction.
    """

    SUM = "sum"
    """Sum of the tokens' log-probabilities: the probability of the text; favours short choices."""
    PER_TOKEN = "per_token"  # noqa: S105  (no password)
    """Sum over the number of tokens."""
    PER_CHARACTER = "per_character"
    """Sum over the number of characters (`acc_norm` of lm-eval); favours long choices."""
    UNCONDITIONAL = "unconditional"
    """Sum less the sum after the bare "Answer:": what the question adds to each choice, their
    pointwise mutual information (Brown et al. 2020, arXiv 2005.14165, section 2.4)."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """By choice, in canonical order: sums of log-probabilities in nats under the whole vocabulary,
    numbers of tokens, and, when asked for, the sums after the bare cue.
    """

    sums: tuple[float, ...]
    tokens: tuple[int, ...]
    unconditional: tuple[float, ...] | None = None

    def scored(
        self, question: Question, order: Presentation, normalisation: Normalisation
    ) -> Scored:
        """The prediction; of equally good choices it takes the first."""
        scores = self._scores(question, normalisation)
        total = log_sum_exp(scores)
        log_probs = tuple(min(each - total, 0.0) for each in scores)
        choice = max(range(len(scores)), key=lambda index: (scores[index], -index))
        prediction = Prediction(question.id, order, Outcome.CLEAN, choice, log_probs)
        return Scored(prediction, min(log_sum_exp(self.sums), 0.0))

    def _scores(self, question: Question, normalisation: Normalisation) -> list[float]:
        match normalisation:
            case Normalisation.SUM:
                sizes: Sequence[int] = [1] * len(self.sums)
            case Normalisation.PER_TOKEN:
                sizes = self.tokens
            case Normalisation.PER_CHARACTER:
                sizes = [len(choice.strip()) for choice in question.choices]
            case Normalisation.UNCONDITIONAL:
                if self.unconditional is None:
                    raise InputError("scores after the bare cue", got="none were asked for")
                return [a - b for a, b in zip(self.sums, self.unconditional, strict=True)]
        return [total / size for total, size in zip(self.sums, sizes, strict=True)]


def tempered(prediction: Prediction, temperature: float) -> Prediction:
    """Probabilities to the power of 1 / temperature, normalised again; the choice stays."""
    if temperature == 1 or prediction.log_probs is None:
        return prediction
    cooled = [value / temperature for value in prediction.log_probs]
    total = log_sum_exp(cooled)
    log_probs = tuple(min(value - total, 0.0) for value in cooled)
    return replace(prediction, log_probs=log_probs)


def log_sum_exp(values: Sequence[float]) -> float:
    """The natural logarithm of the sum of exponentials of finite numbers, at least one."""
    top = max(values)
    return top + math.log(math.fsum(math.exp(value - top) for value in values))
