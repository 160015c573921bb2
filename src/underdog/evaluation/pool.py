"""One answer out of several members' probabilities: votes, linear pool, logarithmic pool.

In: a `Panel`, a `Pool` (rule, weights, temperatures). Out: log-probabilities of the choices, and
predictions. Never: a key; fitting is `pool_fit`'s.

    majority, vote   s_c = sum_m w_m [member m chooses c]                 p = softmax(s)
    linear           p_c = sum_m w_m p_mc^(1/T_m) / Z_m, then tempered by T
    log              s_c = sum_m w_m log p_mc                             p = softmax(s)

With w_m = log(a_m (C - 1) / (1 - a_m)) for accuracies a_m, the vote is the posterior of members
that err independently and evenly (Nitzan and Paroush, Int. Econ. Rev. 23:289, 1982). Linear and
logarithmic pools: Genest and Zidek, Stat. Sci. 1:114, 1986. A linear pool of calibrated members is
underconfident (Ranjan and Gneiting, J. R. Stat. Soc. B 72:71, 2010), hence the second tempering.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from underdog.errors import InputError
from underdog.evaluation.panel import Panel, log_softmax
from underdog.mcq.prediction import Outcome, Prediction

TIE_NATS = 1e-6
"""What the members' mean probability adds to a vote: it decides ties and nothing else."""


class Rule(StrEnum):
    """How members become one."""

    MAJORITY = "majority"
    """One vote each."""
    VOTE = "vote"
    """Votes weighted by the log-odds of being right."""
    LINEAR = "linear"
    """Weighted mean of tempered probabilities."""
    LOG = "log"
    """Weighted sum of log-probabilities; absorbs each member's temperature."""


@dataclass(frozen=True, slots=True)
class Pool:
    """`weights` and `temperatures`, one per member, none negative; temperatures above 0.

    `temperature` tempers the pool. `topics` holds other weights for the questions of a topic.
    """

    rule: Rule
    weights: tuple[float, ...]
    temperatures: tuple[float, ...]
    temperature: float = 1.0
    topics: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        size = len(self.weights)
        rows = [self.weights, *self.topics.values()]
        fine = all(
            len(row) == size and all(math.isfinite(w) and w >= 0 for w in row) and sum(row) > 0
            for row in rows
        )
        tempers = (*self.temperatures, self.temperature)
        warm = all(math.isfinite(each) and each > 0 for each in tempers)
        if not size or len(self.temperatures) != size or not fine or not warm:
            raise InputError(
                "weights from 0 on (not all 0) and temperatures above 0, one per member",
                got=f"{self}"[:300],
            )

    @classmethod
    def even(cls, rule: Rule, members: int) -> Pool:
        """Every member counts alike, as it is."""
        share = 1.0 if rule in {Rule.MAJORITY, Rule.VOTE} else 1 / members
        return cls(rule, (share,) * members, (1.0,) * members)


def pooled_logs(panel: Panel, pool: Pool, topics: Sequence[str] | None = None) -> Any:
    """Log-probabilities (N, C), 0 where there is no choice. `topics`, one per question, is needed
    where the pool has weights of topics; without it the common weights hold.
    """
    if len(pool.weights) != len(panel.names):
        raise InputError(f"{len(pool.weights)} members", got=f"{len(panel.names)}")
    weights = np.tile(np.asarray(pool.weights), (len(panel), 1))
    for place, topic in enumerate(topics or ()):
        if topic in pool.topics:
            weights[place] = pool.topics[topic]
    match pool.rule:
        case Rule.LINEAR:
            scores = _linear(panel, weights, pool.temperatures)
        case Rule.LOG:
            scores = np.einsum("nm,nmc->nc", weights, panel.logs)
        case Rule.MAJORITY | Rule.VOTE:
            scores = _votes(panel, weights)
    return log_softmax(scores / pool.temperature, panel.real)


def _linear(panel: Panel, weights: Any, temperatures: Sequence[float]) -> Any:
    tempered_NMC = tempered(panel, temperatures)
    shares_NM = weights / weights.sum(axis=1, keepdims=True)
    mean = np.einsum("nm,nmc->nc", shares_NM, np.exp(tempered_NMC))
    return np.log(np.maximum(mean, np.finfo(float).tiny))


def tempered(panel: Panel, temperatures: Sequence[float]) -> Any:
    """Log-probabilities (N, M, C) of p^(1/T), normalised; 0 where there is no choice."""
    rows = [
        log_softmax(panel.logs[:, index] / temperature, panel.real)
        for index, temperature in enumerate(temperatures)
    ]
    return np.stack(rows, axis=1)


def _votes(panel: Panel, weights: Any) -> Any:
    size = panel.logs.shape[2]
    votes_NMC = panel.choices[:, :, None] == np.arange(size)
    mean_NC = np.exp(panel.logs).mean(axis=1)
    return np.einsum("nm,nmc->nc", weights, votes_NMC) + TIE_NATS * mean_NC


def pool_predictions(
    members: Sequence[Sequence[Prediction]], pooled: Any
) -> tuple[Prediction, ...]:
    """Pooled log-probabilities as predictions; what was shown is the first member's."""
    found = []
    for shown, row in zip(members[0], pooled, strict=True):
        logs = tuple(min(float(each), 0.0) for each in row[: len(shown.presentation.order)])
        choice = max(range(len(logs)), key=lambda index: (logs[index], -index))
        found.append(Prediction(shown.question_id, shown.presentation, Outcome.CLEAN, choice, logs))
    return tuple(found)
