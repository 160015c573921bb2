"""Strengths from answers, and ratings from wins."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from tournament_players import result

from underdog.errors import InputError
from underdog.tournament.formats.fixture import Fixture
from underdog.tournament.formats.schedule import FormatConfig, Kind, Schedule
from underdog.tournament.ratings.chance import Power, picks_the_best
from underdog.tournament.ratings.groups import tied_groups
from underdog.tournament.ratings.items import Part, fit_items
from underdog.tournament.ratings.pairwise import bradley_terry, openskill
from underdog.tournament.record import HIDDEN, Tally


def simulated(
    theta: list[float], beta: list[float], *, items: int, seed: int, spread: float = 0.0
) -> list[Tally]:
    """Everyone answers everyone else's questions; `spread` makes questions of a team differ."""
    source = random.Random(seed)
    tallies = []
    for asker, hard in enumerate(beta):
        for item in range(items):
            own = source.gauss(0, spread)
            for answerer, able in enumerate(theta):
                if answerer != asker:
                    right = source.random() < 1 / (1 + math.exp(hard + own - able))
                    name = f"q{asker}-{item}"
                    tallies.append(Tally(f"t{answerer}", f"t{asker}", name, int(right), 1))
    return tallies


THETA = [1.5, 1.0, 0.5, 0.0, -0.5, -1.0]
BETA = [-0.5, 0.5, 0.0, -0.25, 0.25, 0.0]


def test_strengths_are_recovered_and_intervals_cover_them() -> None:
    """Over 40 simulated tournaments of six teams, 95 % intervals of both strengths, and of leads,
    cover the truth in 90 to 99 % of cases.
    """
    covered = []
    for seed in range(40):
        fit = fit_items(simulated(THETA, BETA, items=30, seed=seed))
        for each in fit.strengths():
            place = int(each.name[1:])
            covered.append(each.answering.low <= THETA[place] <= each.answering.high)
            covered.append(each.asking.low <= BETA[place] <= each.asking.high)
        lead = fit.lead("t0", "t5")
        covered.append(lead.low <= THETA[0] - THETA[5] + BETA[0] - BETA[5] <= lead.high)
    assert 0.90 <= np.mean(covered) <= 0.99


def test_unequal_questions_widen_the_interval_of_asking() -> None:
    """When a team's questions differ much, its asking strength is known less well than the
    number of answers alone would say.
    """
    even = fit_items(simulated([0.0] * 12, [0.0] * 12, items=10, seed=1))
    uneven = fit_items(simulated([0.0] * 12, [0.0] * 12, items=10, seed=1, spread=2.0))

    def width(fit: object) -> float:
        spans = [each.asking.high - each.asking.low for each in fit.strengths()]  # type: ignore[attr-defined]
        return float(np.mean(spans))

    assert width(uneven) > 1.4 * width(even)


def test_the_order_of_answers_does_not_show() -> None:
    """Shuffled tallies give the same fit, bit for bit."""
    tallies = simulated(THETA, BETA, items=5, seed=2)
    shuffled = tallies[:]
    random.Random(0).shuffle(shuffled)
    assert fit_items(tallies).strengths() == fit_items(shuffled).strengths()


def test_all_right_and_all_wrong_stay_finite() -> None:
    """A team that is always right against one that never is: finite, in that order."""
    tallies = [
        Tally("good", "bad", "a", 20, 20),
        Tally("bad", "good", "b", 0, 20),
    ]
    best, worst = fit_items(tallies).strengths()
    assert (best.name, worst.name) == ("good", "bad")
    assert math.isfinite(best.overall.high)
    assert best.answering.n == 20


def test_the_fit_is_at_its_maximum() -> None:
    """The penalised log-likelihood, written out plainly, is lower at 50 points around the fit."""
    tallies = simulated(THETA, BETA, items=8, seed=3)
    fit = fit_items(tallies)
    size = len(fit.names)

    def likelihood(mean: float, a: np.ndarray, b: np.ndarray) -> float:
        total = -(np.sum(a**2) + np.sum(b**2)) / 8 - mean**2 / 2e4
        for each in tallies:
            logit = mean + a[int(each.answerer[1:])] - b[int(each.asker[1:])]
            total += each.right * logit - each.put * math.log1p(math.exp(logit))
        return float(total)

    theta, beta = fit.values[:size], fit.values[size:]
    best = likelihood(float(theta.mean()), theta - theta.mean(), beta)
    source = np.random.default_rng(0)
    for _ in range(50):
        step = source.normal(0, 0.05, 2 * size + 1)
        moved = likelihood(
            float(theta.mean()) + step[0],
            theta - theta.mean() + step[1 : size + 1],
            beta + step[size + 1 :],
        )
        assert moved < best


