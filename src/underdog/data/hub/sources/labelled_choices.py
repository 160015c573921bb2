"""The layout that the Allen Institute's sets share: `choices` with labels, and `answerKey`."""

from __future__ import annotations

from underdog.data.hub.columns import Row, labelled, labelled_place, text
from underdog.data.hub.record import Record, choice_record


def labelled_record(
    row: Row, question: str, *, topic: str, explanation: str = "", group: str = ""
) -> Record:
    """A record from `choices` {text, label} and `answerKey`, which is "" where keys are hidden."""
    choices = labelled(row, "choices")
    return choice_record(
        question,
        choices.texts,
        answer=labelled_place(choices, text(row, "answerKey")),
        topic=topic,
        explanation=explanation,
        group=group,
    )
