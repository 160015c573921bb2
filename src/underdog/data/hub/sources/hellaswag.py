"""HellaSwag: which of four endings follows a scene. Endings of one video or article form a group.

Worded as: the activity, then the scene, left open. The marks of the WikiHow half ("[header]",
"[title]", "[step]", "[substeps]") come off.
"""

from __future__ import annotations

import re

from underdog.data.hub.columns import Row, place, text, texts
from underdog.data.hub.record import Record, choice_record
from underdog.data.hub.source import HubPlace, HubSource

_MARK = re.compile(r"\s*\[(?:header|title|step|substeps)\]\s*")


def to_record(row: Row) -> Record:
    """`activity_label`, `ctx`, four `endings`, `source_id`, and `label` as text ("" in test)."""
    activity = text(row, "activity_label")
    scene = _MARK.sub("\n", text(row, "ctx")).strip()
    return choice_record(
        f"{activity}: {scene} ...",
        [_MARK.sub(" ", ending).strip() for ending in texts(row, "endings")],
        answer=place(row, "label"),
        topic=activity or "everyday scenes",
        group=text(row, "source_id"),
    )


SOURCE = HubSource(
    name="hellaswag",
    title="HellaSwag",
    place=HubPlace("Rowan/hellaswag"),
    kind="4 choices",
    licence="mit",
    splits={"train": 39_905, "validation": 10_042, "test": 10_003},
    training=("train",),
    download_mb=37,
    text_mb=68,
    to_record=to_record,
    note="the licence stands in the card's text alone; validation is the usual benchmark, test has "
    "no keys; wrong endings are machine-written",
)
