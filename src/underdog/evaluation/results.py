"""Everything that is known about models on one set of questions, as one JSON object.

In: questions with their bands, and each model's scored answers. Out: `results.json`. Never: a
clock; equal answers give equal bytes.

The object, with INTERVAL = {"value", "low", "high", "n", "method", "level"} and GROUP = {"name",
"accuracy": INTERVAL}:

    kind          "underdog evaluation"
    questions     how many, the same for every model
    scoring       how they were put to the model: a flat table
    chance        accuracy of guessing: the mean of 1 / (number of choices)
    models        in the order given; the first is the reference, the last the subject
      name, accuracy: INTERVAL (wilson; unanswered is wrong), outcomes: {outcome: count}
      by_topic, by_band, by_source: [GROUP]  most questions first (bands: easy, medium, hard)
      calibration  None, or {questions, ece, brier, nll, bins: [{low, high, confidence, accuracy}]}
      places       {counts, key_counts, largest_share, constant}: where the answers stood
      answer_mass  None, or the mean probability of all choices together under the vocabulary
    comparisons   every later model against the first, see `compare.Comparison.to_json`
    worst_topics  of the last model: [{topic, accuracy: INTERVAL, reference: INTERVAL or None}]
    examples      see `examples.Example.to_json`
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from underdog.errors import InputError
from underdog.evaluation.accuracy import accuracy, marks
from underdog.evaluation.breakdown import by_label, worst
from underdog.evaluation.calibration import calibrate
from underdog.evaluation.compare import compare
from underdog.evaluation.examples import choose_examples
from underdog.evaluation.places import count_places
from underdog.evaluation.predictions import Scored
from underdog.mcq.prediction import Prediction
from underdog.mcq.question import Question
from underdog.runs.files import read_json, write_json

RESULTS_NAME = "results.json"
KIND = "underdog evaluation"


@dataclass(frozen=True, slots=True)
class Item:
    """A question with its difficulty band; "" when none was given."""

    question: Question
    band: str = ""


def summarise(
    items: Sequence[Item],
    models: Mapping[str, Sequence[Scored]],
    *,
    scoring: Mapping[str, Any],
) -> dict[str, Any]:
    """Assemble the object; InputError without a question or a model."""
    if not items or not models:
        raise InputError(
            "at least one question and one model", got=f"{len(items)} and {len(models)}"
        )
    questions = [item.question for item in items]
    bands = [item.band for item in items]
    predictions = {name: [each.prediction for each in scored] for name, scored in models.items()}
    parts = [_model(name, questions, bands, scored) for name, scored in models.items()]
    return {
        "kind": KIND,
        "questions": len(items),
        "scoring": dict(scoring),
        "chance": math.fsum(1 / len(each.choices) for each in questions) / len(questions),
        "models": parts,
        "comparisons": _comparisons(questions, predictions),
        "worst_topics": _worst_topics(questions, predictions),
        "examples": [each.to_json() for each in choose_examples(questions, bands, predictions)],
    }


def write_results(folder: Path, results: Mapping[str, Any]) -> Path:
    """Replace `results.json` as a whole; gives its path."""
    write_json(folder / RESULTS_NAME, results)
    return folder / RESULTS_NAME


def read_results(folder: Path) -> dict[str, Any]:
    """What `write_results` wrote."""
    value: dict[str, Any] = read_json(folder / RESULTS_NAME)
    return value


def _model(
    name: str, questions: Sequence[Question], bands: Sequence[str], scored: Sequence[Scored]
) -> dict[str, Any]:
    predictions = [each.prediction for each in scored]
    right = marks(questions, predictions)
    calibration = calibrate(questions, predictions)
    return {
        "name": name,
        "accuracy": accuracy(right).to_json(),
        "outcomes": dict(Counter(each.outcome.value for each in predictions)),
        "by_topic": _groups([each.topic for each in questions], right),
        "by_band": _groups(bands, right),
        "by_source": _groups([each.source for each in questions], right),
        "calibration": None if calibration is None else calibration.to_json(),
        "places": count_places(questions, predictions).to_json(),
        "answer_mass": _mean_mass(scored),
    }


def _groups(labels: Sequence[str], right: Sequence[bool]) -> list[dict[str, Any]]:
    return [group.to_json() for group in by_label(labels, right)]


def _mean_mass(scored: Sequence[Scored]) -> float | None:
    masses = [math.exp(each.log_mass) for each in scored if each.log_mass is not None]
    return math.fsum(masses) / len(masses) if masses else None


def _comparisons(
    questions: Sequence[Question], models: Mapping[str, Sequence[Prediction]]
) -> list[dict[str, Any]]:
    right = {name: marks(questions, predictions) for name, predictions in models.items()}
    first, *others = right
    return [compare(right[first], right[other], names=(first, other)).to_json() for other in others]


def _worst_topics(
    questions: Sequence[Question], models: Mapping[str, Sequence[Prediction]]
) -> list[dict[str, Any]]:
    topics = [question.topic for question in questions]
    first, last = next(iter(models)), list(models)[-1]
    before = {each.name: each for each in by_label(topics, marks(questions, models[first]))}
    return [
        {
            "topic": group.name,
            "accuracy": group.accuracy.to_json(),
            "reference": None if first == last else before[group.name].accuracy.to_json(),
        }
        for group in worst(by_label(topics, marks(questions, models[last])))
    ]
