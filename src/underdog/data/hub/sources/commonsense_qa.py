"""CommonsenseQA: five choices that are all close to one concept of the question."""

from __future__ import annotations

from underdog.data.hub.columns import Row, text
from underdog.data.hub.record import Record
from underdog.data.hub.source import HubPlace, HubSource
from underdog.data.hub.sources.labelled_choices import labelled_record


def to_record(row: Row) -> Record:
    """`question`, `choices` {label, text}, `answerKey` ("" in test)."""
    return labelled_record(row, text(row, "question"), topic="common sense")


SOURCE = HubSource(
    name="commonsense_qa",
    title="CommonsenseQA",
    place=HubPlace("tau/commonsense_qa"),
    kind="5 choices",
    licence="mit",
    splits={"train": 9_741, "validation": 1_221, "test": 1_140},
    training=("train",),
    download_mb=1.6,
    text_mb=3.2,
    to_record=to_record,
    note="validation is the usual benchmark, test has no keys",
)
