"""Vectors of questions and answers."""

import random
import sys

import numpy as np
import pytest
from made_up_questions import make_names, make_questions

from underdog.data.conversion.meaning import DIMENSIONS, LENGTH, Meaning, find_meaning, to_length
from underdog.data.conversion.word_hashes import find_words, fold_texts, mix
from underdog.errors import MissingExtraError

TOPICS = 12


def texts() -> tuple[list[str], list[str]]:
    """240 questions in turn about twelve topics, each with six words of its own."""
    words = make_names(1, 6 * TOPICS)
    rng = random.Random(2)
    questions, answers = [], []
    for at in range(20 * TOPICS):
        first, second, third = rng.sample(words[at % TOPICS :: TOPICS], 3)
        questions.append(f"What has the {first} of {second} in number {at}?")
        answers.append(third)
    return questions, answers


def meaning(questions: list[str], answers: list[str]) -> Meaning:
    asked, said = find_words(fold_texts(questions)), find_words(fold_texts(answers))
    hashes = mix(asked.row_hashes(len(questions)) ^ mix(said.row_hashes(len(questions))))
    return find_meaning(asked, said, hashes)


def test_questions_of_a_topic_lie_together() -> None:
    """Two questions about one topic are nearer than two about different ones, and so are answers
    whose words stand in questions of the topic.
    """
    found = meaning(*texts())
    topics = np.arange(20 * TOPICS) % TOPICS
    same = topics[:, None] == topics
    for one, other in ((found.questions, found.questions), (found.questions, found.answers)):
        cosines = one @ other.T / LENGTH**2
        assert cosines[same].mean() > cosines[~same].mean() + 0.3


def test_vectors_are_whole_numbers_of_one_length() -> None:
    """Whole numbers, and of the stated length up to rounding: products stay below 2**24."""
    found = meaning(*texts())
    assert found.questions.shape == (20 * TOPICS, DIMENSIONS)
    assert np.array_equal(found.questions, np.rint(found.questions))
    assert np.linalg.norm(found.questions, axis=1) == pytest.approx(
        np.full(20 * TOPICS, LENGTH), rel=0.01
    )


def test_the_order_of_rows_decides_nothing() -> None:
    """Rows in another order have the same vectors, to the last digit."""
    questions, answers = texts()
    order = np.random.default_rng(3).permutation(len(questions))
    found = meaning(questions, answers)
    turned = meaning([questions[at] for at in order], [answers[at] for at in order])
    assert np.array_equal(found.questions[order], turned.questions)
    assert np.array_equal(found.answers[order], turned.answers)


@pytest.mark.parametrize("count", [1, 2, 9])
def test_few_questions_have_vectors_too(count: int) -> None:
    """A handful of questions, or of words nobody else uses, gives vectors that may be zero."""
    asked = make_questions(count)
    found = meaning([each.text for each in asked], ["?"] * count)
    assert found.questions.shape == found.answers.shape == (count, DIMENSIONS)
    assert not found.answers.any()


def test_a_row_of_zeros_stays_zero() -> None:
    """Nothing is divided by the length of nothing."""
    assert to_length(np.array([[0, 0], [3, 4]]), 10).tolist() == [[0, 0], [6, 8]]


def test_without_scipy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where scipy is missing, the error says which extra brings it."""
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    with pytest.raises(MissingExtraError, match=r"underdog.*\[data\]"):
        meaning(*texts())
