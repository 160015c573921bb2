"""Accuracy with intervals."""

from __future__ import annotations

import sys

import pytest

from fakes import ChosenScorer, numbered_questions
from underdog.errors import InputError, MissingExtraError
from underdog.evaluation.accuracy import accuracy, marks, questions_for_margin
from underdog.evaluation.compare import mcnemar
from underdog.interval import wilson
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question


def test_no_question_gives_no_interval() -> None:
    """Zero questions are refused, not called 0 %."""
    with pytest.raises(InputError, match="at least one question"):
        accuracy([])


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
    """The core installs without it: intervals need nothing, the first test says what is missing."""
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    assert wilson(1, 2).value == 0.5
    with pytest.raises(MissingExtraError, match=r'pip install "underdog\[data\]"'):
        mcnemar(1, 2)
