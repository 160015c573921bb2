"""MedQA (USMLE): cases from the United States medical licence examination, four choices."""

from __future__ import annotations

from underdog.data.hub.columns import Row, text
from underdog.data.hub.record import Record, choice_record
from underdog.data.hub.source import HubPlace, HubSource

_LETTERS = "ABCD"


def to_record(row: Row) -> Record:
    """`question`, `options` {A, B, C, D}, `answer_idx` as a letter."""
    letter = text(row, "answer_idx")
    return choice_record(
        text(row, "question"),
        [text(row, f"options.{letter}") for letter in _LETTERS],
        answer=_LETTERS.index(letter) if letter and letter in _LETTERS else None,
        topic="medicine",
    )


SOURCE = HubSource(
    name="medqa",
    title="MedQA",
    place=HubPlace("GBaker/MedQA-USMLE-4-options"),
    kind="4 choices",
    licence="cc-by-4.0",
    splits={"train": 10_178, "test": 1_273},
    training=("train",),
    download_mb=17,
    text_mb=13,
    to_record=to_record,
)
