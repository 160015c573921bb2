"""OpenBookQA: elementary science; a stem that one of four choices completes or answers.

The configuration `additional` is taken: the rows of `main` with the fact behind each question.
"""

from __future__ import annotations

from underdog.data.hub.columns import Row, text
from underdog.data.hub.record import Record
from underdog.data.hub.source import HubPlace, HubSource
from underdog.data.hub.sources.labelled_choices import labelled_record


def to_record(row: Row) -> Record:
    """`question_stem`, `choices` {text, label}, `answerKey`, and `fact1` where the row has it."""
    fact = text(row, "fact1") if "fact1" in row else ""
    return labelled_record(row, text(row, "question_stem"), topic="science", explanation=fact)


SOURCE = HubSource(
    name="openbookqa",
    title="OpenBookQA",
    place=HubPlace("allenai/openbookqa", "additional"),
    kind="4 choices",
    licence="unknown",
    splits={"train": 4_957, "validation": 500, "test": 500},
    training=("train", "validation"),
    download_mb=0.9,
    text_mb=1.9,
    to_record=to_record,
    note="the card gives the licence as unknown (the project's own page: Apache-2.0)",
)
