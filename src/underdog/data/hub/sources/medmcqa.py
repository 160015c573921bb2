"""MedMCQA: medical entrance examinations, four choices, often explained."""

from __future__ import annotations

from underdog.data.hub.columns import Row, place, text
from underdog.data.hub.record import Record, choice_record
from underdog.data.hub.source import HubPlace, HubSource


def to_record(row: Row) -> Record:
    """`question`, `opa` to `opd`, `cop` as a class label (-1 in test), `exp`, `subject_name`."""
    return choice_record(
        text(row, "question"),
        [text(row, f"op{letter}") for letter in "abcd"],
        answer=place(row, "cop"),
        topic=text(row, "subject_name") or "medicine",
        explanation=text(row, "exp"),
    )


SOURCE = HubSource(
    name="medmcqa",
    title="MedMCQA",
    place=HubPlace("openlifescienceai/medmcqa"),
    kind="4 choices",
    licence="apache-2.0",
    splits={"train": 182_822, "validation": 4_183, "test": 6_150},
    training=("train",),
    download_mb=88.5,
    text_mb=160,
    to_record=to_record,
    note="validation is the usual benchmark, test has no keys",
)
