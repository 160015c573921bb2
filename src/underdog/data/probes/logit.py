"""A conditional logit: one weight per feature, a softmax over the choices of each question.

In: features of choices (m, d) and a sheet. Out: scores of choices, each from a fit to earlier
questions only. Never: a score that has seen the key of its own question.

The model is McFadden's (Frontiers in Econometrics, 1974, 105). Testing forward only is progressive
validation (Blum, Kalai and Langford, COLT 1999, 203). On a set without leaks the hits are then a
martingale, and Wilson's interval holds. Folds that learn from each other do not have that: where
choices recur, a chance surplus in one fold is met again in the next. Measured on 2026-11-21 on 60
sets of 3,000 questions with keys drawn at random, five folds scatter by 0.0088 instead of the
binomial 0.0079, forward tests by 0.0091 instead of 0.0088.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from underdog.data.probes.evidence import cut_blocks
from underdog.data.probes.sheet import Floats, Sheet

RIDGE = 10.0
"""Penalty on the squared weights of features of unit variance, in nats."""
ITERATIONS = 15
"""Steps of L-BFGS per fit, each fit going on from the one before."""
_REFIT_AFTER = (1, 2, 4, 7, 10, 13, 16)
"""Blocks after which the weights are fitted again."""


class Progress(NamedTuple):
    """Scores (m) of all choices, zero in the first block, and the last weights (d)."""

    scores: Floats
    weights: Floats


def compare(sheet: Sheet, values: Floats) -> Floats:
    """Values (m, d) less the mean of their question's, in units of the column's deviation.

    A softmax over a question ignores what all its choices share, so nothing is lost.
    """
    compared = np.array(values, dtype=np.float32)
    means = sheet.total(compared) / sheet.sizes[:, None].astype(np.float32)
    compared -= means[sheet.owner]
    deviation = np.sqrt(np.einsum("md,md->d", compared, compared, dtype=float) / len(compared))
    compared /= np.where(deviation > 0, deviation, 1.0).astype(np.float32)
    return compared


def fit_forward(sheet: Sheet, features: Floats) -> Progress:
    """Fit to the blocks so far, score the blocks until the next fit, and so on."""
    bounds = cut_blocks(sheet)
    refits = [at for at in _REFIT_AFTER if at < len(bounds) - 1]
    scores: Floats = np.zeros(len(features))
    weights: Floats = np.zeros(features.shape[1])
    for at, until in zip(refits, [*refits[1:], len(bounds) - 1], strict=True):
        weights = _fit(sheet, features, questions=bounds[at], weights=weights)
        start, end = sheet.starts[bounds[at]], sheet.starts[bounds[until]]
        scores[start:end] = features[start:end] @ weights.astype(np.float32)
    return Progress(scores, weights)


def _fit(sheet: Sheet, features: Floats, *, questions: int, weights: Floats) -> Floats:
    """Weights after some steps from `weights` towards the best for the first `questions`."""
    from scipy.optimize import minimize

    starts, keys = sheet.starts[: questions + 1], sheet.keys[:questions]
    seen, owner = features[: starts[-1]], sheet.owner[: starts[-1]]

    def loss(trial: Floats) -> tuple[float, Any]:
        scores = (seen @ trial.astype(np.float32)).astype(float)
        best = np.maximum.reduceat(scores, starts[:-1])
        parts = np.exp(scores - best[owner])
        totals = np.add.reduceat(parts, starts[:-1])
        nats = np.sum(np.log(totals) + best) - np.sum(scores[keys])
        surplus = parts / totals[owner]
        surplus[keys] -= 1.0
        slope = (surplus.astype(np.float32) @ seen).astype(float) + RIDGE * trial
        return float(nats) + RIDGE / 2 * float(np.sum(trial**2)), slope

    found = minimize(loss, weights, jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS})
    return np.round(found.x, 6)
