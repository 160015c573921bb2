"""QuaRTz: what grows or shrinks with what, two choices. Questions about one fact form a group."""

from __future__ import annotations

from underdog.data.hub.columns import Row, text
from underdog.data.hub.record import Record
from underdog.data.hub.source import HubPlace, HubSource
from underdog.data.hub.sources.labelled_choices import labelled_record


def to_record(row: Row) -> Record:
    """`question`, `choices` {text, label}, `answerKey`, `para`, `para_id`."""
    return labelled_record(
        row,
        text(row, "question"),
        topic="science",
        explanation=text(row, "para"),
        group=text(row, "para_id"),
    )


SOURCE = HubSource(
    name="quartz",
    title="QuaRTz",
    place=HubPlace("allenai/quartz"),
    kind="2 choices",
    licence="cc-by-4.0",
    splits={"train": 2_696, "validation": 384, "test": 784},
    training=("train", "validation"),
    download_mb=0.6,
    text_mb=1.7,
    to_record=to_record,
)
