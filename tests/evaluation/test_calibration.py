"""Calibration."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import ChosenScorer, even_log_probs, numbered_questions
from underdog.errors import InputError
from underdog.evaluation.calibration import calibrate
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation

QUESTIONS = numbered_questions(40)
logits = st.lists(
    st.tuples(*[st.floats(-8, 8)] * 4), min_size=len(QUESTIONS), max_size=len(QUESTIONS)
)


def log_softmax(values: tuple[float, ...]) -> tuple[float, ...]:
    total = math.log(sum(map(math.exp, values)))
    return tuple(min(value - total, 0.0) for value in values)


@given(logits, st.integers(1, 60))
def test_bins_partition_the_questions(rows: list[tuple[float, ...]], bins: int) -> None:
    """Every question is in one bin; bins are ordered and differ by at most one question."""
    table = dict(zip([q.id for q in QUESTIONS], map(log_softmax, rows), strict=True))
    found = calibrate(QUESTIONS, ChosenScorer(table)(QUESTIONS), bins=bins)
    assert found is not None
    sizes = [each.accuracy.n for each in found.bins]
    assert sum(sizes) == found.questions == len(QUESTIONS)
    assert max(sizes) - min(sizes) <= 1
    assert len(sizes) == min(bins, len(QUESTIONS))
    edges = [edge for each in found.bins for edge in (each.low, each.high)]
    assert edges == sorted(edges)
    for each in found.bins:
        assert each.low - 1e-12 <= each.confidence <= each.high + 1e-12
    assert 0 <= found.ece <= 1
    assert 0 <= found.brier <= 2
    assert found.nll >= 0


def test_a_model_that_knows_nothing_and_says_so() -> None:
    """Even probabilities over four choices: Brier 0.75, NLL log 4, confidence 0.25 everywhere."""
    found = calibrate(QUESTIONS, ChosenScorer()(QUESTIONS))
    assert found is not None
    assert found.brier == pytest.approx(0.75)
    assert found.nll == pytest.approx(math.log(4))
    assert {each.confidence for each in found.bins} == {0.25}


def test_figures_by_hand() -> None:
    """Two questions: 0.7 on the key, and 0.6 on a wrong choice with 0.2 on the key.

    Brier (0.09 + 3 * 0.01 + 0.36 + 0.64 + 0.01 + 0.01) / 2, NLL -(ln 0.7 + ln 0.2) / 2,
    ECE over two bins (|0 - 0.6| + |1 - 0.7|) / 2.
    """
    two = QUESTIONS[:2]  # keys 0 and 1
    first = (0.7, 0.1, 0.1, 0.1)
    second = (0.6, 0.2, 0.1, 0.1)
    table = {
        question.id: tuple(map(math.log, row))
        for question, row in zip(two, (first, second), strict=True)
    }
    found = calibrate(two, ChosenScorer(table)(two), bins=2)
    assert found is not None
    assert found.brier == pytest.approx((0.12 + 0.36 + 0.64 + 0.02) / 2)
    assert found.nll == pytest.approx(-(math.log(0.7) + math.log(0.2)) / 2)
    assert found.ece == pytest.approx((0.6 + 0.3) / 2)
    assert [each.accuracy.value for each in found.bins] == [0.0, 1.0]


def test_a_sure_and_right_model_is_perfect() -> None:
    """All figures are zero."""
    table = {
        question.id: tuple(0.0 if index == question.answer else -900.0 for index in range(4))
        for question in QUESTIONS
    }
    found = calibrate(QUESTIONS, ChosenScorer(table)(QUESTIONS))
    assert found is not None
    assert (found.ece, found.brier, found.nll) == (0.0, 0.0, 0.0)


def test_predictions_without_probabilities_are_left_out() -> None:
    """Half a model's answers may lack them; when all do there is nothing to measure."""
    order = Presentation.identity(4)
    bare = [Prediction(question.id, order, Outcome.REPAIRED, 0) for question in QUESTIONS]
    late = Prediction(QUESTIONS[1].id, order, Outcome.LATE, None, even_log_probs(4))
    assert calibrate(QUESTIONS, bare) is None
    mixed = [ChosenScorer()([QUESTIONS[0]])[0], late, *bare[2:]]
    found = calibrate(QUESTIONS, mixed)
    assert found is not None
    assert found.questions == 1


def test_at_least_one_bin_is_needed() -> None:
    """Zero bins hold no question."""
    with pytest.raises(InputError, match="at least one bin"):
        calibrate(QUESTIONS, ChosenScorer()(QUESTIONS), bins=0)
