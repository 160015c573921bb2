"""Accuracy with intervals."""

from __future__ import annotations

import math
import sys
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import ChosenScorer, numbered_questions
from underdog.errors import InputError, MissingExtraError
from underdog.evaluation.accuracy import (
    Interval,
    accuracy,
    marks,
    questions_for_margin,
    wilson,
)
from underdog.evaluation.compare import mcnemar
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question

counts = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts)
def test_wilson_contains_its_value_and_stays_within_0_and_1(count: tuple[int, int]) -> None:
    """Even where everything or nothing is right, the interval has a width."""
    interval = wilson(*count)
    assert 0 <= interval.low <= interval.value <= interval.high <= 1
    assert interval.high - interval.low > 0
    assert (interval.value, interval.n) == (count[0] / count[1], count[1])


@given(counts)
def test_wilson_solves_its_own_equation(count: tuple[int, int]) -> None:
    """At each bound p the value lies z standard errors of p away (Wilson 1927).

    Near 0 and 1 the square root magnifies float64 rounding, hence 1e-7.
    """
    interval = wilson(*count)
    z = NormalDist().inv_cdf(0.975)
    for p in (interval.low, interval.high):
        wanted = z * math.sqrt(p * (1 - p) / interval.n)
        assert abs(interval.value - p) == pytest.approx(wanted, abs=1e-7)


@given(counts)
def test_wilson_is_symmetric_in_right_and_wrong(count: tuple[int, int]) -> None:
    """Counting wrong answers instead mirrors the interval."""
    k, n = count
    one, two = wilson(k, n), wilson(n - k, n)
    assert (1 - one.high, 1 - one.low) == pytest.approx((two.low, two.high), abs=1e-12)


def test_46_of_50_is_81_2_to_96_8() -> None:
    """The figure of the project's fact sheet."""
    interval = wilson(46, 50)
    assert (round(100 * interval.low, 1), round(100 * interval.high, 1)) == (81.2, 96.8)
    assert interval.to_json() == {
        "value": 0.92,
        "low": interval.low,
        "high": interval.high,
        "n": 50,
        "method": "wilson",
        "level": 0.95,
    }


def test_no_question_gives_no_interval() -> None:
    """Zero questions are refused, not called 0 %."""
    with pytest.raises(InputError, match="at least one question"):
        accuracy([])
    with pytest.raises(InputError, match="at least one question"):
        Interval(0.0, 0.0, 1.0, 0, "wilson")


@pytest.mark.parametrize(("low", "value", "high"), [(0.5, 0.4, 0.6), (0.1, 0.7, 0.6)])
def test_an_interval_holds_its_value(low: float, value: float, high: float) -> None:
    """A value outside its own bounds is a mistake of the caller."""
    with pytest.raises(InputError, match="low <= value <= high"):
        Interval(value, low, high, 5, "wilson")


@pytest.mark.parametrize(("margin", "n"), [(0.05, 196), (0.03, 545), (0.02, 1225), (0.01, 4898)])
def test_how_many_questions_give_a_margin_at_85_percent(margin: float, n: int) -> None:
    """The fact sheet's figures; its 4,899 for one point comes from z rounded to 1.96."""
    assert questions_for_margin(0.85, margin) == n


@pytest.mark.parametrize(("rate", "margin"), [(0.0, 0.1), (1.0, 0.1), (0.5, 0.0), (0.5, 1.0)])
def test_impossible_margins_are_refused(rate: float, margin: float) -> None:
    """No number of questions gives a margin of 0."""
    with pytest.raises(InputError, match="a rate and a margin between 0 and 1"):
        questions_for_margin(rate, margin)


def test_unanswered_is_wrong() -> None:
    """A late or malformed reply counts against the model."""
    question = numbered_questions(1)[0]
    late = Prediction(question.id, Presentation.identity(4), Outcome.LATE, None)
    assert marks([question], [late]) == (False,)


def test_marks_need_the_same_questions_in_the_same_order() -> None:
    """Predictions of other questions, or too few, are refused."""
    questions = numbered_questions(3)
    predictions = ChosenScorer()(questions)
    assert marks(questions, predictions) == (True, False, False)
    for wrong in (predictions[:2], predictions[::-1]):
        with pytest.raises(InputError, match="one prediction per question"):
            marks(questions, wrong)


def test_marks_need_a_key() -> None:
    """A question without a key can be answered, not marked."""
    question = Question("Who knows?", ("a", "b"), None)
    with pytest.raises(InputError, match=r"a known answer; got \w+: Who knows"):
        marks([question], ChosenScorer()([question]))


def test_without_scipy_the_install_line_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The core installs without it; the first interval says what is missing."""
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    for measure in (lambda: wilson(1, 2), lambda: mcnemar(1, 2)):
        with pytest.raises(MissingExtraError, match=r'pip install "underdog\[data\]"'):
            measure()
