"""The data card: one page of Markdown that says what a question set is made of. Pure text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from underdog.data.reject import Reject, shorten
from underdog.data.row import Row
from underdog.data.summary import Groups, Summary
from underdog.mcq.presentation import LETTERS

CARD_NAME = "card.md"
_SAMPLE_ROWS = 10
_LISTED_TOPICS = 40
_LICENCE_ADVICE = (
    "A licence that a file does not state is given by the name of a known set, or not at all. "
    "Check it before you share a model."
)
_ABOUT_DIFFICULTY = (
    "Difficulty is a rank from 0 to 1; `underdog/data/difficulty.py` states what decides it. "
    "Bands are cut by rank, so their shares are those of the settings."
)


def write_card(
    summary: Summary,
    rows: Sequence[Row],
    *,
    rejects: Sequence[Reject],
    settings: Mapping[str, object],
) -> str:
    """The whole page. Equal inputs give equal text."""
    parts = [
        "# Question set",
        _overview(summary),
        "Settings: " + ", ".join(f"{name} = {value}" for name, value in settings.items()) + ".",
        "## Files",
        _table(
            ("file", "format", "read", "kept", "rejected", "notes"),
            (
                (each.name, each.format, each.read, each.kept, each.rejected, "; ".join(each.notes))
                for each in summary.files
            ),
        ),
        *_skipped(summary.skipped),
        "## Sources and licences",
        _counts("source", summary.sources),
        _counts("licence", summary.licences),
        _LICENCE_ADVICE,
        "## What was rejected",
        _counts("reason", summary.reasons) if rejects else "Nothing.",
        *_examples(rejects),
        "## Topics",
        _counts("topic", summary.topics),
        "## Difficulty and order",
        _counts("band", summary.bands),
        "Rows per chunk: " + ", ".join(map(str, summary.chunks)) + ".",
        _ABOUT_DIFFICULTY,
        "## Groups and the split",
        _groups(summary.groups),
        f"Check: {summary.check.sentence()}.",
        "## Ten rows",
        *_sample(rows),
        "## Digests (SHA-256)",
        _table(("file", "digest"), summary.digests.items()),
    ]
    return "\n\n".join(parts) + "\n"


def _overview(summary: Summary) -> str:
    sums = f"{summary.kept} + {summary.rejected} = {summary.read}"
    return (
        f"{summary.read} rows read, {summary.kept} kept, {summary.rejected} rejected ({sums}). "
        f"{summary.splits['train']} for training in {len(summary.chunks)} chunks, "
        f"{summary.splits['validation']} held out."
    )


def _groups(groups: Groups) -> str:
    return (
        f"{groups.count} groups; {groups.joined} rows share theirs with another row; the largest "
        f"has {groups.largest}, one of them: {shorten(groups.largest_text)!r}. No group is on both "
        "sides of the split."
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def _counts(name: str, counts: Mapping[str, int]) -> str:
    listed = list(counts.items())
    rest = listed[_LISTED_TOPICS:]
    if rest:
        listed = listed[:_LISTED_TOPICS]
        listed.append((f"{len(rest)} others", sum(number for _, number in rest)))
    return _table((name, "rows"), listed)


def _skipped(skipped: Mapping[str, str]) -> list[str]:
    if not skipped:
        return []
    return ["Files that hold no questions:", _table(("file", "why"), skipped.items())]


def _examples(rejects: Sequence[Reject]) -> list[str]:
    """The first row of each reason; rejects.jsonl lists all."""
    first: dict[str, Reject] = {}
    for each in rejects:
        first.setdefault(each.reason.value, each)
    if not first:
        return []
    rows = [
        (each.reason.value, f"{each.file}:{each.row}", each.detail, each.excerpt)
        for _, each in sorted(first.items())
    ]
    return [_table(("reason", "first at", "detail", "row"), rows)]


def _sample(rows: Sequence[Row]) -> list[str]:
    def drawn(row: Row) -> bytes:
        return hashlib.sha256(f"card\x1f{row.question.id}".encode()).digest()

    return [_describe(row) for row in sorted(rows, key=drawn)[:_SAMPLE_ROWS]]


def _describe(row: Row) -> str:
    question = row.question
    choices = [
        f"{'**' if at == question.answer else ''}{LETTERS[at]}) {_cell(shorten(choice))}"
        f"{'**' if at == question.answer else ''}"
        for at, choice in enumerate(question.choices)
    ]
    place = f"chunk {row.chunk}" if row.chunk is not None else "held out"
    about = f"{question.topic}, {question.source}, {row.band.value} {row.difficulty:.2f}, {place}"
    return f"- {shorten(question.text)} ({about})\n  " + "  \n  ".join(choices)
