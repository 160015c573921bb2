"""BoolQ: yes/no questions people typed, with a passage that decides them. Kept as two choices.
Questions about one passage form a group.

Worded as the passage, an empty line, the question with a capital and a question mark.
"""

from __future__ import annotations

from underdog.data.hub.columns import Row, flag, text
from underdog.data.hub.record import Record, ask, choice_record, put_right
from underdog.data.hub.source import HubPlace, HubSource
from underdog.runs.files import digest_value


def to_record(row: Row) -> Record:
    """`question`, `passage`, `answer` as true or false."""
    passage = text(row, "passage")
    question = f"{passage}\n\n{ask(text(row, 'question'))}"
    answer = flag(row, "answer")
    right, wrong = ("no", "yes") if answer is False else ("yes", "no")
    placed = put_right(question, right, wrong=[wrong])
    return choice_record(
        question,
        placed.choices,
        answer=None if answer is None else placed.answer,
        topic="reading",
        group=f"boolq: {digest_value(passage)[:16]}" if passage else "",
    )


SOURCE = HubSource(
    name="boolq",
    title="BoolQ",
    place=HubPlace("google/boolq"),
    kind="2 choices",
    licence="cc-by-sa-3.0",
    splits={"train": 9_427, "validation": 3_270},
    training=("train",),
    download_mb=5,
    text_mb=9.5,
    to_record=to_record,
    note="validation is the usual benchmark; 62 % of the answers are yes",
)
