"""RACE: English examinations; passage, question, four choices. A passage's rows form a group.

Worded as the passage, an empty line, the question.
"""

from __future__ import annotations

from underdog.data.hub.columns import Row, place, text, texts
from underdog.data.hub.record import Record, choice_record
from underdog.data.hub.source import HubPlace, HubSource


def to_record(row: Row) -> Record:
    """`example_id`, `article`, `question`, `options`, `answer` as a letter."""
    return choice_record(
        f"{text(row, 'article')}\n\n{text(row, 'question')}",
        texts(row, "options"),
        answer=place(row, "answer"),
        topic="reading",
        group=text(row, "example_id"),
    )


SOURCE = HubSource(
    name="race",
    title="RACE",
    place=HubPlace("ehovy/race", "all"),
    kind="4 choices",
    licence="other",
    splits={"train": 87_866, "validation": 4_887, "test": 4_934},
    training=("train",),
    download_mb=42,
    text_mb=195,
    to_record=to_record,
    note="the card's terms: for research only, not for commercial use",
)
