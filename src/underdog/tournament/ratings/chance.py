"""How often this format, at this number of questions, would pick the best team.

In: a schedule and fitted strengths. Out: a share with its interval. The whole tournament is
simulated many times with answers that are independent given the strengths; the best team is the
one with the most overall strength in the fit. Never: a claim about anything but these strengths.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from underdog.errors import InputError
from underdog.interval import Interval, wilson
from underdog.tournament.formats.fixture import Fixture, Result, Side
from underdog.tournament.formats.schedule import Schedule

TIMES = 200
"""Simulated tournaments: the share is then known to about 7 points either way at worst."""


class Power(NamedTuple):
    """A team as the simulation plays it: theta and beta, in logits."""

    answering: float
    asking: float


def picks_the_best(
    schedule: Schedule,
    powers: Mapping[str, Power],
    *,
    questions: int,
    times: int = TIMES,
    seed: int = 0,
) -> Interval:
    """The share of simulated tournaments that the strongest entrant of the schedule wins alone."""
    missing = [name for name in schedule.entrants if name not in powers]
    if missing:
        raise InputError("strengths of every entrant", got=f"none for {', '.join(missing)}")
    best = max(schedule.entrants, key=lambda name: (sum(powers[name]), name))
    source = np.random.default_rng(seed)
    won = sum(_champion(schedule, powers, questions, source) == best for _ in range(times))
    return wilson(won, times)


def _champion(
    schedule: Schedule, powers: Mapping[str, Power], questions: int, source: np.random.Generator
) -> str:
    results: dict[str, Result] = {}
    while due := schedule.due(results):
        for fixture in due:
            results[fixture.key] = _simulated(fixture, powers, questions, source)
    return schedule.standings(results)[0].name


def _simulated(
    fixture: Fixture, powers: Mapping[str, Power], questions: int, source: np.random.Generator
) -> Result:
    one, other = (powers[name] for name in fixture.names)
    first = int(source.binomial(questions, _share(one, other)))
    second = int(source.binomial(questions, _share(other, one)))
    # Places where both were right: each side's right answers lie anywhere among the places.
    both = int(source.hypergeometric(first, questions - first, second)) if second else 0
    sides = (
        Side(right, questions, right - both, 0.0, disqualified=False) for right in (first, second)
    )
    return Result(fixture, *sides)


def _share(answering: Power, asking: Power) -> float:
    return 1 / (1 + math.exp(asking.asking - answering.answering))
