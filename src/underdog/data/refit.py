"""Weights of the guess fitted to what a model found hard, where it has answered part of a set.

In: guesses, and predictions for some of the questions. Out: the same parts with other weights, and
other scores. Never: a score of a measured question that its own margin helped to fit, so that the
correlation which is told of the result is an honest one.

The default weights are fixed and know nothing about any model. These learn what one model finds
hard, its quirks included: with choices scored by their text, the tiny base finds short right
answers easy, and the fit learns that numbers are short. Measured on 3,000 questions each, answered
by the tiny base (2026-11-21), rank correlation with its margins, fixed weights / fitted ones:
OpenTriviaQA 0.10 / 0.21, ARC and OpenBookQA 0.05 / 0.12, the bank -0.09 / 0.09, all three together
0.11 / 0.30 (give or take 0.035, together 0.02). So it is worth taking where predictions are of the
model that will be trained.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from underdog.data.agreement import Integers, rank
from underdog.data.difficulty import margin
from underdog.data.guess import WEIGHTS, Floats, Guesses, weigh
from underdog.errors import InputError
from underdog.mcq.prediction import Prediction
from underdog.mcq.question import Question

FOLDS = 5
FEWEST = 300
"""Measured questions below which six weights are fitted to chance rather than to a model."""
_GRID = 1 << 20
"""Parts are fitted as whole multiples of 1 / _GRID: sums of whole numbers are exact, so that
neither the order of the rows nor the machine shows in a weight."""
_RIDGE = 1e-6
"""Keeps a part of one value at weight 0 where the equations would have no single solution."""


def refit(
    guesses: Guesses, questions: Sequence[Question], *, predictions: Mapping[str, Prediction]
) -> Guesses:
    """The guess with weights fitted to the margins of `predictions` (by question id).

    Least squares of the margins' ranks on the parts. A measured question is scored by weights that
    were fitted without its fifth of the measured ones; folds are drawn by hash of the id. Raises
    InputError below FEWEST measured questions.
    """
    known = [at for at, question in enumerate(questions) if question.id in predictions]
    if len(known) < FEWEST:
        raise InputError(
            f"predictions for at least {FEWEST} questions of the set to fit weights to",
            got=str(len(known)),
            hint="the fixed weights, or predictions for more of its questions",
        )
    at = np.asarray(known)
    ranks = rank([margin(questions[k], predictions[questions[k].id]) for k in known])
    parts = {name: values[at] for name, values in guesses.parts.items()}
    folds = np.asarray([_fold(questions[k].id) for k in known])
    whole = _fit(parts, ranks, used=np.ones(len(known), np.bool_))
    scores = whole.score(guesses.parts)
    for fold in range(FOLDS):
        inside = folds == fold
        if inside.any() and not inside.all():
            scores[at[inside]] = _fit(parts, ranks, used=~inside).score(parts)[inside]
    return Guesses(scores, guesses.parts, whole.weights)


class _Fit(NamedTuple):
    weights: dict[str, float]
    constant: float
    """Keeps the scores of the folds on one level."""

    def score(self, parts: Mapping[str, Floats]) -> Floats:
        scores: Floats = weigh(parts, self.weights) + self.constant
        return scores


def _fold(name: str) -> int:
    return hashlib.sha256(f"fold\x1f{name}".encode()).digest()[0] % FOLDS


def _fit(parts: Mapping[str, Floats], ranks: Integers, *, used: NDArray[np.bool_]) -> _Fit:
    """Ranks, scaled to run from 0 to 1, as a sum of parts. Rounded to 4 decimals."""
    columns = [np.round(parts[name][used] * _GRID).astype(np.int64) for name in WEIGHTS]
    table = np.stack([*columns, np.full(int(used.sum()), _GRID, np.int64)], axis=1)
    target = ranks[used]
    squares = (table.T @ table).astype(np.float64) / (float(_GRID) ** 2 * len(target))
    products = (table.T @ target).astype(np.float64) / (_GRID * len(target) * 2.0 * len(ranks))
    ridge = np.diag([*[_RIDGE] * len(WEIGHTS), 0.0])
    found = [round(float(value), 4) for value in np.linalg.solve(squares + ridge, products)]
    return _Fit(dict(zip(WEIGHTS, found[:-1], strict=True)), found[-1])
