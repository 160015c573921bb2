"""Social IQa: why people do things and how they feel, three choices. A situation forms a group.

Worded as the situation, then the question. The main branch holds a loading script, so the hub's
Parquet branch is read.
"""

from __future__ import annotations

from underdog.data.hub.columns import Row, place, text
from underdog.data.hub.record import Record, choice_record
from underdog.data.hub.source import CONVERTED, NOT_STATED, HubPlace, HubSource


def to_record(row: Row) -> Record:
    """`context`, `question`, `answerA` to `answerC`, `label` "1" to "3"."""
    context = text(row, "context")
    return choice_record(
        f"{context} {text(row, 'question')}",
        [text(row, f"answer{letter}") for letter in "ABC"],
        answer=place(row, "label", first=1),
        topic="social common sense",
        group=f"social_i_qa: {context}" if context else "",
    )


SOURCE = HubSource(
    name="social_i_qa",
    title="Social IQa",
    place=HubPlace("allenai/social_i_qa", branch=CONVERTED),
    kind="3 choices",
    licence=NOT_STATED,
    splits={"train": 33_410, "validation": 1_954},
    training=("train",),
    download_mb=3.7,
    text_mb=15,
    to_record=to_record,
    note="validation is the usual benchmark",
)
