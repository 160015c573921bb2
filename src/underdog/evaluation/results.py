"""Everything that is known about models on one set of questions, as one JSON object.

In: questions with their bands, and each model's scored answers. Out: `results.json`. Never: a
clock; equal answers give equal bytes.

The object, with INTERVAL = {"value", "low", "high", "n", "method", "level"} and GROUP = {"name",
"accuracy": INTERVAL}:

    kind          "underdog evaluation"
    questions     how many, the same for every model
    scoring       how they were put to the model: a flat table
    chance        accuracy of guessing: the mean of 1 / (number of choices)
    groups        how many groups of questions that hang together, None when not known; with
                  fewer groups than questions all intervals are those of `clusters`
    trust         one sentence on how far the last model's accuracy can be trusted
    models        in the order given; the first is the reference, the last the subject
      name, accuracy: INTERVAL (unanswered is wrong), outcomes: {outcome: count}
      by_topic, by_band, by_source: [GROUP]  most questions first (bands: easy, medium, hard)
      calibration  None, or {questions, ece, ece_debiased, brier, nll, bins: [{low, high,
                   confidence, accuracy}], selective: {auroc, aurc, curve: [{coverage, accuracy}]}}
      places       {counts, key_counts, largest_share, constant}: where the answers stood
      answer_mass  None, or the mean probability of all choices together under the vocabulary
    comparisons   every later model against the first, see `compare.Comparison.to_json`; with
                  `clustered`, the difference's interval over groups, None where that is the same
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
from underdog.evaluation.accuracy import marks
from underdog.evaluation.breakdown import by_label, worst
from underdog.evaluation.calibration import calibrate
from underdog.evaluation.clusters import clustered_accuracy, clustered_difference
from underdog.evaluation.compare import compare
from underdog.evaluation.examples import choose_examples
from underdog.evaluation.places import count_places
from underdog.evaluation.predictions import Scored
from underdog.evaluation.trust import trust_sentence
from underdog.mcq.prediction import Prediction
from underdog.mcq.question import Question
from underdog.runs.files import read_json, write_json

RESULTS_NAME = "results.json"
KIND = "underdog evaluation"


@dataclass(frozen=True, slots=True)
class Item:
    """A question with its difficulty band, and the group of questions that it hangs together
    with (one template, one fact); "" when not known.
    """

    question: Question
    band: str = ""
    group: str = ""


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
    clusters = clusters_of(items)
    parts = [_model(name, items, scored, clusters) for name, scored in models.items()]
    chance = math.fsum(1 / len(each.choices) for each in questions) / len(questions)
    groups = None if clusters is None else len(set(clusters))
    last = list(models)[-1]
    known = clustered_accuracy(marks(questions, predictions[last]), clusters)
    return {
        "kind": KIND,
        "questions": len(items),
        "groups": groups,
        "scoring": dict(scoring),
        "chance": chance,
        "trust": trust_sentence(last, known, chance=chance, groups=groups),
        "models": parts,
        "comparisons": _comparisons(questions, predictions, clusters),
        "worst_topics": _worst_topics(questions, predictions),
        "examples": [each.to_json() for each in choose_examples(questions, bands, predictions)],
    }


def clusters_of(items: Sequence[Item]) -> list[str] | None:
    """The group of every question; None when any is not known."""
    groups = [item.group for item in items]
    return groups if all(groups) else None


def write_results(folder: Path, results: Mapping[str, Any]) -> Path:
    """Replace `results.json` as a whole; gives its path."""
    write_json(folder / RESULTS_NAME, results)
    return folder / RESULTS_NAME


def read_results(folder: Path) -> dict[str, Any]:
    """What `write_results` wrote."""
    value: dict[str, Any] = read_json(folder / RESULTS_NAME)
    return value


def _model(
    name: str, items: Sequence[Item], scored: Sequence[Scored], clusters: Sequence[str] | None
) -> dict[str, Any]:
    questions = [item.question for item in items]
    predictions = [each.prediction for each in scored]
    right = marks(questions, predictions)
    calibration = calibrate(questions, predictions)
    return {
        "name": name,
        "accuracy": clustered_accuracy(right, clusters).to_json(),
        "outcomes": dict(Counter(each.outcome.value for each in predictions)),
        "by_topic": _groups([each.topic for each in questions], right, clusters),
        "by_band": _groups([item.band for item in items], right, clusters),
        "by_source": _groups([each.source for each in questions], right, clusters),
        "calibration": None if calibration is None else calibration.to_json(),
        "places": count_places(questions, predictions).to_json(),
        "answer_mass": _mean_mass(scored),
    }


def _groups(
    labels: Sequence[str], right: Sequence[bool], clusters: Sequence[str] | None
) -> list[dict[str, Any]]:
    return [group.to_json() for group in by_label(labels, right, clusters)]


def _mean_mass(scored: Sequence[Scored]) -> float | None:
    masses = [math.exp(each.log_mass) for each in scored if each.log_mass is not None]
    return math.fsum(masses) / len(masses) if masses else None


def _comparisons(
    questions: Sequence[Question],
    models: Mapping[str, Sequence[Prediction]],
    clusters: Sequence[str] | None,
) -> list[dict[str, Any]]:
    right = {name: marks(questions, predictions) for name, predictions in models.items()}
    first, *others = right
    dependent = clusters is not None and len(set(clusters)) < len(clusters)
    found = []
    for other in others:
        compared = compare(right[first], right[other], names=(first, other)).to_json()
        lead = clustered_difference(right[first], right[other], clusters) if dependent else None
        found.append({**compared, "clustered": None if lead is None else lead.to_json()})
    return found


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
