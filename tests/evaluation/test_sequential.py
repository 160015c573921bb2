"""Comparisons that may be looked at all the time."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import quad

from underdog.errors import InputError
from underdog.evaluation.compare import mcnemar
from underdog.evaluation.sequential import (
    find_separations,
    log_evidence,
    rank,
    separate,
    still_asked,
)


def drawn(rates: tuple[float, ...], n: int, generator: np.random.Generator) -> dict:
    """Marks of models by name, independent given the question's difficulty."""
    ease = generator.normal(size=n)
    found = {}
    for number, rate in enumerate(rates):
        logit = math.log(rate / (1 - rate)) + ease
        found[f"m{number}"] = [
            bool(each) for each in generator.random(n) < 1 / (1 + np.exp(-logit))
        ]
    return found


@pytest.mark.parametrize(("wins", "losses"), [(0, 0), (3, 1), (10, 0), (7, 20)])
def test_evidence_is_the_mixture_over_all_coins(wins: int, losses: int) -> None:
    """E = integral of (2 q)^k (2 (1 - q))^(m - k) over q from 0 to 1."""
    found, _ = quad(lambda q: (2 * q) ** wins * (2 * (1 - q)) ** losses, 0, 1)
    assert math.exp(log_evidence(wins, losses)) == pytest.approx(found, rel=1e-9)


def test_evidence_is_a_martingale_under_equality() -> None:
    """The mean over a fair next question is the evidence so far, exactly."""
    for wins, losses in itertools.product(range(6), repeat=2):
        after = (log_evidence(wins + 1, losses), log_evidence(wins, losses + 1))
        mean = sum(map(math.exp, after)) / 2
        assert mean == pytest.approx(math.exp(log_evidence(wins, losses)), rel=1e-12)


def test_equal_models_are_separated_no_more_often_than_said() -> None:
    """600 pairs of equal models looked at after every of 400 questions: at most 5 % are ever
    separated (here about 2 %), where McNemar's test looked at every 20 questions errs in over 10 %.
    """
    generator = np.random.default_rng(0)
    errors = peeking = 0
    for _ in range(600):
        marks = drawn((0.7, 0.7), 400, generator)
        one, two = marks["m0"], marks["m1"]
        errors += separate(("a", one), ("b", two), alpha=0.05) is not None
        for end in range(20, 401, 20):
            pairs = list(zip(one[:end], two[:end], strict=True))
            if mcnemar(pairs.count((True, False)), pairs.count((False, True))) < 0.05:
                peeking += 1
                break
    assert errors / 600 <= 0.05
    assert peeking / 600 > 0.10


def test_five_equal_models_share_the_error_level() -> None:
    """In 150 contests of five equal models at most 5 % (plus scatter) name any difference."""
    generator = np.random.default_rng(1)
    wrong = sum(bool(find_separations(drawn((0.6,) * 5, 300, generator))) for _ in range(150))
    assert wrong <= 12


def test_a_better_model_is_found_early() -> None:
    """85 % against 60 % on 1,000 questions: found in nearly every contest, after under 200."""
    generator = np.random.default_rng(2)
    needed = []
    for _ in range(30):
        marks = drawn((0.85, 0.60), 1000, generator)
        found = separate(("good", marks["m0"]), ("poor", marks["m1"]), alpha=0.05)
        assert found is not None
        assert found.winner == "good"
        needed.append(found.questions)
    assert sorted(needed)[15] < 200


def test_a_ranking_shows_ties_as_ties() -> None:
    """Two equal models share first place; the poor one is third and was asked less."""
    generator = np.random.default_rng(3)
    marks = drawn((0.8, 0.8, 0.4), 400, generator)
    marks["m2"] = marks["m2"][:128]
    found = rank(marks, offered=400)
    assert [(each.name, each.rank) for each in found.places][2] == ("m2", 3)
    assert {each.rank for each in found.places[:2]} == {1}
    assert not found.decided
    assert found.saved == 272
    (tie,) = found.ties
    assert {tie.first, tie.second} == {"m0", "m1"}
    assert tie.questions_needed is None or tie.questions_needed > 400
    assert found.to_json()["places"][2]["beaten_by"] == list(found.places[2].beaten_by)
    assert set(still_asked(marks)) == {"m0", "m1"}


def test_nobody_is_asked_once_one_model_is_left() -> None:
    """The winner needs no more questions; alone it has nobody to be compared with."""
    right = {"good": [True] * 60, "poor": [False] * 60}
    assert still_asked(right) == ()
    assert rank(right, offered=500).decided
    assert still_asked({"only": [True, False]}) == ()
    assert rank({"only": [True, False]}, offered=2).places[0].rank == 1


def test_what_makes_no_contest_is_refused() -> None:
    """No answers, an impossible level, negative counts."""
    with pytest.raises(InputError, match="answers of every model"):
        rank({"a": []}, offered=3)
    with pytest.raises(InputError, match="an error level"):
        find_separations({"a": [True], "b": [True]}, alpha=1.5)
    with pytest.raises(InputError, match="counts from 0 on"):
        log_evidence(-1, 2)
