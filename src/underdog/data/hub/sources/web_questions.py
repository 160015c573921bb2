"""WebQuestions: short questions about one thing each, answers from Freebase."""

from __future__ import annotations

from underdog.data.hub.columns import Row, text, texts
from underdog.data.hub.record import Record, ask, open_record
from underdog.data.hub.source import HubPlace, HubSource


def to_record(row: Row) -> Record:
    """`question`, `answers` as a list of texts that are all right."""
    return open_record(ask(text(row, "question")), texts(row, "answers"), topic="trivia")


SOURCE = HubSource(
    name="web_questions",
    title="WebQuestions",
    place=HubPlace("stanfordnlp/web_questions"),
    kind="open",
    licence="unknown",
    splits={"train": 3_778, "test": 2_032},
    training=("train",),
    download_mb=0.4,
    text_mb=1,
    to_record=to_record,
)
