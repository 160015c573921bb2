"""Natural Questions, open form: what people asked a search engine, with short answers.

Queries come in lower case without a question mark; a capital and a mark are added.
"""

from __future__ import annotations

from underdog.data.hub.columns import Row, text, texts
from underdog.data.hub.record import Record, ask, open_record
from underdog.data.hub.source import HubPlace, HubSource


def to_record(row: Row) -> Record:
    """`question`, `answer` as a list of texts that are all right."""
    return open_record(ask(text(row, "question")), texts(row, "answer"), topic="trivia")


SOURCE = HubSource(
    name="nq_open",
    title="NQ-Open",
    place=HubPlace("google-research-datasets/nq_open", "nq_open"),
    kind="open",
    licence="cc-by-sa-3.0",
    splits={"train": 87_925, "validation": 3_610},
    training=("train",),
    download_mb=4.7,
    text_mb=17,
    to_record=to_record,
    note="validation is the usual benchmark",
)
