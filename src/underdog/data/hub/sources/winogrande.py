"""WinoGrande: which of two things a blank stands for.

Worded as the sentence with its blank. Two choices are kept.
"""

from __future__ import annotations

from underdog.data.hub.columns import Row, place, text
from underdog.data.hub.record import Record, choice_record
from underdog.data.hub.source import NOT_STATED, HubPlace, HubSource


def to_record(row: Row) -> Record:
    """`sentence` with "_", `option1`, `option2`, `answer` "1" or "2" ("" in test)."""
    return choice_record(
        text(row, "sentence"),
        [text(row, "option1"), text(row, "option2")],
        answer=place(row, "answer", first=1),
        topic="common sense",
    )


SOURCE = HubSource(
    name="winogrande",
    title="WinoGrande",
    place=HubPlace("allenai/winogrande", "winogrande_xl"),
    kind="2 choices",
    licence=NOT_STATED,
    splits={"train": 40_398, "validation": 1_267, "test": 1_767},
    training=("train",),
    download_mb=2.3,
    text_mb=13,
    to_record=to_record,
    note="the card states no licence (the project's own page: CC-BY); validation is the usual "
    "benchmark, test has no keys",
)
