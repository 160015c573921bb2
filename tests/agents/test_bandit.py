"""Learning which kind of question is missed, and what that is worth."""

from __future__ import annotations

import math
import random

import pytest

from underdog.agents.bandit import Arm, regret_bound, thompson
from underdog.errors import InputError

ARMS, INNINGS, EACH = 4, 60, 5
SEEDS = 40


def misses(rates: list[float], seed: int, *, learn: bool) -> int:
    """Questions missed in a season against an opponent that misses each kind at its rate."""
    source, counts = random.Random(f"opponent:{seed}"), [Arm()] * len(rates)
    missed = 0
    for innings in range(INNINGS):
        played = []
        for place in range(EACH):
            draw = random.Random(f"{seed}:{innings}:{place}")
            arms = {str(number): each for number, each in enumerate(counts)}
            arm = int(thompson(arms, draw)) if learn else draw.randrange(len(rates))
            played.append((arm, source.random() < rates[arm]))
        for arm, miss in played:
            counts[arm] = Arm(counts[arm].missed + miss, counts[arm].put + 1)
            missed += miss
    return missed


def test_learning_gains_over_even_drawing_what_the_rule_says() -> None:
    """Opponents whose rates of misses are drawn evenly, 40 seasons: on average, misses exceed those
    of even drawing by the best rate's lead over the mean, less the regret rule at most; and even
    drawing itself does not come near that.
    """
    gained, even, promised = [], [], []
    asked = INNINGS * EACH
    for seed in range(SEEDS):
        source = random.Random(f"rates:{seed}")
        rates = [source.random() for _ in range(ARMS)]
        mean = sum(rates) / ARMS
        gained.append(misses(rates, seed, learn=True) - mean * asked)
        even.append(misses(rates, seed, learn=False) - mean * asked)
        promised.append((max(rates) - mean) * asked)
    bound = regret_bound(ARMS, asked, per_innings=EACH)
    least = sum(promised) / SEEDS - bound
    assert least > 20, "the rule promises something here"
    assert sum(gained) / SEEDS >= least
    assert sum(even) / SEEDS < least
    assert sum(gained) / SEEDS >= 0.7 * sum(promised) / SEEDS, "as measured: far above the rule"


def test_the_bound_is_the_formula_of_its_source() -> None:
    """Square root of k b T ln k / 2; nothing to learn about one arm."""
    assert regret_bound(4, 300, per_innings=1) == pytest.approx(math.sqrt(600 * math.log(4)))
    assert regret_bound(4, 300, per_innings=5) == pytest.approx(
        math.sqrt(5) * regret_bound(4, 300, per_innings=1)
    )
    assert regret_bound(1, 300, per_innings=5) == 0
    with pytest.raises(InputError, match="at least one arm"):
        regret_bound(0, 1, per_innings=1)


def test_an_arm_that_is_always_missed_is_played_and_unseen_ones_still_are_now_and_then() -> None:
    """40 of 40 against 0 of 40 and one never seen: the first nearly always, the second never."""
    arms = {"missed": Arm(40, 40), "known": Arm(0, 40), "new": Arm()}
    played = [thompson(arms, random.Random(seed)) for seed in range(400)]
    assert played.count("missed") > 350
    assert played.count("known") == 0
    assert played.count("new") > 0
    assert thompson(dict(reversed(arms.items())), random.Random(7)) == played[7]
