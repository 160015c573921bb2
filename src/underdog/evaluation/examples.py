"""A few questions worth reading, chosen by rule, so that equal predictions show equal examples.

In: questions and each model's predictions. Out: `Example`s of four kinds. Never: a random draw.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from underdog.evaluation.accuracy import marks
from underdog.mcq.prediction import Prediction
from underdog.mcq.question import Question

PER_KIND = 3
"""Examples of each kind, at most."""


class Kind(StrEnum):
    """How the last model did, against the first."""

    RIGHT = "right"
    """Right, and so was the first."""
    WRONG = "wrong"
    """Wrong, and so was the first."""
    GAINED = "gained"
    """Right where the first was wrong."""
    LOST = "lost"
    """Wrong where the first was right."""


@dataclass(frozen=True, slots=True)
class Example:
    """One question with the answers of every model, in the order of the models."""

    kind: Kind
    question: Question
    band: str
    answers: tuple[tuple[str, Prediction], ...]

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        question = self.question
        return {
            "kind": self.kind.value,
            "question_id": question.id,
            "text": question.text,
            "choices": list(question.choices),
            "answer": question.answer,
            "topic": question.topic,
            "band": self.band,
            "source": question.source,
            "answers": [_answer(name, prediction) for name, prediction in self.answers],
        }


def _answer(model: str, prediction: Prediction) -> dict[str, Any]:
    log_probs = prediction.log_probs
    return {
        "model": model,
        "outcome": prediction.outcome.value,
        "choice": prediction.choice,
        "probabilities": None if log_probs is None else [math.exp(each) for each in log_probs],
    }


def choose_examples(
    questions: Sequence[Question],
    bands: Sequence[str],
    models: Mapping[str, Sequence[Prediction]],
) -> tuple[Example, ...]:
    """Up to PER_KIND of each kind. Wrong and lost ones come surest first: those teach most. Right
    and gained ones come by question id, which is a hash and so favours nothing.
    """
    predictions = list(models.values())
    first, last = marks(questions, predictions[0]), marks(questions, predictions[-1])
    kinds = [_kind(before, after) for before, after in zip(first, last, strict=True)]
    chosen: list[Example] = []
    for kind in Kind:
        places = [place for place, each in enumerate(kinds) if each is kind]
        places.sort(key=lambda place: _rank(kind, predictions[-1][place]))
        for place in places[:PER_KIND]:
            answers = tuple((name, given[place]) for name, given in models.items())
            chosen.append(Example(kind, questions[place], bands[place], answers))
    return tuple(chosen)


def _kind(before: bool, after: bool) -> Kind:
    if before == after:
        return Kind.RIGHT if after else Kind.WRONG
    return Kind.GAINED if after else Kind.LOST


def _rank(kind: Kind, prediction: Prediction) -> tuple[float, str]:
    if kind in {Kind.RIGHT, Kind.GAINED}:
        return 0.0, prediction.question_id
    log_probs, choice = prediction.log_probs, prediction.choice
    sureness = 0.0 if log_probs is None or choice is None else math.exp(log_probs[choice])
    return -sureness, prediction.question_id
