"""Intervals for questions that are not independent: facts of one template stand or fall together.

In: one number per question and the group it belongs to. Out: `Interval`s over groups drawn with
replacement. Never: an interval narrower than that of independent questions, which is the best case.

The cluster bootstrap (Davison and Hinkley, Bootstrap Methods, 1997, section 3.8; for language
models Miller, arXiv 2411.00640, section 2.2) draws whole groups. Percentiles undercover when there
are few groups and collapse where all marks are equal; so the bounds are joined with Wilson's or
Newcombe's for independent questions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from underdog.errors import InputError
from underdog.evaluation.compare import PairedCounts, paired_difference
from underdog.interval import LEVEL, Interval, wilson

DRAWS = 2000
"""Resamples: the 2.5 % point then rests on 50 of them."""
METHOD = "cluster-bootstrap"
_BLOCK = 100
"""Draws made at once: 100 x 50,000 groups of float64 are 40 MB."""


def clustered_accuracy(
    right: Sequence[bool], groups: Sequence[str] | None, *, seed: int = 0
) -> Interval:
    """The share of right marks; Wilson's own interval when `groups` is None or all differ."""
    plain = wilson(sum(right), len(right))
    if groups is None or len(set(groups)) == len(groups):
        return plain
    return _joined(plain, _bootstrap([float(each) for each in right], groups, seed=seed))


def clustered_difference(
    first: Sequence[bool],
    second: Sequence[bool],
    groups: Sequence[str] | None,
    *,
    seed: int = 0,
) -> Interval:
    """accuracy(second) - accuracy(first) on the same questions, in the same order."""
    plain = paired_difference(PairedCounts.of(first, second))
    if groups is None or len(set(groups)) == len(groups):
        return plain
    changes = [float(two) - float(one) for one, two in zip(first, second, strict=True)]
    return _joined(plain, _bootstrap(changes, groups, seed=seed))


def clustered_mean(
    values: Sequence[float], groups: Sequence[str] | None = None, *, seed: int = 0
) -> Interval:
    """The mean of any finite numbers, such as differences in nats; None: each question alone."""
    names = list(map(str, range(len(values)))) if groups is None else groups
    low, high = _bootstrap(values, names, seed=seed)
    mean = float(np.mean(np.asarray(values, dtype=float)))
    return Interval(mean, min(low, mean), max(high, mean), len(values), METHOD)


def _joined(plain: Interval, bounds: tuple[float, float]) -> Interval:
    low, high = min(plain.low, bounds[0]), max(plain.high, bounds[1])
    return Interval(plain.value, low, high, plain.n, METHOD)


def _bootstrap(values: Sequence[float], groups: Sequence[str], *, seed: int) -> tuple[float, float]:
    """Percentiles of the mean over DRAWS resamples of whole groups."""
    if len(values) != len(groups) or not values:
        raise InputError(
            "one group per question, at least one", got=f"{len(values)} and {len(groups)}"
        )
    owner = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)[1]
    sums = np.bincount(owner, weights=np.asarray(values, dtype=float))
    sizes = np.bincount(owner).astype(float)
    generator = np.random.default_rng(seed)
    means: list[Any] = []
    for start in range(0, DRAWS, _BLOCK):
        drawn = generator.integers(0, len(sums), size=(min(_BLOCK, DRAWS - start), len(sums)))
        means.append(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1))
    low, high = np.quantile(np.concatenate(means), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
