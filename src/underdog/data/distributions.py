"""How the rows of a set are spread: lengths, choices, keys, kinds of answer, difficulty, topics.

In: the finished rows. Out: counts that a card can draw. Borders are fixed, so that two sets can be
laid beside each other. Never: a row left out of a count; kinds of answers alone are sampled.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from underdog.data.answers.read import read_answer
from underdog.data.row import Band, Row, Split
from underdog.mcq.presentation import LETTERS
from underdog.mcq.question import Question

WORD_BORDERS = (1, 5, 9, 13, 17, 21, 26, 31, 41, 61, 101)
"""Lowest number of words in each bin. Half of OpenTriviaQA has 8 to 16 words, GSM8K 30 to 60."""
CHARACTER_BORDERS = (1, 3, 6, 11, 16, 21, 31, 41, 61, 101, 201)
"""Lowest number of characters in each bin. Numbers have 1 to 5, names 6 to 20, sentences more."""
KINDS_READ = 10_000
"""Rows whose answers are read for their kind, drawn by id, which is a hash. Reading takes 35 µs an
answer; a share from 10,000 rows is within 1 point."""
_TENTHS = 10


@dataclass(frozen=True, slots=True)
class Bar:
    """One bin, or one name, with how many were counted."""

    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Histogram:
    """`bars` in the order of the axis. `low`, `median` and `high` are the 5th, 50th and 95th
    percentile of what was measured; None where the bars are names.
    """

    bars: tuple[Bar, ...]
    low: float | None = None
    median: float | None = None
    high: float | None = None

    @property
    def total(self) -> int:
        """Everything that was counted."""
        return sum(bar.count for bar in self.bars)


@dataclass(frozen=True, slots=True)
class Bands:
    """The rows of one topic, or of one chunk, by difficulty. `difficulty` is their mean."""

    name: str
    easy: int
    medium: int
    hard: int
    held_out: int
    difficulty: float
    topics: int
    """Topics among these rows."""
    largest_topic: float
    """Share of the rows that the most frequent topic has, above 0 to 1."""

    @property
    def rows(self) -> int:
        """All rows."""
        return self.easy + self.medium + self.hard


@dataclass(frozen=True, slots=True)
class Origin:
    """Rows of one source under one licence; "" where the rows do not say."""

    source: str
    licence: str
    rows: int


@dataclass(frozen=True, slots=True)
class Distributions:
    """Every distribution of one set."""

    words: Histogram
    """Words per question."""
    characters: Histogram
    """Characters per choice; every choice of every question counts."""
    choices: Histogram
    """Choices per question."""
    keys: Histogram
    """Where the key stands in canonical order, from A."""
    difficulty: Histogram
    """All rows by tenths of difficulty. Difficulty is a rank, so that all rows are level."""
    held_out_difficulty: Histogram
    """The held-out rows by tenths of difficulty: level when both splits are equally hard."""
    kinds: Histogram
    """Kinds of the right answer, the most frequent first; of KINDS_READ rows at most."""
    topics: tuple[Bands, ...]
    """One entry per topic, the largest first, then by name."""
    chunks: tuple[Bands, ...]
    """One entry per chunk of the curriculum, in order; named from "1"."""
    origins: tuple[Origin, ...]
    """Every pair of source and licence that occurs, the largest first."""
    chance: float
    """Share right by guessing: the mean of 1 / number of choices."""
    explained: int
    """Rows that say why the key is right."""


def distribute(rows: Sequence[Row]) -> Distributions:
    """Count everything, of at least one row. Their order does not matter."""
    assert rows
    questions = [row.question for row in rows]
    held = [row.difficulty for row in rows if row.split is Split.VALIDATION]
    return Distributions(
        words=_binned([question.text.count(" ") + 1 for question in questions], WORD_BORDERS),
        characters=_binned(
            [len(choice) for question in questions for choice in question.choices],
            CHARACTER_BORDERS,
        ),
        choices=_numbered(Counter(len(question.choices) for question in questions)),
        keys=_keys([question.answer for question in questions if question.answer is not None]),
        difficulty=_tenths([row.difficulty for row in rows]),
        held_out_difficulty=_tenths(held),
        kinds=_kinds(questions),
        topics=_by_topic(rows),
        chunks=_by_chunk(rows),
        origins=_origins(rows),
        chance=round(fmean(1 / len(question.choices) for question in questions), 6),
        explained=sum(bool(question.explanation) for question in questions),
    )


def _binned(values: Sequence[int], borders: tuple[int, ...]) -> Histogram:
    counts = Counter(bisect_right(borders, value) - 1 for value in values)
    bars = tuple(Bar(_span(borders, at), counts[at]) for at in range(max(counts, default=0) + 1))
    ordered = sorted(values)
    low, median, high = (_percentile(ordered, share) for share in (0.05, 0.5, 0.95))
    return Histogram(bars, low, median, high)


def _span(borders: tuple[int, ...], at: int) -> str:
    if at + 1 == len(borders):
        return f"{borders[at]}+"
    low, high = borders[at], borders[at + 1] - 1
    return str(low) if low == high else f"{low}–{high}"


def _percentile(ordered: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile of sorted values; None of nothing."""
    if not ordered:
        return None
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def _numbered(counts: Counter[int]) -> Histogram:
    """Every whole number from the least to the largest, those that do not occur as well."""
    numbers = range(min(counts), max(counts) + 1)
    return Histogram(tuple(Bar(str(number), counts[number]) for number in numbers))


