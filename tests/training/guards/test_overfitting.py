"""When held-out answers get worse while the training loss falls."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from underdog.training.guards.overfitting import Held, judge_overfitting

BEST = Held([True] * 60 + [False] * 40, [0.5] * 100, 1.0)


def test_answers_lost_while_the_training_loss_falls_are_named() -> None:
    """20 lost, none won."""
    now = Held([True] * 40 + [False] * 60, [0.5] * 100, 0.5)
    found = judge_overfitting(BEST, now)
    assert found == (
        "20 held-out answers were lost and 0 won, while the training loss fell from 1.000 to 0.500"
    )


def test_a_rising_loss_beyond_its_interval_is_named() -> None:
    """Each question 0.1 nats worse, give or take 0.1: the mean is sure."""
    rng = random.Random(1)
    now = Held(BEST.right, [0.6 + rng.uniform(-0.1, 0.1) for _ in range(100)], 0.5)
    assert "the held-out loss rose by 0.1" in str(judge_overfitting(BEST, now))


def test_without_a_falling_training_loss_it_is_something_else() -> None:
    """A harder chunk, a collapse: not overfitting."""
    assert judge_overfitting(BEST, Held([False] * 100, [2.0] * 100, 1.2)) is None
    assert judge_overfitting(BEST, Held([False] * 100, [2.0] * 100, None)) is None


@given(st.integers(0, 10_000))
def test_noise_around_no_change_is_rarely_beyond_the_interval(seed: int) -> None:
    """Ten wins against ten losses, and loss changes that sum to zero, say nothing."""
    rng = random.Random(seed)
    right = list(BEST.right)
    for at in rng.sample(range(60), 10):
        right[at] = False
    for at in rng.sample(range(60, 100), 10):
        right[at] = True
    changes = [rng.uniform(0, 1) for _ in range(50)]
    nats = [0.5 + each for each in changes] + [0.5 - each for each in changes]
    assert judge_overfitting(BEST, Held(right, nats, 0.5)) is None
