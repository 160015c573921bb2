"""TriviaQA without its evidence documents: open questions of trivia players, answers with aliases.

The configuration `unfiltered.nocontext` is taken: it holds each question once, where `rc.nocontext`
repeats questions for each kind of document (138,384 rows).
"""

from __future__ import annotations

from underdog.data.hub.columns import Row, text, texts
from underdog.data.hub.record import Record, open_record
from underdog.data.hub.source import HubPlace, HubSource

_UNKNOWN = "<unk>"
"""What the test split holds instead of an answer."""


def to_record(row: Row) -> Record:
    """`question`, and `answer` with `value` and `aliases`."""
    answers = [text(row, "answer.value"), *texts(row, "answer.aliases")]
    return open_record(
        text(row, "question"), [each for each in answers if each != _UNKNOWN], topic="trivia"
    )


SOURCE = HubSource(
    name="trivia_qa",
    title="TriviaQA",
    place=HubPlace("mandarjoshi/trivia_qa", "unfiltered.nocontext"),
    kind="open",
    licence="unknown",
    splits={"train": 87_622, "validation": 11_313, "test": 10_832},
    training=("train",),
    download_mb=40,
    text_mb=45,
    to_record=to_record,
    note="the card gives the licence as unknown; validation is the usual benchmark, test has no "
    "answers",
)