def _keys(answers: Sequence[int]) -> Histogram:
    counts = Counter(answers)
    places = range(max(counts, default=-1) + 1)
    return Histogram(tuple(Bar(LETTERS[place], counts[place]) for place in places))


def _tenths(values: Sequence[float]) -> Histogram:
    counts = Counter(min(int(value * _TENTHS + 1e-9), _TENTHS - 1) for value in values)
    bars = tuple(
        Bar(f"{at / _TENTHS:.1f}–{(at + 1) / _TENTHS:.1f}", counts[at]) for at in range(_TENTHS)
    )
    ordered = sorted(values)
    low, median, high = (_percentile(ordered, share) for share in (0.05, 0.5, 0.95))
    return Histogram(bars, low, median, high)


def _kinds(questions: Sequence[Question]) -> Histogram:
    drawn = heapq.nsmallest(KINDS_READ, questions, key=lambda question: question.id)
    kinds = [
        read_answer(question.choices[question.answer], question.text).kind.value
        for question in drawn
        if question.answer is not None
    ]
    counts = sorted(Counter(kinds).items(), key=lambda pair: (-pair[1], pair[0]))
    return Histogram(tuple(Bar(name, count) for name, count in counts))


def _origins(rows: Sequence[Row]) -> tuple[Origin, ...]:
    counts = Counter((row.question.source, row.question.licence) for row in rows)
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(Origin(source, licence, count) for (source, licence), count in ordered)


def _by_topic(rows: Sequence[Row]) -> tuple[Bands, ...]:
    parts: dict[str, list[Row]] = {}
    for row in rows:
        parts.setdefault(row.question.topic, []).append(row)
    found = [_bands(name, part) for name, part in parts.items()]
    return tuple(sorted(found, key=lambda bands: (-bands.rows, bands.name)))


def _by_chunk(rows: Sequence[Row]) -> tuple[Bands, ...]:
    parts: dict[int, list[Row]] = {}
    for row in rows:
        if row.chunk is not None:
            parts.setdefault(row.chunk, []).append(row)
    return tuple(_bands(str(chunk + 1), parts[chunk]) for chunk in sorted(parts))


def _bands(name: str, rows: Sequence[Row]) -> Bands:
    bands = Counter(row.band for row in rows)
    topics = Counter(row.question.topic for row in rows)
    return Bands(
        name,
        easy=bands[Band.EASY],
        medium=bands[Band.MEDIUM],
        hard=bands[Band.HARD],
        held_out=sum(row.split is Split.VALIDATION for row in rows),
        # Summed in hundredths, so that the order of the rows cannot show in the last digit.
        difficulty=round(sum(round(row.difficulty * 10_000) for row in rows) / len(rows) / 1e4, 4),
        topics=len(topics),
        largest_topic=round(max(topics.values()) / len(rows), 4),
    )
