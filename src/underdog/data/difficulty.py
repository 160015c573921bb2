"""How hard a question probably is: from its wording, or from how a model did on it.

In: questions, and predictions where a model has answered them. Out: for each question a difficulty
from 0 to 1, which is its rank among all of them, and a band. The shares of the bands are met to the
row, because bands are cut by rank. Never: a model run here; predictions come in as values.

The score of a question without prediction is a weighted sum of six parts, each from 0 to 1. Only
its order matters. It goes back to the rules of the project's first team (base value per source,
longer and explaining questions up, naming questions down), with distractors added:
  source     0.30  how hard its source is known to be (ARC-Easy 0.25 ... brain-teasers 0.8)
  closeness  0.25  how like the right answer its distractors are
  wording    0.15  "except", "not", "why", "how" up; "who", "where" down
  answer     0.12  yes/no 0.1, words 0.4, number or date 0.8
  length     0.10  words of the question, 50 or more count as 1
  chance     0.08  probability of guessing wrong
With a prediction the score is the margin of the best wrong choice over the right one, in nats.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from underdog.data.row import Band
from underdog.errors import InputError
from underdog.mcq.prediction import Prediction
from underdog.mcq.question import Question, normalise

DEFAULT_SHARES = (0.526, 0.423, 0.051)
"""Easy, medium, hard: the shares that the first team reported for its 45,002 questions."""
STEPS = 100
"""Difficulties are rounded to 0.01, so that rows of different topics share one and mix."""
_UNKNOWN_SOURCE = 0.5
_SOURCES = {
    "arc-easy": 0.25,
    "arc-challenge": 0.65,
    "openbookqa": 0.55,
    "opentriviaqa": 0.45,
}
"""Order after the accuracies of published models on these sets; the values are our estimate."""
_TOPICS = {"for-kids": 0.15, "brain-teasers": 0.8}
_TWISTED = re.compile(
    r"\b(except|not|never|odd|incorrect|false|least|isnt|doesnt|isn't|doesn't|without)\b"
)
_EXPLAINING = re.compile(r"\b(why|how|explain\w*|because|cause[sd]?|best|most likely|analy[sz]e)\b")
_NAMING = re.compile(r"\b(who|where|when|what|which|name|whose)\b")
_NUMBER = re.compile(r"[-+$€£]?\d[\d,]*(?:\.\d+)?")
_YES_NO = {"true", "false", "yes", "no"}


class Rating(NamedTuple):
    """`difficulty` is a multiple of 0.01."""

    difficulty: float
    band: Band


def rate(
    questions: Sequence[Question],
    *,
    shares: tuple[float, float, float] = DEFAULT_SHARES,
    predictions: Mapping[str, Prediction] | None = None,
) -> tuple[Rating, ...]:
    """Rate all questions against each other. Equal scores are ordered by a hash of the id.

    `predictions` by question id; questions without one keep their place among the guesses.
    """
    scores = _quantiles([guess(question) for question in questions])
    if predictions:
        scores = _with_predictions(questions, scores, predictions)
    ties = [hashlib.sha256(question.id.encode()).digest() for question in questions]
    order = sorted(range(len(questions)), key=lambda at: (scores[at], ties[at]))
    borders = band_borders(len(questions), shares)
    ratings: dict[int, Rating] = {}
    for rank, at in enumerate(order):
        band = Band.EASY if rank < borders[0] else Band.MEDIUM if rank < borders[1] else Band.HARD
        ratings[at] = Rating(round((rank + 0.5) / len(order) * STEPS) / STEPS, band)
    return tuple(ratings[at] for at in range(len(questions)))


def check_shares(shares: Sequence[float]) -> tuple[float, float, float]:
    """Three shares of at least 0 that sum to 1 (within 0.001)."""
    if len(shares) != 3 or min(shares) < 0 or abs(sum(shares) - 1) > 1e-3:
        raise InputError(
            "shares of easy, medium and hard questions, each at least 0, that sum to 1",
            got=" ".join(map(str, shares)),
            hint="--shares 0.526 0.423 0.051",
        )
    easy, medium, hard = shares
    return (easy, medium, hard)


def band_borders(count: int, shares: tuple[float, float, float]) -> tuple[int, int]:
    """The first rank that is medium and the first that is hard."""
    easy, medium, _ = check_shares(shares)
    return round(count * easy), min(round(count * (easy + medium)), count)


def _quantiles(values: Sequence[float]) -> list[float]:
    """Each value's mid-rank from 0 to 1; equal values have equal ranks."""
    ordered = sorted(range(len(values)), key=values.__getitem__)
    result = [0.0] * len(values)
    start = 0
    while start < len(ordered):
        end = start
        while end < len(ordered) and values[ordered[end]] == values[ordered[start]]:
            end += 1
        for at in ordered[start:end]:
            result[at] = (start + end) / 2 / len(values)
        start = end
    return result


