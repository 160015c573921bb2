"""How hard the questions of a set are: as guessed, or as a model found them.

In: questions, and predictions where a model has answered them. Out: for each question a difficulty
from 0 to 1, which is its rank among all of them, and a band; and a report on how well the guess
foretells the model. The shares of the bands are met to the row, because bands are cut by rank.
Never: a model run here; predictions come in as values.

A question without prediction is ranked by its guess (`guess` states the parts). One with a
prediction is ranked by the margin of the best wrong choice over the right one, in nats. Where a set
has both kinds, they must share one scale, or one kind would fill one end of the curriculum. The
questions that have both a guess and a margin tie the scales together: a guess that p per cent of
them do not exceed stands where the p-th per cent of their margins stands (equipercentile equating;
M. J. Kolen and R. L. Brennan, Test Equating, Scaling, and Linking, 2014, section 2.5). So a rated
part that is easier than the rest pulls nothing with it, and both kinds fill every band. The guess
is not shrunk towards the middle, however little it foretells: that would take all questions without
a prediction out of the first and the last chunks. The report says how little it foretells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from underdog.data.agreement import (
    BandShare,
    DifficultyReport,
    Floats,
    compare_parts,
    rank,
    spearman,
)
from underdog.data.guess import MEANINGS, Guesses, guess
from underdog.data.row import Band
from underdog.errors import InputError
from underdog.interval import Interval, wilson
from underdog.mcq.prediction import Prediction
from underdog.mcq.question import Question

DEFAULT_SHARES = (0.526, 0.423, 0.051)
"""Easy, medium, hard: the shares that the first team reported for its 45,002 questions."""
STEPS = 100
"""Difficulties are rounded to 0.01, so that rows of different topics share one and mix."""
_IMPOSSIBLE_NATS = -1e9
"""Stands for the log-probability of a right choice that a model rules out."""


class Rating(NamedTuple):
    """`difficulty` is a multiple of 0.01."""

    difficulty: float
    band: Band


def rate(
    questions: Sequence[Question],
    *,
    shares: tuple[float, float, float] = DEFAULT_SHARES,
    predictions: Mapping[str, Prediction] | None = None,
    guesses: Guesses | None = None,
) -> tuple[Rating, ...]:
    """Rate all questions against each other. Equal ones are ordered by guess, then by id (a hash).

    `predictions` by question id. `guesses` of the same questions, where they are known already.
    """
    guesses = guess(questions) if guesses is None else guesses
    scale = _one_scale(questions, guesses.scores, predictions=predictions or {})
    ids = np.asarray([question.id for question in questions], np.str_)
    order = np.lexsort((ids, guesses.scores, scale)).tolist()
    bands = _bands(len(order), shares)
    ratings: dict[int, Rating] = {}
    for place, at in enumerate(order):
        ratings[at] = Rating(round((place + 0.5) / len(order) * STEPS) / STEPS, bands[place])
    return tuple(ratings[at] for at in range(len(questions)))


def report_difficulty(
    questions: Sequence[Question],
    ratings: Sequence[Rating],
    *,
    guesses: Guesses,
    shares: tuple[float, float, float] = DEFAULT_SHARES,
    predictions: Mapping[str, Prediction] | None = None,
) -> DifficultyReport:
    """How well the guess foretells the predictions, and the shares of the bands, asked and met."""
    known = _known(questions, predictions or {})
    margins = _margins(questions, known, predictions=predictions or {})
    parts = {name: values[known] for name, values in guesses.parts.items()}
    rows = [rating.band for rating in ratings]
    right = _right_by_band(
        questions, known, scores=guesses.scores, shares=shares, predictions=predictions or {}
    )
    return DifficultyReport(
        rows=len(questions),
        measured=len(known),
        correlation=spearman(guesses.scores[known], margins),
        parts=compare_parts(parts, margins, weights=guesses.weights, meanings=MEANINGS),
        bands=tuple(
            BandShare(band, share, rows.count(band), right[band])
            for band, share in zip(Band, shares, strict=True)
        ),
    )


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


def _bands(count: int, shares: tuple[float, float, float]) -> list[Band]:
    """The band of every place, from the easiest."""
    medium, hard = band_borders(count, shares)
    parts = ((Band.EASY, medium), (Band.MEDIUM, hard - medium), (Band.HARD, count - hard))
    return [band for band, size in parts for _ in range(size)]


def _one_scale(
    questions: Sequence[Question], scores: Floats, *, predictions: Mapping[str, Prediction]
) -> Floats:
    """Places from 0 to 1 on the scale of what was measured; of the guess where nothing was."""
    known = _known(questions, predictions)
    reference = scores[known] if known else scores
    places = _places(scores, among=reference)
    if known:
        margins = _margins(questions, known, predictions=predictions)
        places[known] = (rank(margins) - 1) / (2 * len(known))
    return places


def _places(values: Floats, *, among: Floats) -> Floats:
    """The share of `among` that lies below each value, half of its equals counted as below."""
    ordered = np.sort(among)
    below = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    places: Floats = below / (2 * max(len(ordered), 1))
    return places


def _known(questions: Sequence[Question], predictions: Mapping[str, Prediction]) -> list[int]:
    return [at for at, question in enumerate(questions) if question.id in predictions]


def _margins(
    questions: Sequence[Question], known: Sequence[int], *, predictions: Mapping[str, Prediction]
) -> Floats:
    found = [margin(questions[at], predictions[questions[at].id]) for at in known]
    return np.asarray(found, np.float64)


def margin(question: Question, prediction: Prediction) -> float:
    """Best wrong choice over the right one in nats. Without probabilities: -1 right, 1 not."""
    if prediction.log_probs is None or question.answer is None:
        return -1.0 if prediction.choice == question.answer is not None else 1.0
    right = max(prediction.log_probs[question.answer], _IMPOSSIBLE_NATS)
    wrong = max(value for at, value in enumerate(prediction.log_probs) if at != question.answer)
    return max(wrong, _IMPOSSIBLE_NATS) - right


def _right_by_band(
    questions: Sequence[Question],
    known: Sequence[int],
    *,
    scores: Floats,
    shares: tuple[float, float, float],
    predictions: Mapping[str, Prediction],
) -> dict[Band, Interval | None]:
    """How often the model is right on the measured questions, cut into bands by guess alone."""
    order = sorted(known, key=lambda at: (scores[at], questions[at].id))
    right: dict[Band, list[bool]] = {band: [] for band in Band}
    for at, band in zip(order, _bands(len(order), shares), strict=True):
        question = questions[at]
        choice = predictions[question.id].choice
        right[band].append(choice is not None and choice == question.answer)
    return {band: wilson(sum(got), len(got)) if got else None for band, got in right.items()}
