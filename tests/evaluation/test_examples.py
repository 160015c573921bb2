"""Examples."""

from __future__ import annotations

import math

from fakes import ChosenScorer, numbered_questions
from underdog.evaluation.examples import PER_KIND, Kind, choose_examples
from underdog.mcq.prediction import Prediction
from underdog.mcq.question import Question

QUESTIONS = numbered_questions(40)


def answers(rights: list[bool], sureness: list[float]) -> tuple[Prediction, ...]:
    table = {}
    for question, right, sure in zip(QUESTIONS, rights, sureness, strict=True):
        chosen = question.answer if right else (question.answer or 0) - 1
        rest = math.log((1 - sure) / 3)
        table[question.id] = [rest] * 4
        table[question.id][chosen or 0] = math.log(sure)
    return ChosenScorer(table)(QUESTIONS)


def pick(questions: tuple[Question, ...] = QUESTIONS) -> list[tuple[Kind, str]]:
    before = answers([number % 2 == 0 for number in range(40)], [0.5] * 40)
    after = answers([number % 4 < 2 for number in range(40)], [0.4 + n / 100 for n in range(40)])
    order = [QUESTIONS.index(question) for question in questions]
    models = {"base": [before[n] for n in order], "tuned": [after[n] for n in order]}
    chosen = choose_examples(questions, ["easy"] * len(questions), models)
    return [(each.kind, each.question.id) for each in chosen]


def test_each_kind_has_its_share_in_order() -> None:
    """Right, wrong, gained, lost; three of each."""
    kinds = [kind for kind, _ in pick()]
    assert kinds == [kind for kind in Kind for _ in range(PER_KIND)]


def test_the_choice_does_not_depend_on_the_order_of_questions() -> None:
    """The same answers show the same examples, every time."""
    assert pick() == pick(QUESTIONS[::-1])


def test_wrong_answers_come_surest_first() -> None:
    """The errors that teach most are shown."""
    wrong = [name for kind, name in pick() if kind is Kind.WRONG]
    assert wrong == [QUESTIONS[39].id, QUESTIONS[35].id, QUESTIONS[31].id]


def test_one_model_has_no_flips() -> None:
    """Without a reference there is right and wrong only, and probabilities add up to 1."""
    given = {"tuned": answers([True, False] * 20, [0.7] * 40)}
    chosen = choose_examples(QUESTIONS, [""] * 40, given)
    assert {each.kind for each in chosen} == {Kind.RIGHT, Kind.WRONG}
    value = chosen[0].to_json()
    assert value["answers"][0]["model"] == "tuned"
    assert math.isclose(sum(value["answers"][0]["probabilities"]), 1.0)
    assert value["answer"] == value["answers"][0]["choice"]