def test_teams_that_cannot_be_told_apart_share_a_group() -> None:
    """Two good, two bad, 200 questions each: two groups, the good ones first. With two questions
    each, all are one group.
    """
    theta = [1.5, 1.5, -1.5, -1.5]
    groups = tied_groups(fit_items(simulated(theta, [0.0] * 4, items=200, seed=4)))
    assert [set(group) for group in groups] == [{"t0", "t1"}, {"t2", "t3"}]
    few = tied_groups(fit_items(simulated([0.2, 0.1, 0, 0], [0.0] * 4, items=2, seed=4)))
    assert len(few) == 1
    asking = tied_groups(
        fit_items(simulated([0.0] * 3, [2.0, -2.0, -2.0], items=200, seed=4)), part=Part.ASKING
    )
    assert asking[0] == ("t0",)


def test_hidden_questions_rate_nobody() -> None:
    """Answers to the organiser's questions alone are nothing to rate."""
    with pytest.raises(InputError, match=r"answers to rate; got none\. Try: play a game first"):
        fit_items([Tally("a", HIDDEN, "q", 1, 1)])


def games(wins: dict[tuple[str, str], int]) -> list[object]:
    """`wins[a, b]` games that a won against b."""
    return [
        result(Fixture("s", number + 1, 1, 1, one, other, 1), 7, 3)
        for number, (one, other) in enumerate(
            pair for pair, count in wins.items() for _ in range(count)
        )
    ]


def test_bradley_terry_is_the_log_odds_of_wins() -> None:
    """Between two, 30 wins to 10: the ratings are log 3 apart, up to the penalty, and centred."""
    first, second = bradley_terry(games({("a", "b"): 30, ("b", "a"): 10}))  # type: ignore[arg-type]
    assert (first.name, second.name) == ("a", "b")
    assert first.mu - second.mu == pytest.approx(math.log(3), abs=0.01)
    assert first.mu + second.mu == pytest.approx(0, abs=1e-9)
    assert first.sigma is None


def test_openskill_starts_at_25_and_orders_by_wins() -> None:
    """Who beat both others is first, with less uncertainty than at the start; the order in which
    results are handed over does not show.
    """
    played = games({("a", "b"): 3, ("a", "c"): 3, ("b", "c"): 3})
    rated = openskill(played)  # type: ignore[arg-type]
    assert [each.name for each in rated] == ["a", "b", "c"]
    assert rated[0].mu > 25 > rated[2].mu
    assert all(each.sigma is not None and each.sigma < 25 / 3 for each in rated)
    assert openskill(played[::-1]) == rated  # type: ignore[arg-type]
    assert bradley_terry(played[::-1]) == bradley_terry(played)  # type: ignore[arg-type]


def test_more_questions_pick_the_best_more_often() -> None:
    """Four teams in a knockout, one better by half a logit: the share of simulated tournaments
    that it wins grows from 20 to 400 questions, and is near 1 for a lead beyond doubt.
    """
    schedule = Schedule(FormatConfig(Kind.KNOCKOUT), ("a", "b", "c", "d"))
    powers = {name: Power(0.5 if name == "a" else 0.0, 0.0) for name in schedule.entrants}
    few = picks_the_best(schedule, powers, questions=20, times=150)
    many = picks_the_best(schedule, powers, questions=400, times=150)
    assert few.high < many.low
    sure = powers | {"a": Power(4.0, 2.0)}
    assert picks_the_best(schedule, sure, questions=50, times=50).value == 1.0
    with pytest.raises(InputError, match="none for d"):
        picks_the_best(schedule, {name: powers[name] for name in "abc"}, questions=5)
