"""The tournament's ranking against questions outside it."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from underdog.interval import Interval, wilson
from underdog.tournament.ratings.agreement import agreement, difference, kendall
from underdog.tournament.ratings.items import Fit, fit_items
from underdog.tournament.record import Tally

THETAS = {"tuned": 1.6, "ensemble": 1.7, "second": 0.7, "base": -0.4, "random": -1.1}


def played(questions: int, seed: int = 0) -> Fit:
    """Every entrant answers every other one's questions, by its theta."""
    source = random.Random(seed)
    tallies = []
    for asker in THETAS:
        for number in range(questions):
            for name, theta in THETAS.items():
                if name != asker:
                    right = source.random() < 1 / (1 + math.exp(-theta))
                    tallies.append(Tally(name, asker, f"{asker}:{number}", int(right), 1))
    return fit_items(tallies)


def examined(questions: int, seed: int = 1, swap: bool = False) -> dict[str, Interval]:
    """Accuracies on held-out questions; with `swap`, the best and the worst change places."""
    source = random.Random(seed)
    thetas = dict(THETAS)
    if swap:
        thetas["tuned"], thetas["random"] = thetas["random"], thetas["tuned"]
    found = {}
    for name, theta in thetas.items():
        right = sum(source.random() < 1 / (1 + math.exp(-theta)) for _ in range(questions))
        found[name] = wilson(right, questions)
    return found


def test_simulated_entrants_rank_alike_in_both() -> None:
    """Five strengths: all pairs that both tell apart have one order; the near tie is left out; the
    sentence says so.
    """
    found = agreement(played(60), examined(300))
    assert found is not None
    assert found.agrees is True
    assert found.of == 10
    assert {"tuned", "ensemble"} not in [{each.one, each.other} for each in found.pairs]
    assert len(found.pairs) >= 7
    assert found.tau.low > 0.4
    text = found.sentence()
    assert text.startswith("The ranking by theta agrees with held-out accuracy within intervals: ")
    assert (
        f"{len(found.pairs)} of 10 pairs are told apart by both, and all in the same order" in text
    )
    assert text.endswith("300 held-out questions.")


def test_over_seeds_the_ranking_is_never_said_to_disagree_where_it_does_not() -> None:
    """Twelve tournaments of entrants whose strengths are the same in both: none against."""
    for seed in range(12):
        found = agreement(played(20, seed), examined(100, seed + 100))
        assert found is not None
        assert not found.against


def test_entrants_that_change_places_are_named() -> None:
    """The first became the last on held-out questions: pairs against, and the sentence says NOT."""
    found = agreement(played(60), examined(300, swap=True))
    assert found is not None
    assert found.agrees is False
    assert ("tuned", "random") in [(each.one, each.other) for each in found.against]
    assert "does NOT agree" in found.sentence()
    assert "the tournament alone puts" in found.sentence()
    value = found.to_json()
    assert value["told_apart"] == value["same_order"] + len(value["against"])
    assert value["sentence"] == found.sentence()


def test_with_too_few_questions_nothing_is_claimed() -> None:
    """Two questions tell nobody apart; without two entrants there is nothing to compare."""
    few = agreement(played(1), examined(2))
    assert few is not None
    assert few.agrees is None
    assert "their rankings cannot be compared" in few.sentence()
    assert few.tau.low <= few.tau.value <= few.tau.high
    assert agreement(played(1), {"tuned": wilson(1, 2)}) is None


def test_tau_is_kendalls() -> None:
    """As scipy computes it, ties included; equal numbers have no order."""
    from scipy.stats import kendalltau

    source = np.random.default_rng(3)
    for _ in range(20):
        one, other = source.integers(0, 6, size=(2, 9)).astype(float)
        assert kendall(one, other) == pytest.approx(kendalltau(one, other).statistic)
    assert kendall(np.ones(4), np.arange(4.0)) == 0.0


def test_the_difference_of_shares_is_newcombes() -> None:
    """His example of 56 of 70 against 48 of 80 (Stat. Med. 17:873, table II, method 10)."""
    found = difference(wilson(56, 70), wilson(48, 80))
    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high) == (
        pytest.approx(0.0524, abs=5e-5),
        pytest.approx(0.3339, abs=5e-5),
    )
