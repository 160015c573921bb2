"""SciQ: school science, a right answer with three distractors, often a supporting paragraph."""

from __future__ import annotations

from underdog.data.hub.columns import Row, text
from underdog.data.hub.record import Record, choice_record, put_right
from underdog.data.hub.source import HubPlace, HubSource


def to_record(row: Row) -> Record:
    """`question`, `correct_answer`, `distractor1` to `distractor3`, `support`."""
    question = text(row, "question")
    wrong = [text(row, f"distractor{number}") for number in (1, 2, 3)]
    placed = put_right(question, text(row, "correct_answer"), wrong=wrong)
    return choice_record(
        question,
        placed.choices,
        answer=placed.answer,
        topic="science",
        explanation=text(row, "support"),
    )


SOURCE = HubSource(
    name="sciq",
    title="SciQ",
    place=HubPlace("allenai/sciq"),
    kind="4 choices",
    licence="cc-by-nc-3.0",
    splits={"train": 11_679, "validation": 1_000, "test": 1_000},
    training=("train", "validation"),
    download_mb=4.7,
    text_mb=9.5,
    to_record=to_record,
    note="not for commercial use",
)
