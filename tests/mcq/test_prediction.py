"""Predictions."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.errors import InputError
from underdog.mcq.prediction import ANSWERED, Outcome, Prediction
from underdog.mcq.presentation import Presentation

FOUR = Presentation.identity(4)


@given(st.sampled_from(Outcome), st.none() | st.integers(0, 3))
def test_a_choice_is_present_exactly_when_answered(outcome: Outcome, choice: int | None) -> None:
    """Clean and repaired replies carry a choice; no other outcome does."""
    if (choice is not None) == (outcome in ANSWERED):
        assert Prediction("id", FOUR, outcome, choice).choice == choice
    else:
        with pytest.raises(InputError, match="a choice is present exactly when"):
            Prediction("id", FOUR, outcome, choice)


@pytest.mark.parametrize("choice", [-1, 4])
def test_a_choice_is_one_of_the_question_s(choice: int) -> None:
    """There is no -1 for "none"."""
    with pytest.raises(InputError, match="a choice between 0 and 3"):
        Prediction("id", FOUR, Outcome.CLEAN, choice)


@pytest.mark.parametrize(
    "log_probs", [(-1.0,) * 3, (math.nan, -1.0, -1.0, -1.0), (0.1, -1, -1, -1)]
)
def test_log_probs_are_one_per_choice_and_at_most_zero(log_probs: tuple[float, ...]) -> None:
    """Too few, not a number and above certainty are all refused."""
    with pytest.raises(InputError, match="4 log-probabilities in nats"):
        Prediction("id", FOUR, Outcome.CLEAN, 0, log_probs)
