"""Rows to read: twenty of the set, and ten that were left out for every reason.

In: rows and rejects. Out: blocks of a card. Both are drawn by hash, so that equal sets show equal
rows, in whatever order they come.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Sequence

from underdog.data.card.blocks import Block, Choice, Fold, Sample, Samples, Section, Table, Text
from underdog.data.card.plots import bars
from underdog.data.card.text import name
from underdog.data.reject import Reject, shorten
from underdog.data.row import Row
from underdog.data.summary import Summary
from underdog.mcq.presentation import LETTERS
from underdog.pages.words import count, counted

SHOWN_ROWS = 20
SHOWN_REJECTS = 10
"""Per reason; rejects.jsonl has all of them."""
_QUESTION_CHARACTERS = 400
_CHOICE_CHARACTERS = 140


def make_rows(rows: Sequence[Row]) -> Section:
    """Twenty rows at random."""
    drawn = heapq.nsmallest(SHOWN_ROWS, rows, key=lambda row: _draw("card", row.question.id))
    intro = (
        f"Drawn by a hash of their ids from {counted(len(rows), 'row')}: nobody chose them. A tick "
        "marks the key."
    )
    title = "One row" if len(drawn) == 1 else f"{_number(len(drawn))} rows"
    return Section("rows", title, intro, (Samples(tuple(_sample(row) for row in drawn)),))


def _number(number: int) -> str:
    return {10: "Ten", 20: "Twenty"}.get(number, str(number))


def _draw(kind: str, identity: str) -> bytes:
    return hashlib.sha256(f"{kind}\x1f{identity}".encode("utf-8", "replace")).digest()


def _sample(row: Row) -> Sample:
    question = row.question
    place = f"chunk {row.chunk + 1}" if row.chunk is not None else "held out"
    about = (
        name(question.topic, "no topic"),
        name(question.source, "no source"),
        f"{row.band.value} {row.difficulty:.2f}",
        place,
        *(("other choices drawn",) if row.converted else ()),
    )
    choices = tuple(
        Choice(LETTERS[at], shorten(choice, _CHOICE_CHARACTERS), at == question.answer)
        for at, choice in enumerate(question.choices)
    )
    text = shorten(question.text, _QUESTION_CHARACTERS)
    return Sample(about, text, choices, shorten(question.explanation))


def make_rejects(summary: Summary, rejects: Sequence[Reject]) -> Section:
    """Counts by reason, and examples of each."""
    by_reason: dict[str, list[Reject]] = {}
    for each in rejects:
        by_reason.setdefault(each.reason.value, []).append(each)
    blocks: list[Block] = [
        bars("Rows left out, by reason", summary.reasons, noun="reason")
        if summary.reasons
        else Text("Nothing was left out.")
    ]
    blocks += [
        _examples(reason, by_reason[reason]) for reason in summary.reasons if reason in by_reason
    ]
    intro = (
        "Every row that was read is in the set or has one reason here; rejects.jsonl lists all of "
        "them. The examples are drawn by hash."
    )
    return Section("rejects", "What was left out", intro, tuple(blocks))


def _examples(reason: str, rejects: Sequence[Reject]) -> Fold:
    drawn = heapq.nsmallest(
        SHOWN_REJECTS, rejects, key=lambda each: (_draw("reject", f"{each.file}:{each.row}"), each)
    )
    rows = tuple(
        (f"{name(each.file)}:{each.row}", shorten(each.detail), shorten(each.excerpt))
        for each in sorted(drawn)
    )
    table = Table(f"Left out: {reason}", ("where", "detail", "row"), rows, ("mid", "mid", "long"))
    return Fold(f"{reason}: {len(rows)} of {count(len(rejects))}", (table,))
