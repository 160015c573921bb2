"""Whether a model that says 70 % is right 70 % of the time.

In: questions and predictions with log-probabilities. Out: expected calibration error, Brier score,
negative log-likelihood, a reliability table with intervals, and what confidence is good for
(`selective`). Never: a prediction changed.

Confidence is the probability of the chosen answer, between 1 / (number of choices) and 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from underdog.errors import InputError
from underdog.evaluation.accuracy import accuracy, check_aligned
from underdog.evaluation.selective import Selective, selective
from underdog.interval import Interval
from underdog.mcq.prediction import Prediction
from underdog.mcq.question import Question

BINS = 10
"""Usual in the literature (Guo et al., ICML 2017, use 15 of equal width)."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Neighbours in confidence. `low` and `high` are the least and the largest confidence in it."""

    low: float
    high: float
    confidence: float
    accuracy: Interval

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return {
            "low": self.low,
            "high": self.high,
            "confidence": self.confidence,
            "accuracy": self.accuracy.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Calibration:
    """`ece` from 0 to 1 over `bins`, and `ece_debiased` less what a bin's own scatter adds to it;
    `brier` from 0 to 2 (summed over the choices, as Brier 1950 defined it); `nll` in nats per
    question. Only predictions with probabilities are counted.
    """

    questions: int
    ece: float
    ece_debiased: float
    brier: float
    nll: float
    bins: tuple[Bin, ...]
    selective: Selective

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return {
            "questions": self.questions,
            "ece": self.ece,
            "ece_debiased": self.ece_debiased,
            "brier": self.brier,
            "nll": self.nll,
            "bins": [each.to_json() for each in self.bins],
            "selective": self.selective.to_json(),
        }


def calibrate(
    questions: Sequence[Question], predictions: Sequence[Prediction], *, bins: int = BINS
) -> Calibration | None:
    """Measure calibration; None when no prediction carries probabilities and a choice.

    Expected calibration error over bins of equal mass, which estimates better than bins of equal
    width (Nixon et al., CVPR workshops 2019; Roelofs et al., AISTATS 2022).
    """
    if bins < 1:
        raise InputError("at least one bin", got=str(bins))
    check_aligned(questions, predictions)
    given: list[_Given] = []
    for question, prediction in zip(questions, predictions, strict=True):
        key, choice, log_probs = question.answer, prediction.choice, prediction.log_probs
        if key is not None and choice is not None and log_probs is not None:
            given.append(_Given(math.exp(log_probs[choice]), choice == key, log_probs, key))
    if not given:
        return None
    table = _table(sorted(given, key=lambda each: each.confidence), bins)
    n = len(given)
    gaps = (each.accuracy.n * abs(each.accuracy.value - each.confidence) for each in table)
    return Calibration(
        questions=n,
        ece=math.fsum(gaps) / n,
        ece_debiased=_debiased(table, n),
        brier=math.fsum(_brier(each) for each in given) / n,
        nll=math.fsum(-each.log_probs[each.key] for each in given) / n,
        bins=table,
        selective=selective([each.confidence for each in given], [each.right for each in given]),
    )


def _debiased(table: Sequence[Bin], n: int) -> float:
    """The error less its expected excess, at least 0.

    The accuracy of a bin scatters around the truth with variance a (1 - a) / m, which makes its
    gap to the confidence look larger: E|Z| - |d| for Z normal around the gap d, the folded normal
    distribution (Kumar, Liang and Ma, NeurIPS 2019, section 4 and appendix, do it by drawing).
    """
    total = 0.0
    for each in table:
        gap = abs(each.accuracy.value - each.confidence)
        deviation = math.sqrt(each.accuracy.value * (1 - each.accuracy.value) / each.accuracy.n)
        total += each.accuracy.n * (gap - (_folded_mean(gap, deviation) - gap))
    return max(total / n, 0.0)


def _folded_mean(mean: float, deviation: float) -> float:
    """E|Z| for Z normal (Leone, Nelson and Nottingham, Technometrics 3:543, 1961)."""
    if deviation == 0:
        return abs(mean)
    ratio = mean / deviation
    bell = deviation * math.sqrt(2 / math.pi) * math.exp(-ratio * ratio / 2)
    return bell + mean * math.erf(ratio / math.sqrt(2))


@dataclass(frozen=True, slots=True)
class _Given:
    confidence: float
    right: bool
    log_probs: tuple[float, ...]
    key: int


def _brier(given: _Given) -> float:
    return math.fsum(
        (math.exp(value) - (choice == given.key)) ** 2
        for choice, value in enumerate(given.log_probs)
    )


def _table(ordered: Sequence[_Given], bins: int) -> tuple[Bin, ...]:
    """Cut sorted answers into bins whose sizes differ by at most one; fewer answers, fewer bins."""
    n = len(ordered)
    count = min(bins, n)
    cuts = [round(number * n / count) for number in range(count + 1)]
    return tuple(_bin(ordered[start:end]) for start, end in pairwise(cuts))


def _bin(inside: Sequence[_Given]) -> Bin:
    return Bin(
        low=inside[0].confidence,
        high=inside[-1].confidence,
        confidence=math.fsum(each.confidence for each in inside) / len(inside),
        accuracy=accuracy([each.right for each in inside]),
    )
