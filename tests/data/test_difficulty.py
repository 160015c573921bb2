"""Difficulty: ranks, shares met to the row, predictions over guesses, both on one scale."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from question_files import make_questions

from underdog.data.difficulty import (
    Rating,
    band_borders,
    check_shares,
    margin,
    rate,
    report_difficulty,
)
from underdog.data.guess import WEIGHTS, Guesses, guess
from underdog.data.row import Band
from underdog.errors import InputError
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question

THIRDS = (1 / 3, 1 / 3, 1 / 3)


def predict(question: Question, right: float | None, *, choice: int = 0) -> Prediction:
    """A prediction that gives the right choice this probability, or no probabilities at all."""
    size = len(question.choices)
    log_probs = None
    if right is not None:
        wrong = math.log((1 - right) / (size - 1))
        log_probs = tuple(math.log(right) if at == question.answer else wrong for at in range(size))
    order = Presentation.identity(size)
    return Prediction(question.id, order, Outcome.CLEAN, choice, log_probs)


def with_scores(scores: list[float]) -> Guesses:
    """Guesses of these scores, whatever the questions are."""
    values = np.asarray(scores, np.float64)
    return Guesses(values, dict.fromkeys(WEIGHTS, values), WEIGHTS)


def order_of(questions: list[Question], ratings: tuple[Rating, ...]) -> list[str]:
    """Ids from the easiest to the hardest."""
    paired = zip(ratings, (each.id for each in questions), strict=True)
    return [name for _, name in sorted(paired, key=lambda pair: pair[0].difficulty)]


@given(st.integers(1, 200), st.integers(0, 100), st.integers(0, 100))
@settings(max_examples=50)
def test_bands_meet_their_shares_to_the_row(count: int, one: int, other: int) -> None:
    """Whatever the shares, each band's size differs from its share by one row at most."""
    low, high = sorted((one, other))
    shares = (low / 100, (high - low) / 100, (100 - high) / 100)
    ratings = rate(make_questions(count), shares=shares)
    for band, share in zip(Band, shares, strict=True):
        assert abs(sum(each.band is band for each in ratings) - share * count) <= 1


def test_difficulty_is_the_rank_and_bands_follow_it() -> None:
    """Values cover 0 to 1 evenly in steps of 0.01; no easy row is harder than a hard one."""
    ratings = rate(make_questions(1000))
    values = sorted(each.difficulty for each in ratings)
    assert values[0] <= 0.01
    assert values[-1] >= 0.99
    assert abs(sum(values) / len(values) - 0.5) < 0.01
    assert all(round(value * 100) == pytest.approx(value * 100) for value in values)
    easy = max(each.difficulty for each in ratings if each.band is Band.EASY)
    hard = min(each.difficulty for each in ratings if each.band is Band.HARD)
    assert easy < hard


def test_the_order_of_the_questions_does_not_matter() -> None:
    """Each question keeps its rating, with predictions for some of them as well."""
    questions = make_questions(50)
    predictions = {each.id: predict(each, 0.3 + at / 100) for at, each in enumerate(questions[:20])}
    for given_predictions in (None, predictions):
        forward = dict(
            zip(
                (each.id for each in questions),
                rate(questions, predictions=given_predictions),
                strict=True,
            )
        )
        turned = questions[::-1]
        back = rate(turned, predictions=given_predictions)
        assert dict(zip((each.id for each in turned), back, strict=True)) == forward


def test_predictions_decide_where_they_exist() -> None:
    """The surer a model is of the right choice, the easier the question."""
    questions = make_questions(9)
    sure = [0.9, 0.1, 0.5, 0.3, 0.7, 0.2, 0.8, 0.4, 0.6]
    predictions = {
        each.id: predict(each, right) for each, right in zip(questions, sure, strict=True)
    }
    ratings = rate(questions, predictions=predictions)
    by_difficulty = sorted(range(9), key=lambda at: ratings[at].difficulty)
    assert [sure[at] for at in by_difficulty] == sorted(sure, reverse=True)


def test_predictions_without_probabilities_part_right_from_wrong() -> None:
    """A right choice makes a question easier than every wrong one."""
    questions = make_questions(8)
    right = {each.id for each in questions[:4]}
    predictions = {
        each.id: predict(
            each,
            None,
            choice=(each.answer or 0) if each.id in right else ((each.answer or 0) + 1) % 4,
        )
        for each in questions
    }
    ratings = dict(
        zip((q.id for q in questions), rate(questions, predictions=predictions), strict=True)
    )
    assert max(ratings[name].difficulty for name in right) < min(
        ratings[each.id].difficulty for each in questions[4:]
    )


@given(st.lists(st.integers(0, 30), min_size=2, max_size=40), st.data())
@settings(max_examples=50)
def test_a_model_that_agrees_with_the_guess_changes_nothing(
    scores: list[int], data: st.DataObject
) -> None:
    """Whichever questions have a prediction: where margins rise with the guess, the order is that
    of the guess. Both kinds stand on one scale.
    """
    questions = make_questions(len(scores))
    guesses = with_scores([each / 30 for each in scores])
    known = data.draw(st.sets(st.integers(0, len(scores) - 1), min_size=1))
    predictions = {questions[at].id: predict(questions[at], 0.9 - scores[at] / 40) for at in known}
    mixed = rate(questions, guesses=guesses, predictions=predictions)
    assert order_of(questions, mixed) == order_of(questions, rate(questions, guesses=guesses))