def _with_predictions(
    questions: Sequence[Question], guesses: list[float], predictions: Mapping[str, Prediction]
) -> list[float]:
    known = [at for at, question in enumerate(questions) if question.id in predictions]
    margins = [_margin(questions[at], predictions[questions[at].id]) for at in known]
    scores = list(guesses)
    for at, score in zip(known, _quantiles(margins), strict=True):
        scores[at] = score
    return scores


def _margin(question: Question, prediction: Prediction) -> float:
    """Best wrong choice over the right one in nats. Without probabilities: -1 right, 1 not."""
    if prediction.log_probs is None or question.answer is None:
        return -1.0 if prediction.choice == question.answer is not None else 1.0
    right = prediction.log_probs[question.answer]
    return max(
        value for at, value in enumerate(prediction.log_probs) if at != question.answer
    ) - max(right, -1e9)


def guess(question: Question) -> float:
    """The heuristic score, from 0 to 1; the module's docstring states its parts."""
    text = normalise(question.text)
    source = _SOURCES.get(normalise(question.source), _UNKNOWN_SOURCE)
    return round(
        0.30 * _TOPICS.get(question.topic, source)
        + 0.25 * closeness(question)
        + 0.15 * _wording(text)
        + 0.12 * _answer_kind(question)
        + 0.10 * min(len(text.split()) / 50, 1.0)
        + 0.08 * (1 - 1 / len(question.choices)),
        6,
    )


def _wording(text: str) -> float:
    if _TWISTED.search(text):
        return 1.0
    if _EXPLAINING.search(text):
        return 0.7
    return 0.2 if _NAMING.search(text) else 0.4


def _answer_kind(question: Question) -> float:
    answer = normalise(question.answer_text or "")
    if answer in _YES_NO:
        return 0.1
    return 0.8 if _NUMBER.match(answer) else 0.4


def closeness(question: Question) -> float:
    """Mean likeness of the distractors to the right answer, from 0 to 1.

    Numbers: one minus their relative distance. Texts: Jaccard index of letter pairs, with a bonus
    for equal length.
    """
    if question.answer is None:
        return 0.5
    answer = normalise(question.choices[question.answer])
    others = [
        normalise(choice) for at, choice in enumerate(question.choices) if at != question.answer
    ]
    return sum(_likeness(answer, other) for other in others) / len(others)


def _likeness(one: str, other: str) -> float:
    numbers = _NUMBER.search(one), _NUMBER.search(other)
    if numbers[0] and numbers[1]:
        a, b = (float(found[0].lstrip("+$€£").replace(",", "")) for found in numbers if found)
        return 1 - min(abs(a - b) / max(abs(a), abs(b), 1e-9), 1.0)
    pairs = {one[at : at + 2] for at in range(len(one))}
    other_pairs = {other[at : at + 2] for at in range(len(other))}
    shared = len(pairs & other_pairs)
    alike = shared / max(len(pairs) + len(other_pairs) - shared, 1)
    return 0.7 * alike + 0.3 * min(len(one), len(other)) / max(len(one), len(other), 1)
