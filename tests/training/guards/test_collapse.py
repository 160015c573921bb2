"""When answers have collapsed, and when a model is only sure, biased from the start, or weak."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.training.guards.collapse import Answers, divergence, judge_collapse

HEALTHY = Answers(120, 200, (52, 47, 53, 48), (50, 50, 50, 50), 0.4, 0.25)
COUNTS = st.lists(st.integers(0, 60), min_size=2, max_size=6)


def signs(now: Answers, start: Answers | None = HEALTHY, best: Answers | None = HEALTHY) -> str:
    return "; ".join(judge_collapse(now, start, best, nats=0.5))


def test_constant_answers_are_a_collapse() -> None:
    """All 200 at place B: the share and the distance from the keys are named."""
    constant = replace(HEALTHY, right=50, places=(0, 200, 0, 0))
    assert signs(constant).startswith("100 % of the answers stand at one place (1.3")


def test_a_bias_that_the_base_had_is_not_blamed_on_training() -> None:
    """Constant at the start and constant now: no sign from places."""
    constant = replace(HEALTHY, right=50, places=(0, 200, 0, 0))
    assert signs(constant, start=constant, best=None) == ""


def test_falling_back_to_chance_is_a_collapse() -> None:
    """60 % right, then 26 %: where no letters are seen this is the sign."""
    assert signs(replace(HEALTHY, right=52)) == "60 % right fell to 26 %, which is chance"


def test_a_weak_base_at_chance_all_along_has_not_collapsed() -> None:
    """It never was above chance."""
    weak = replace(HEALTHY, right=52)
    assert signs(weak, start=weak, best=weak) == ""


def test_a_small_loss_is_no_collapse() -> None:
    """60 % to 50 %: worse, but far above chance."""
    assert signs(replace(HEALTHY, right=100)) == ""


def test_being_sure_and_right_is_no_collapse() -> None:
    """Entropy near 0 at 95 % right is a good model; at chance it is a broken one."""
    sure = replace(HEALTHY, entropy=0.01)
    assert signs(replace(sure, right=190)) == ""
    assert "sure of answers that are no better than chance" in signs(replace(sure, right=50))


def test_even_choices_after_uneven_ones_are_a_collapse() -> None:
    """All choices equally likely, and right by chance."""
    assert "equally likely" in signs(replace(HEALTHY, right=50, entropy=0.999))


def test_few_questions_are_no_proof() -> None:
    """Four of four answers at one place happen by chance."""
    few = Answers(1, 4, (4, 0, 0, 0), (1, 1, 1, 1), None, 0.25)
    assert signs(few, start=None, best=None) == ""


@given(COUNTS)
def test_divergence_is_zero_exactly_for_equal_counts(counts: list[int]) -> None:
    """And never negative."""
    assert divergence(counts, counts) == 0.0
    assert divergence(counts, counts[::-1]) >= 0.0


@given(COUNTS, st.randoms(use_true_random=False))
def test_divergence_does_not_care_about_the_names_of_places(counts: list[int], rng: object) -> None:
    """Any common reordering of answers and keys gives the same distance."""
    keys = [7] * len(counts)
    order = list(range(len(counts)))
    rng.shuffle(order)  # type: ignore[attr-defined]
    moved = divergence([counts[at] for at in order], keys)
    assert moved == pytest.approx(divergence(counts, keys), abs=1e-12)


def test_divergence_of_all_on_one_of_four_approaches_log_4() -> None:
    """Ln 4 is 1.386 nats; the halves added keep it a little below."""
    assert divergence((10**6, 0, 0, 0), (1, 1, 1, 1)) == pytest.approx(math.log(4), abs=1e-3)