def test_a_rated_part_that_is_easier_does_not_pull_the_rest_along() -> None:
    """100 rated questions with low guesses, 100 others with high ones: by margin the rated ones
    fill every band among themselves, and the others, all guessed harder than any of them, come
    last.
    """
    questions = make_questions(200)
    guesses = with_scores([at / 400 for at in range(100)] + [0.6 + at / 400 for at in range(100)])
    chance = np.random.default_rng(0)
    predictions = {
        each.id: predict(each, float(right))
        for each, right in zip(questions[:100], chance.uniform(0.1, 0.9, 100), strict=True)
    }
    ratings = rate(questions, guesses=guesses, predictions=predictions)
    assert max(each.difficulty for each in ratings[:100]) <= 0.5
    assert min(each.difficulty for each in ratings[100:]) >= 0.5


def test_both_kinds_fill_every_tenth_when_they_are_alike() -> None:
    """Guesses drawn alike, margins that have nothing to do with them: neither kind is pushed to
    one end.
    """
    questions = make_questions(2000)
    chance = np.random.default_rng(3)
    guesses = with_scores(chance.uniform(size=2000).tolist())
    predictions = {
        each.id: predict(each, float(right))
        for each, right in zip(questions[:500], chance.uniform(0.01, 0.99, 500), strict=True)
    }
    ratings = rate(questions, guesses=guesses, predictions=predictions)
    for tenth in range(10):
        rated = sum(min(int(each.difficulty * 10), 9) == tenth for each in ratings[:500])
        assert 25 <= rated <= 75


def test_the_margin_is_the_best_wrong_choice_over_the_right_one() -> None:
    """In nats; a choice that a model rules out counts as -1e9; without a key it is wrong."""
    question = Question("q", ("a", "b", "c"), 1)
    order = Presentation.identity(3)

    def of(log_probs: tuple[float, ...] | None, choice: int = 0) -> float:
        return margin(question, Prediction(question.id, order, Outcome.CLEAN, choice, log_probs))

    assert of((math.log(0.2), math.log(0.5), math.log(0.3))) == pytest.approx(math.log(0.3 / 0.5))
    assert of((0.0, -math.inf, -math.inf)) == 1e9
    assert of((-math.inf, 0.0, -math.inf)) == -1e9
    assert (of(None, choice=1), of(None, choice=0)) == (-1.0, 1.0)
    late = Prediction(question.id, order, Outcome.LATE, None)
    assert margin(question, late) == 1.0
    open_one = Question("q", ("a", "b", "c"), None)
    assert margin(open_one, Prediction(open_one.id, order, Outcome.LATE, None)) == 1.0


def test_the_report_tells_what_the_guess_is_worth() -> None:
    """Margins that rise with the guess: correlation 1, and fewer right answers in harder bands."""
    questions = make_questions(90)
    guesses = with_scores([at / 90 for at in range(90)])
    predictions = {
        each.id: predict(
            each,
            0.95 - at / 100,
            choice=(each.answer or 0) if at < 45 else ((each.answer or 0) + 1) % 4,
        )
        for at, each in enumerate(questions[:60])
    }
    ratings = rate(questions, guesses=guesses, predictions=predictions, shares=THIRDS)
    report = report_difficulty(
        questions, ratings, guesses=guesses, predictions=predictions, shares=THIRDS
    )
    assert (report.rows, report.measured) == (90, 60)
    assert report.correlation is not None
    assert report.correlation.value == 1.0
    assert [part.name for part in report.parts] == list(WEIGHTS)
    assert [(each.band, each.asked, each.rows) for each in report.bands] == [
        (band, 1 / 3, 30) for band in Band
    ]
    right = [each.right and (each.right.value, each.right.n) for each in report.bands]
    assert right == [(1.0, 20), (1.0, 20), (0.25, 20)]


def test_the_report_without_predictions_claims_nothing() -> None:
    """Shares are told, correlations are not."""
    questions = make_questions(40)
    guesses = guess(questions)
    report = report_difficulty(questions, rate(questions, guesses=guesses), guesses=guesses)
    assert (report.measured, report.correlation) == (0, None)
    assert all(part.correlation is None for part in report.parts)
    assert [(each.rows, each.right) for each in report.bands] == [(21, None), (17, None), (2, None)]


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.5, 0.6, 0.1), (-0.1, 1.0, 0.1)])
def test_shares_that_are_none_are_refused(shares: tuple[float, ...]) -> None:
    """Three numbers, none below 0, sum 1; the error says how to write them."""
    with pytest.raises(InputError, match=r"shares of easy, medium and hard.*--shares 0.526"):
        check_shares(shares)


def test_no_questions_have_no_ratings() -> None:
    """The borders of nothing are 0."""
    assert rate([]) == ()
    assert band_borders(0, (0.5, 0.4, 0.1)) == (0, 0)
