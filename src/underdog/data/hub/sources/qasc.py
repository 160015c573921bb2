"""QASC: school science that takes two facts, eight choices."""

from __future__ import annotations

from underdog.data.hub.columns import Row, text
from underdog.data.hub.record import Record
from underdog.data.hub.source import HubPlace, HubSource
from underdog.data.hub.sources.labelled_choices import labelled_record


def to_record(row: Row) -> Record:
    """`question`, `choices` {text, label}, `answerKey` ("" in test), `combinedfact`."""
    return labelled_record(
        row, text(row, "question"), topic="science", explanation=text(row, "combinedfact")
    )


SOURCE = HubSource(
    name="qasc",
    title="QASC",
    place=HubPlace("allenai/qasc"),
    kind="8 choices",
    licence="cc-by-4.0",
    splits={"train": 8_134, "validation": 926, "test": 920},
    training=("train",),
    download_mb=2.4,
    text_mb=4.5,
    to_record=to_record,
    note="validation is the usual benchmark, test has no keys",
)
