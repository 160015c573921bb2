"""Difficulty: ranks, shares met to the row, predictions over guesses."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from question_files import make_questions

from underdog.data.difficulty import band_borders, check_shares, closeness, guess, rate
from underdog.data.row import Band
from underdog.errors import InputError
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question


def predict(question: Question, right: float | None, *, choice: int = 0) -> Prediction:
    """A prediction that gives the right choice this probability, or no probabilities at all."""
    size = len(question.choices)
    log_probs = None
    if right is not None:
        wrong = math.log((1 - right) / (size - 1))
        log_probs = tuple(math.log(right) if at == question.answer else wrong for at in range(size))
    order = Presentation.identity(size)
    return Prediction(question.id, order, Outcome.CLEAN, choice, log_probs)


@given(st.integers(1, 200), st.integers(0, 100), st.integers(0, 100))
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
    """Each question keeps its rating."""
    questions = make_questions(50)
    forward = dict(zip((each.id for each in questions), rate(questions), strict=True))
    turned = questions[::-1]
    assert dict(zip((each.id for each in turned), rate(turned), strict=True)) == forward


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


def test_the_guess_follows_its_documented_parts() -> None:
    """Known sources, twisted wording and close distractors move the score as stated."""
    plain = Question("What is this?", ("alpha", "beta"), 0, source="ARC-Easy")
    harder_source = Question("What is this?", ("alpha", "beta"), 0, source="ARC-Challenge")
    twisted = Question("Which is not this?", ("alpha", "beta"), 0, source="ARC-Easy")
    explaining = Question("Why is this?", ("alpha", "beta"), 0, source="ARC-Easy")
    assert guess(plain) < guess(harder_source)
    assert guess(plain) < guess(explaining) < guess(twisted)
    assert all(0 <= guess(each) <= 1 for each in make_questions(50))


def test_closeness_of_numbers_and_texts() -> None:
    """1990 is closer to 1991 than to 12; "Reykjavik" to "Neyjavicik" than to "Riga"."""

    def near(*choices: str, answer: int | None = 0) -> float:
        return closeness(Question("q", choices, answer))

    assert near("1990", "1991") > 0.99 > near("1990", "12")
    assert near("Reykjavik", "Neyjavicik") > near("Reykjavik", "Riga")
    assert near("$1,000", "$2,000") == 0.5
    assert near("a", "b", answer=None) == 0.5


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.5, 0.6, 0.1), (-0.1, 1.0, 0.1)])
def test_shares_that_are_none_are_refused(shares: tuple[float, ...]) -> None:
    """Three numbers, none below 0, sum 1; the error says how to write them."""
    with pytest.raises(InputError, match=r"shares of easy, medium and hard.*--shares 0.526"):
        check_shares(shares)


def test_no_questions_have_no_ratings() -> None:
    """The borders of nothing are 0."""
    assert rate([]) == ()
    assert band_borders(0, (0.5, 0.4, 0.1)) == (0, 0)
