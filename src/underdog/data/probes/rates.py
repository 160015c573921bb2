"""From hits of questions to a rate with its interval, when some questions belong together.

In: one hit per question, from 0 to 1 (1/2 for a tie between two). Out: an Interval. Never: an
interval narrower than that of as many independent questions.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from underdog.data.probes.sheet import Floats, Integers, Sheet
from underdog.interval import LEVEL, Interval, normal_quantile

DECIMALS = 4
"""Reported rates are rounded: the last bits of a fit may differ between processors."""


def hits_of(scores: Floats, sheet: Sheet) -> Floats:
    """1 where the key of a question has the highest score, 1/t where t share the first place.

    Scores count as equal when they agree to six decimals, so that no rounding breaks a tie.
    """
    rounded = np.round(scores, 6)
    best = np.maximum.reduceat(rounded, sheet.starts[:-1])
    first = rounded == best[sheet.owner]
    shared: Floats = np.where(first[sheet.keys], 1.0 / sheet.total(first.astype(float)), 0.0)
    return shared


def rate_of(hits: Floats, units: Integers) -> Interval:
    """The mean hit with Wilson's interval at the effective number of questions.

    Questions of a unit are one draw: the linearised variance of the mean over units, divided by
    that of as many independent questions, is the design effect, and n / max(1, design effect) goes
    into Wilson's formula (Korn and Graubard, Survey Methodology 24:193, 1998, with another formula;
    Franco et al., Journal of Survey Statistics and Methodology 7:334, 2019, with this one).
    Questions with other numbers of choices vary less than this assumes, never more.
    """
    n, value = len(hits), float(np.mean(hits))
    effective = n / max(1.0, _design_effect(hits, units))
    z = normal_quantile((1 + LEVEL) / 2)
    centre = (value + z * z / (2 * effective)) / (1 + z * z / effective)
    spread = z * math.sqrt(value * (1 - value) / effective + z * z / (4 * effective**2))
    half = spread / (1 + z * z / effective)
    low, high = max(min(centre - half, value), 0.0), min(max(centre + half, value), 1.0)
    return rounded(
        Interval(value, low, high, n, "wilson, clustered" if effective < n else "wilson")
    )


def rounded(interval: Interval) -> Interval:
    """With all shares to DECIMALS."""
    value, low, high = (
        round(each, DECIMALS) for each in (interval.value, interval.low, interval.high)
    )
    return replace(interval, value=value, low=low, high=high)


def _design_effect(hits: Floats, units: Integers) -> float:
    """Variance of the mean over units, against that of as many independent questions."""
    _, places = np.unique(units, return_inverse=True)
    count, n = int(places.max()) + 1, len(hits)
    value = float(np.mean(hits))
    if count == n or count < 2 or not 0 < value < 1:
        return 1.0
    residuals = np.bincount(places, weights=hits - value)
    variance = count / (count - 1) * float(np.sum(residuals**2)) / n**2
    return variance / (value * (1 - value) / n)
