"""GSM8K: school mathematics in words; a worked answer that ends in "#### 72"."""

from __future__ import annotations

import re

from underdog.data.hub.columns import Row, text
from underdog.data.hub.record import Record, open_record
from underdog.data.hub.source import HubPlace, HubSource

_CALCULATOR = re.compile(r"<<[^<>]*>>")


def to_record(row: Row) -> Record:
    """`question`, `answer`. The steps become the explanation, without their <<calculator>> marks.

    An answer without "####" gives a record without an answer.
    """
    steps, mark, last = text(row, "answer").rpartition("####")
    return open_record(
        text(row, "question"),
        [last.strip() if mark else ""],
        topic="arithmetic",
        explanation=_CALCULATOR.sub("", steps if mark else last).strip(),
    )


SOURCE = HubSource(
    name="gsm8k",
    title="GSM8K",
    place=HubPlace("openai/gsm8k", "main"),
    kind="open",
    licence="mit",
    splits={"train": 7_473, "test": 1_319},
    training=("train",),
    download_mb=2.8,
    text_mb=6,
    to_record=to_record,
)
