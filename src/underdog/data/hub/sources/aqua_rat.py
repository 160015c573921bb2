"""AQuA-RAT: algebra in words, five choices written as "A)21", with a worked rationale."""

from __future__ import annotations

import re

from underdog.data.hub.columns import Row, place, text, texts
from underdog.data.hub.record import Record, choice_record
from underdog.data.hub.source import HubPlace, HubSource

_LABEL = re.compile(r"^[A-E]\s*\)\s*")


def to_record(row: Row) -> Record:
    """`question`, `options` with their labels, `rationale`, `correct` as a letter."""
    return choice_record(
        text(row, "question"),
        [_LABEL.sub("", option) for option in texts(row, "options")],
        answer=place(row, "correct"),
        topic="algebra",
        explanation=text(row, "rationale"),
    )


SOURCE = HubSource(
    name="aqua_rat",
    title="AQuA-RAT",
    place=HubPlace("deepmind/aqua_rat", "raw"),
    kind="5 choices",
    licence="apache-2.0",
    splits={"train": 97_467, "validation": 254, "test": 254},
    training=("train", "validation"),
    download_mb=26,
    text_mb=60,
    to_record=to_record,
    note="crowd-written: some keys and rationales are wrong",
)
