"""The question set in numbers.

In: data/summary.json. Out: figures, verdicts, bars of counts, a table of files. Nothing is counted
or judged here: the build did, and its data card shows the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from underdog.data.card.verdicts import Level
from underdog.pages.words import count, counted
from underdog.report.folder import Json

_TABLES = (
    ("reasons", "Left out, by reason"),
    ("bands", "By difficulty"),
    ("sources", "By source"),
    ("licences", "By licence"),
    ("topics", "By topic"),
)
_BANDS = ("easy", "medium", "hard")
_SHOWN_BARS = 12
_UNNAMED = "(not stated)"


class CountBar(NamedTuple):
    """One name with its count; `width` is per cent of the longest."""

    name: str
    number: str
    width: float


@dataclass(frozen=True, slots=True)
class Counts:
    """One table of counts, the largest first; `rest` is behind a summary line."""

    title: str
    bars: tuple[CountBar, ...]
    rest: tuple[CountBar, ...]


class FileRow(NamedTuple):
    """One file that was read, ready to print."""

    name: str
    format: str
    read: str
    kept: str
    rejected: str
    digest: str
    notes: str


class Verdict(NamedTuple):
    """What the build found. `level` is "worry", "note" or "good"; `words` says that to a reader."""

    level: str
    words: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """The set as the page shows it.

    `card` is the path of the data card's page, from the run folder, None without one. `figures` are
    name and number; `order` and `split` are sentences; `clean` is the verdict of the build's check
    for near-duplicates across the split.
    """

    card: str | None
    verdicts: tuple[Verdict, ...]
    figures: tuple[tuple[str, str], ...]
    order: str
    split: str
    clean: bool
    counts: tuple[Counts, ...]
    files: tuple[FileRow, ...]
    skipped: tuple[tuple[str, str], ...]
    digests: tuple[tuple[str, str], ...]


def make_dataset(summary: Json, card: str | None = None) -> Dataset:
    """The summary, put in order. Sets of older builds have no verdicts."""
    splits, check = summary["splits"], summary["check"]
    return Dataset(
        card=card,
        verdicts=tuple(_verdict(verdict) for verdict in summary.get("verdicts", ())),
        figures=(
            ("Rows read", count(summary["read"])),
            ("Left out", count(summary["rejected"])),
            ("For training", count(splits["train"])),
            ("Held out", count(splits["validation"])),
        ),
        order=_order(summary["chunks"]),
        split=_split(summary["groups"], check, kept=splits["train"] + splits["validation"]),
        clean=check["word_pairs"] == 0 and check["character_pairs"] == 0,
        counts=tuple(_counts(title, summary[key]) for key, title in _TABLES if summary[key]),
        files=tuple(_file(file) for file in summary["files"]),
        skipped=tuple(summary["skipped"].items()),
        digests=tuple(summary["digests"].items()),
    )


def _verdict(verdict: Json) -> Verdict:
    level = Level(verdict["level"])
    return Verdict(level.value, level.words, verdict["title"], verdict["text"])


def _order(chunks: Sequence[int]) -> str:
    if not chunks:
        return "No row is for training."
    low, high = min(chunks), max(chunks)
    rows = f"{count(low)} to {count(high)} rows" if low < high else f"{count(low)} rows each"
    return f"The training rows are in {counted(len(chunks), 'chunk')} of {rows}."


def _split(groups: Json, check: Json, *, kept: int) -> str:
    """What keeps near-duplicates on one side, and what an independent look found."""
    kept_together = (
        f"{counted(groups['count'], 'group')} of near-duplicates and wordings of one fact were "
        "kept on one side of the split."
    )
    if check["settled"] >= kept:
        return (
            f"{kept_together} Every row brought its group, one per fact, so that none was "
            "compared with another for likeness."
        )
    pairs = check["word_pairs"] + check["character_pairs"]
    found = "no pair" if pairs == 0 else counted(pairs, "pair")
    settled = (
        f" {counted(check['settled'], 'row')} brought groups of their own, one per fact; these "
        "were compared with other rows only."
        if check["settled"]
        else ""
    )
    return (
        f"{kept_together} An independent look at {count(check['sampled'])} held-out "
        f"questions against all {count(check['against'])} training ones found {found} that is too "
        f"alike (highest likeness {check['word_highest']:.2f} by words, limit "
        f"{check['word_threshold']:g}; {check['character_highest']:.2f} by characters, limit "
        f"{check['character_threshold']:g}).{settled}"
    )


def _counts(title: str, table: Mapping[str, int]) -> Counts:
    longest = max(table.values()) or 1
    bars = tuple(
        CountBar(name or _UNNAMED, count(number), round(100 * number / longest, 2))
        for name, number in sorted(table.items(), key=_place)
    )
    return Counts(title, bars[:_SHOWN_BARS], bars[_SHOWN_BARS:])


def _place(item: tuple[str, int]) -> tuple[int, str]:
    """Bands from easy to hard, all others by count, largest first."""
    name, number = item
    return (_BANDS.index(name), "") if name in _BANDS else (-number, name)


def _file(file: Json) -> FileRow:
    return FileRow(
        name=file["name"],
        format=file["format"],
        read=count(file["read"]),
        kept=count(file["kept"]),
        rejected=count(file["rejected"]),
        digest=file["digest"],
        notes="; ".join(file["notes"]),
    )
