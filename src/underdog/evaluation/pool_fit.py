"""Weights and temperatures from questions with known keys. Every problem solved here is convex.

In: a `Panel` and keys. Out: a `Pool`. Never: a judgement; weights are judged on other questions
than they were fitted to (`judge`).

The logarithmic pool is a conditional logit (McFadden, Frontiers in Econometrics, 1974, 105) whose
features are the members' log-probabilities: its negative log-likelihood is convex in w, and so is
w >= 0. With one member it is temperature scaling, w = 1 / T (Guo et al., ICML 2017, section 4.2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from underdog.errors import InputError, MissingExtraError
from underdog.evaluation.panel import Panel, log_softmax
from underdog.evaluation.pool import Pool, Rule, pooled_logs, tempered

SPREAD = 0.5
"""Standard deviation of weights around their common mean that is thought likely beforehand: the
ridge is 1 / SPREAD^2 nats in all, so it fades as questions come in. The mean itself is free."""
TEMPERATURES = (0.05, 20.0)
"""Bounds: beyond them a member is a vote or a coin."""


def fit_pool(panel: Panel, keys: Sequence[int], rule: Rule) -> Pool:
    """The pool of one rule that fits best, regularised towards equal members."""
    key_array = np.asarray(keys, dtype=int)
    if len(key_array) != len(panel) or not len(panel):
        raise InputError(
            "one key per question, at least one", got=f"{len(key_array)}, {len(panel)}"
        )
    ones = (1.0,) * len(panel.names)
    match rule:
        case Rule.LOG:
            return Pool(rule, fit_log_weights(panel, key_array), ones)
        case Rule.LINEAR:
            return _fit_linear(panel, key_array)
        case Rule.VOTE | Rule.MAJORITY:
            odds = _log_odds(panel, key_array)
            if rule is Rule.MAJORITY:
                odds = (sum(odds) / len(odds),) * len(odds)
            return Pool(rule, odds, ones)


def fit_temperature(panel: Panel, keys: Sequence[int]) -> float:
    """The temperature of a panel of one member, within TEMPERATURES."""
    (slope,) = _minimise(
        panel.logs, panel.real, np.asarray(keys, dtype=int), centre=None, low=1 / 20.0
    )
    return min(max(1 / max(slope, 1e-12), TEMPERATURES[0]), TEMPERATURES[1])


def fit_log_weights(
    panel: Panel, key_array: Any, *, centre: Sequence[float] | None = None
) -> tuple[float, ...]:
    """Weights of the logarithmic pool, each at least 0. The ridge draws them to `centre`, or to
    their own mean when it is None.
    """
    found = _minimise(panel.logs, panel.real, key_array, centre=centre, low=0.0)
    if sum(found) <= 0:  # members that only mislead: an even, nearly flat pool
        return (1 / TEMPERATURES[1],) * len(found)
    return found


def _minimise(
    logs: Any, real: Any, key_array: Any, *, centre: Sequence[float] | None, low: float
) -> tuple[float, ...]:
    members = logs.shape[1]
    rows = np.arange(len(key_array))
    at_key_NM = logs[rows, :, key_array]
    ridge = 1 / SPREAD**2

    def loss(weights: Any) -> tuple[float, Any]:
        pooled = log_softmax(np.einsum("m,nmc->nc", weights, logs), real)
        probabilities = np.where(real, np.exp(pooled), 0.0)
        expected_NM = np.einsum("nc,nmc->nm", probabilities, logs)
        away = weights - (weights.mean() if centre is None else np.asarray(centre))
        nats = -float(pooled[rows, key_array].sum()) + ridge / 2 * float(away @ away)
        return nats, (expected_NM - at_key_NM).sum(axis=0) + ridge * away

    start = np.full(members, 1 / members) if centre is None else np.asarray(centre, dtype=float)
    found = _solver()(
        loss, start, jac=True, method="L-BFGS-B", bounds=[(low, 1 / TEMPERATURES[0])] * members
    )
    return tuple(round(float(each), 6) for each in found.x)


def _solver() -> Any:
    try:
        from scipy.optimize import minimize
    except ImportError as error:
        raise MissingExtraError.of("fitting an ensemble", "data") from error
    return minimize


def _fit_linear(panel: Panel, key_array: Any) -> Pool:
    """Temper each member, mix (EM for the shares of a mixture with known parts, Dempster, Laird
    and Rubin 1977; Dirichlet prior of one question per member), temper the mixture.
    """
    members = len(panel.names)
    temperatures = tuple(fit_temperature(panel.member(each), key_array) for each in range(members))
    at_key_NM = np.exp(tempered(panel, temperatures)[np.arange(len(key_array)), :, key_array])
    shares = np.full(members, 1 / members)
    for _ in range(200):
        parts = shares * at_key_NM
        parts /= np.maximum(parts.sum(axis=1, keepdims=True), np.finfo(float).tiny)
        new = (parts.sum(axis=0) + 1) / (len(key_array) + members)
        if np.abs(new - shares).max() < 1e-9:
            break
        shares = new
    weights = tuple(round(float(each), 6) for each in shares)
    mixed = pooled_logs(panel, Pool(Rule.LINEAR, weights, temperatures))
    alone = Panel(("pool",), mixed[:, None, :], panel.real)
    return Pool(Rule.LINEAR, weights, temperatures, fit_temperature(alone, key_array))


def _log_odds(panel: Panel, key_array: Any) -> tuple[float, ...]:
    """log(a (C - 1) / (1 - a)) with half a question added on either side; at least 0.01, so that a
    member worse than chance is nearly left out and never turned round.
    """
    size = float(panel.real.sum(axis=1).mean())
    right_M = (panel.choices == key_array[:, None]).sum(axis=0)
    shares = [(float(each) + 0.5) / (len(key_array) + 1) for each in right_M]
    odds = (math.log(share * max(size - 1, 1) / (1 - share)) for share in shares)
    return tuple(max(round(each, 6), 0.01) for each in odds)


def nll(pooled: Any, keys: Sequence[int]) -> Any:
    """Nats that each question's key costs, (N,)."""
    return -np.asarray(pooled)[np.arange(len(keys)), np.asarray(keys, dtype=int)]
