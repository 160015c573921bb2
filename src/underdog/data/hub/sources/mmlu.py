"""MMLU: 57 school and university subjects, four choices.

`auxiliary_train` is made of other public sets (RACE, ARC, OpenBookQA, ...) and states no subject.
The configuration of that name nests its rows in one column called `train`; both forms are read.
"""

from __future__ import annotations

from underdog.data.hub.columns import Row, place, text, texts
from underdog.data.hub.record import Record, choice_record
from underdog.data.hub.source import HubPlace, HubSource


def to_record(row: Row) -> Record:
    """`question`, `subject`, `choices`, and `answer` as a class label from 0."""
    if set(row) == {"train"} and isinstance(row["train"], dict):
        row = row["train"]
    subject = text(row, "subject").replace("_", " ")
    return choice_record(
        text(row, "question"),
        texts(row, "choices"),
        answer=place(row, "answer"),
        topic=subject or "mixed",
    )


SOURCE = HubSource(
    name="mmlu",
    title="MMLU",
    place=HubPlace("cais/mmlu", "all"),
    kind="4 choices",
    licence="mit",
    splits={"auxiliary_train": 99_842, "dev": 285, "validation": 1_531, "test": 14_042},
    training=("auxiliary_train", "dev", "validation"),
    download_mb=51.5,
    text_mb=185,
    to_record=to_record,
    note="auxiliary_train repeats parts of RACE, ARC and OpenBookQA",
)
