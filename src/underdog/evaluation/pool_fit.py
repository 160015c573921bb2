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
    keys_N = np.asarray(keys, dtype=int)
    if len(keys_N) != len(panel) or not len(panel):
        raise InputError("one key per question, at least one", got=f"{len(keys_N)}, {len(panel)}")
    ones = (1.0,) * len(panel.names)
    match rule:
        case Rule.LOG:
            return Pool(rule, fit_log_weights(panel, keys_N), ones)
        case Rule.LINEAR:
            return _fit_linear(panel, keys_N)
        case Rule.VOTE | Rule.MAJORITY:
            odds = _log_odds(panel, keys_N)
            if rule is Rule.MAJORITY:
                odds = (sum(odds) / len(odds),) * len(odds)
            return Pool(rule, odds, ones)


def fit_temperature(panel: Panel, keys: Sequence[int]) -> float:
    """The temperature of a panel of one member, within TEMPERATURES."""
    (slope,) = _minimise(
        panel.logs_NMC, panel.real_NC, np.asarray(keys, dtype=int), centre=None, low=1 / 20.0
    )
    return min(max(1 / max(slope, 1e-12), TEMPERATURES[0]), TEMPERATURES[1])


def fit_log_weights(
    panel: Panel, keys_N: Any, *, centre: Sequence[float] | None = None
) -> tuple[float, ...]:
    """Weights of the logarithmic pool, each at least 0. The ridge draws them to `centre`, or to
    their own mean when it is None.
    """
    found = _minimise(panel.logs_NMC, panel.real_NC, keys_N, centre=centre, low=0.0)
    if sum(found) <= 0:  # members that only mislead: an even, nearly flat pool
        return (1 / TEMPERATURES[1],) * len(found)
    return found


def _minimise(
    logs_NMC: Any, real_NC: Any, keys_N: Any, *, centre: Sequence[float] | None, low: float
) -> tuple[float, ...]:
    members = logs_NMC.shape[1]
    rows = np.arange(len(keys_N))
    at_key_NM = logs_NMC[rows, :, keys_N]
    ridge = 1 / SPREAD**2

    def loss(weights: Any) -> tuple[float, Any]:
        logs_NC = log_softmax(np.einsum("m,nmc->nc", weights, logs_NMC), real_NC)
        probabilities = np.where(real_NC, np.exp(logs_NC), 0.0)
        expected_NM = np.einsum("nc,nmc->nm", probabilities, logs_NMC)
        away = weights - (weights.mean() if centre is None else np.asarray(centre))
        nats = -float(logs_NC[rows, keys_N].sum()) + ridge / 2 * float(away @ away)
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


def _fit_linear(panel: Panel, keys_N: Any) -> Pool:
    """Temper each member, mix (EM for the shares of a mixture with known parts, Dempster, Laird
    and Rubin 1977; Dirichlet prior of one question per member), temper the mixture.
    """
    members = len(panel.names)
    temperatures = tuple(fit_temperature(panel.member(each), keys_N) for each in range(members))
    at_key_NM = np.exp(tempered(panel, temperatures)[np.arange(len(keys_N)), :, keys_N])
    shares = np.full(members, 1 / members)
    for _ in range(200):
        parts = shares * at_key_NM
        parts /= np.maximum(parts.sum(axis=1, keepdims=True), np.finfo(float).tiny)
        new = (parts.sum(axis=0) + 1) / (len(keys_N) + members)
        if np.abs(new - shares).max() < 1e-9:
            break
        shares = new
    weights = tuple(round(float(each), 6) for each in shares)
    mixed = pooled_logs(panel, Pool(Rule.LINEAR, weights, temperatures))
    alone = Panel(("pool",), mixed[:, None, :], panel.real_NC)
    return Pool(Rule.LINEAR, weights, temperatures, fit_temperature(alone, keys_N))


def _log_odds(panel: Panel, keys_N: Any) -> tuple[float, ...]:
    """log(a (C - 1) / (1 - a)) with half a question added on either side; at least 0.01, so that a
    member worse than chance is nearly left out and never turned round.
    """
    size = float(panel.real_NC.sum(axis=1).mean())
    right_M = (panel.choices_NM == keys_N[:, None]).sum(axis=0)
    shares = [(float(each) + 0.5) / (len(keys_N) + 1) for each in right_M]
    odds = (math.log(share * max(size - 1, 1) / (1 - share)) for share in shares)
    return tuple(max(round(each, 6), 0.01) for each in odds)


def nll(logs_NC: Any, keys: Sequence[int]) -> Any:
    """Nats that each question's key costs, (N,)."""
    return -np.asarray(logs_NC)[np.arange(len(keys)), np.asarray(keys, dtype=int)]
