"""Scores over months and their intervals."""

from __future__ import annotations

import numpy as np
import pytest
from detection_cases import random_case
from hypothesis import given
from hypothesis import strategies as st

from underdog.errors import InputError
from underdog.vision.detection.detections import Detections
from underdog.vision.detection.robustness import (
    bias_corrected,
    check_resamples,
    evaluate,
    variation,
)


def test_a_perfect_detector_scores_one() -> None:
    """Every true box found: mAP 1 in every month, no spread, a score of 1 with a tight interval."""
    truth, _ = random_case(3, images=30, crowd=0.0)
    found = {
        key: Detections.of(
            key,
            truth.boxes[truth.image_of_box == place],
            np.ones((truth.image_of_box == place).sum()),
            truth.labels[truth.image_of_box == place],
        )
        for place, key in enumerate(truth.images)
    }
    result = evaluate(truth, found, resamples=50)
    assert (result.map50, result.map, result.cov, result.score) == pytest.approx((1, 1, 0, 1))
    assert result.score_interval is not None
    assert result.score_interval.low == pytest.approx(1.0)
    assert [month.month for month in result.months] == ["2020-05", "2020-06", "2021-01"]
    assert sum(month.images for month in result.months) == 30


def test_the_score_is_the_challenges_formula() -> None:
    """(1 - standard deviation with ddof = 1 / mean) times mAP50 over all images; a month's score is
    the score of its images alone.
    """
    truth, found = random_case(5, images=30)
    result = evaluate(truth, found, resamples=0, seen_months=frozenset({"2020-05"}))
    shares = [month.map50 for month in result.months]
    assert result.map50 is not None
    spread = np.std(shares, ddof=1) / np.mean(shares)
    assert result.score == pytest.approx((1 - spread) * result.map50, abs=1e-12)
    assert [month.seen for month in result.months] == [True, False, False]
    assert result.score_interval is None


def test_months_without_objects_and_images_without_month_do_not_count_as_zero() -> None:
    """They are left out of the spread; with fewer than two months there is no score."""
    truth, found = random_case(1, images=9)
    one = dict.fromkeys(truth.images[:4], "2020-05")
    undated = type(truth)(
        truth.names,
        truth.images,
        truth.sizes,
        truth.image_of_box,
        truth.boxes,
        truth.labels,
        truth.crowd,
        one,
    )
    result = evaluate(undated, found, resamples=40)
    assert (result.undated, result.score, result.cov, result.score_interval) == (
        5,
        None,
        None,
        None,
    )
    assert result.map50_interval is not None


def test_finding_nothing_scores_zero() -> None:
    """Zero, not undefined: every month is equally bad."""
    truth, _ = random_case(1, images=9)
    result = evaluate(truth, {}, resamples=40)
    assert (result.map50, result.score, result.cov, result.found) == (0.0, 0.0, None, 0)


def test_equal_seeds_give_equal_intervals() -> None:
    """And they hold the value."""
    truth, found = random_case(2, images=30)
    one, other = (evaluate(truth, found, resamples=60, seed=4) for _ in range(2))
    assert one == other
    interval = one.score_interval
    assert interval is not None
    assert interval.low < interval.value < interval.high


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=50), st.floats(-1, 1, allow_subnormal=False))
def test_a_bias_corrected_interval_holds_the_value(draws: list[float], value: float) -> None:
    """Whatever was drawn."""
    interval = bias_corrected(value, np.array(draws), 10)
    assert interval is not None
    assert interval.low <= value <= interval.high


def test_bias_correction_covers_where_plain_percentiles_do_not() -> None:
    """Draws that all lie 0.3 too low: the upper end moves up to the largest of them."""
    random = np.random.default_rng(0)
    draws = random.normal(0.7, 0.1, size=2000)
    interval = bias_corrected(1.0, draws, 10)
    assert interval is not None
    assert interval.low > np.quantile(draws, 0.9)


def test_spread_needs_two_values_and_a_mean() -> None:
    """None where the formula has no value."""
    assert variation([0.5]) is None
    assert variation([0.5, None]) is None
    assert variation([0.0, 0.0]) is None
    assert variation([0.4, 0.6]) == pytest.approx(np.sqrt(0.02) / 0.5)


def test_too_few_draws_are_refused() -> None:
    """A 95 % interval of 10 draws would be their range."""
    assert check_resamples(0) == 0
    with pytest.raises(InputError, match="at least 40"):
        check_resamples(10)
