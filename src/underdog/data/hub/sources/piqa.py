"""PIQA: a goal and two ways to reach it, one of which works. Kept as two choices.

Worded as the goal, left open where it ends without a sign. The main branch holds a loading script,
so the hub's Parquet branch is read.
"""

from __future__ import annotations

from underdog.data.hub.columns import Row, place, text
from underdog.data.hub.record import Record, choice_record
from underdog.data.hub.source import CONVERTED, HubPlace, HubSource


def to_record(row: Row) -> Record:
    """`goal`, `sol1`, `sol2`, `label` as a class label from 0 (-1 in test)."""
    goal = text(row, "goal")
    return choice_record(
        f"{goal} ..." if goal and goal[-1] not in "?!.:" else goal,
        [text(row, "sol1"), text(row, "sol2")],
        answer=place(row, "label"),
        topic="physical common sense",
    )


SOURCE = HubSource(
    name="piqa",
    title="PIQA",
    place=HubPlace("ybisk/piqa", "plain_text", branch=CONVERTED),
    kind="2 choices",
    licence="unknown",
    splits={"train": 16_113, "validation": 1_838, "test": 3_084},
    training=("train",),
    download_mb=3.6,
    text_mb=8,
    to_record=to_record,
    note="validation is the usual benchmark, test has no keys",
)
