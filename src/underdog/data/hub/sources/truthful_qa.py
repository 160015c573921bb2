"""TruthfulQA: questions that tempt to a common falsehood. The whole set is a benchmark."""

from __future__ import annotations

from underdog.data.hub.columns import Row, text, texts
from underdog.data.hub.record import Record, choice_record, put_right
from underdog.data.hub.source import HubPlace, HubSource


def to_record(row: Row) -> Record:
    """`question`, and `mc1_targets` {choices, labels} with one label 1; the hub puts it first."""
    question = text(row, "question")
    choices = texts(row, "mc1_targets.choices")
    labels = texts(row, "mc1_targets.labels")
    if labels.count("1") != 1 or len(labels) != len(choices):
        return choice_record(question, choices, answer=None, topic="misconceptions")
    right = labels.index("1")
    wrong = [*choices[:right], *choices[right + 1 :]]
    placed = put_right(question, choices[right], wrong=wrong)
    return choice_record(question, placed.choices, answer=placed.answer, topic="misconceptions")


SOURCE = HubSource(
    name="truthful_qa",
    title="TruthfulQA",
    place=HubPlace("truthfulqa/truthful_qa", "multiple_choice"),
    kind="2 to 13 choices",
    licence="apache-2.0",
    splits={"validation": 817},
    training=(),
    download_mb=0.3,
    text_mb=0.5,
    to_record=to_record,
    note="a benchmark: fetched with --split validation only",
)
