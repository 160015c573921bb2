"""MMLU-Pro: harder questions in 14 subjects, up to ten choices; 70 rows beside the benchmark."""

from __future__ import annotations

from underdog.data.hub.columns import Row, place, text, texts
from underdog.data.hub.record import Record, choice_record
from underdog.data.hub.source import HubPlace, HubSource


def to_record(row: Row) -> Record:
    """`question`, `options`, `answer` as a letter, `category`, and `cot_content` where given."""
    return choice_record(
        text(row, "question"),
        texts(row, "options"),
        answer=place(row, "answer"),
        topic=text(row, "category"),
        explanation=text(row, "cot_content").removeprefix("A: "),
    )


SOURCE = HubSource(
    name="mmlu_pro",
    title="MMLU-Pro",
    place=HubPlace("TIGER-Lab/MMLU-Pro"),
    kind="up to 10 choices",
    licence="mit",
    splits={"validation": 70, "test": 12_032},
    training=("validation",),
    download_mb=4.2,
    text_mb=9,
    to_record=to_record,
)
