"""ARC: school science, the easy and the challenge set. Some rows have the labels 1 to 4."""

from __future__ import annotations

from underdog.data.hub.columns import Row, text
from underdog.data.hub.record import Record
from underdog.data.hub.source import HubPlace, HubSource
from underdog.data.hub.sources.labelled_choices import labelled_record


def to_record(row: Row) -> Record:
    """`question`, `choices` {text, label}, `answerKey`."""
    return labelled_record(row, text(row, "question"), topic="science")


EASY = HubSource(
    name="arc_easy",
    title="ARC-Easy",
    place=HubPlace("allenai/ai2_arc", "ARC-Easy"),
    kind="4 choices",
    licence="cc-by-sa-4.0",
    splits={"train": 2_251, "validation": 570, "test": 2_376},
    training=("train", "validation"),
    download_mb=0.8,
    text_mb=1.9,
    to_record=to_record,
    note="a few rows have 3 or 5 choices",
)
CHALLENGE = HubSource(
    name="arc_challenge",
    title="ARC-Challenge",
    place=HubPlace("allenai/ai2_arc", "ARC-Challenge"),
    kind="4 choices",
    licence="cc-by-sa-4.0",
    splits={"train": 1_119, "validation": 299, "test": 1_172},
    training=("train", "validation"),
    download_mb=0.5,
    text_mb=1.1,
    to_record=to_record,
    note="a few rows have 3 or 5 choices",
)
