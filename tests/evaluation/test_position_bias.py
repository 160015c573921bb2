"""Position bias: rotations, CircularEval, PriDe."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fakes import even_log_probs, numbered_questions
from underdog.errors import InputError
from underdog.evaluation.position_bias import (
    debias,
    mean_over_rotations,
    measure_bias,
    normalised,
    place_priors,
    pride_places,
    rotations,
)
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question

QUESTIONS = numbered_questions(200)
LETTERS = np.log([0.5, 0.2, 0.2, 0.1])
"""What the model of these tests thinks of A, B, C and D before it reads anything."""


def shown(question: Question, order: Presentation, content: np.ndarray) -> Prediction:
    """A model whose log-probabilities are content plus letter: PriDe's own assumption."""
    scores = [content[choice] + LETTERS[order.order.index(choice)] for choice in range(4)]
    logs = tuple(normalised(scores))
    choice = max(range(4), key=logs.__getitem__)
    return Prediction(question.id, order, Outcome.CLEAN, choice, logs)


def answers(seed: int = 0, skill: float = 1.0) -> tuple[list[np.ndarray], list[list[Prediction]]]:
    """Contents, and the predictions under every rotation of a shuffled order."""
    generator = np.random.default_rng(seed)
    contents, found = [], []
    for question in QUESTIONS:
        content = generator.normal(size=4)
        content[question.answer] += skill
        first = Presentation.shuffled(4, seed=question.id)
        contents.append(content)
        found.append([shown(question, order, content) for order in rotations(first)])
    return contents, found


def test_rotations_bring_every_choice_to_every_place_once() -> None:
    """A Latin square, with the given order first."""
    first = Presentation((2, 0, 3, 1))
    square = [each.order for each in rotations(first)]
    assert square[0] == first.order
    for column in zip(*square, strict=True):
        assert sorted(column) == [0, 1, 2, 3]


def test_pride_recovers_the_letters_own_probabilities() -> None:
    """Where content and letter are independent factors, exactly; and debiasing leaves content."""
    contents, rotated = answers()
    priors = place_priors(rotated[:10])
    np.testing.assert_allclose(priors[4], LETTERS - np.log(np.exp(LETTERS).sum()), atol=1e-12)
    for content, predictions in zip(contents, rotated, strict=True):
        for each in predictions:
            np.testing.assert_allclose(
                debias(each, priors).log_probs, normalised(list(content)), atol=1e-12
            )


def test_debiasing_and_averaging_both_help_a_biased_model() -> None:
    """Fewer flips and more right answers; the figures of the bias say why."""
    _, rotated = answers()
    bias = measure_bias(QUESTIONS, rotated)
    priors = place_priors([rotated[place] for place in pride_places(QUESTIONS)])
    cured = [[debias(each, priors) for each in shown] for shown in rotated]
    after = measure_bias(QUESTIONS, cured)
    mean = [mean_over_rotations(each) for each in rotated]
    right = [each.choice == q.answer for each, q in zip(mean, QUESTIONS, strict=True)]
    assert bias.flips.value > 0.3
    assert after.flips.value == 0
    assert bias.circular.value < bias.accuracy.value <= sum(right) / 200
    assert after.circular.value == after.accuracy.value > bias.accuracy.value
    assert bias.recall_std is not None
    assert after.recall_std is not None
    assert bias.recall_std > 3 * after.recall_std
    assert bias.to_json()["flips"]["n"] == 200


def test_an_unbiased_model_is_left_as_it_is() -> None:
    """Even letters: the prior is flat, and dividing by it changes nothing."""
    order = Presentation.identity(4)
    rotated = [
        [
            Prediction(question.id, each, Outcome.CLEAN, 0, even_log_probs(4))
            for each in rotations(order)
        ]
        for question in QUESTIONS[:10]
    ]
    priors = place_priors(rotated)
    assert priors[4] == pytest.approx((math.log(0.25),) * 4)
    assert debias(rotated[0][0], priors).log_probs == pytest.approx(even_log_probs(4))


def test_questions_of_another_size_or_without_probabilities_stay() -> None:
    """Five choices have letters of their own; a bare letter has nothing to divide."""
    _, rotated = answers()
    priors = place_priors(rotated[:10])
    five = Prediction("q", Presentation.identity(5), Outcome.CLEAN, 0, even_log_probs(5))
    bare = Prediction("q", Presentation.identity(4), Outcome.CLEAN, 2)
    assert debias(five, priors) is five
    assert debias(bare, priors) is bare
    with pytest.raises(InputError, match="probabilities of every choice"):
        mean_over_rotations([bare])


def test_the_rotated_questions_are_few_and_fixed() -> None:
    """5 % but at least ten, by id: the same in any order of the questions."""
    chosen = {QUESTIONS[place].id for place in pride_places(QUESTIONS)}
    turned = QUESTIONS[::-1]
    assert chosen == {turned[place].id for place in pride_places(turned)}
    assert len(chosen) == 10
    assert len(pride_places(QUESTIONS, 0.5)) == 100
    assert pride_places(QUESTIONS[:3]) == (0, 1, 2)
    with pytest.raises(InputError, match="a share above 0"):
        pride_places(QUESTIONS, 0.0)
