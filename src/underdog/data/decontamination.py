"""Takes out what stands in a benchmark, so that a score on it means something.

In: checked rows, and the benchmark files that the user names, in any format that the readers know,
with choices or without. Out: the clean rows, a reject for each other one that names benchmark, row
and evidence, and a count per benchmark. What counts as a copy is decided in `copies`. Each row is
judged alone: the order of rows changes nothing.

Time is linear in the rows: every look-up goes through an index of what the benchmarks hold, and
what more than LONGEST_POSTING of their questions share (boilerplate) finds none of them. Measured
on 45,776 OpenTriviaQA rows against 3,370 ARC questions (2026-11-21): 1.3 s of processor time,
18 MB, no copy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from underdog.data.copies import RUN_WORDS, SHORT_RUN_WORDS, Asked, Copied, ask, find_copy
from underdog.data.quality import Checked
from underdog.data.reject import Reason, Reject, shorten
from underdog.data.screening.encoding import mend_row
from underdog.data.screening.fault import Fault
from underdog.data.screening.key import resolve_key
from underdog.data.sources.candidate import Candidate
from underdog.data.sources.find import find_files
from underdog.data.sources.read import FileRows, read_file
from underdog.errors import SourceError
from underdog.mcq.question import Question, normalise

NEAR_RUN_WORDS = 3
"""Nearly equal texts over the same choices share a run of three words."""
LONGEST_POSTING = 200
_NO_CHOICES: frozenset[str] = frozenset()


class BenchmarkQuestion(NamedTuple):
    """One question of a benchmark, with where it stands."""

    file: str
    row: int
    asked: Asked


@dataclass(frozen=True)
class Benchmarks:
    """Questions of named files, with the indexes that find them. Made by `read_benchmarks`."""

    questions: tuple[BenchmarkQuestion, ...]
    digests: dict[str, str]
    """SHA-256 of each file, by its name: what a build's manifest states."""
    index: dict[int, list[int]] = field(init=False, repr=False, compare=False)
    """From the hash of a key (`_keys`) to the questions that have it."""
    choice_sets: frozenset[frozenset[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        index: dict[int, list[int]] = {}
        for at, question in enumerate(self.questions):
            asked = question.asked
            for key in _keys(asked.words, asked.choices, inside=False):
                index.setdefault(key, []).append(at)
        choice_sets = frozenset(question.asked.choices for question in self.questions)
        object.__setattr__(self, "index", index)
        object.__setattr__(self, "choice_sets", choice_sets)


class BenchmarkLine(NamedTuple):
    """What one benchmark took out: `ways` counts the removed rows by how they matched."""

    benchmark: str
    questions: int
    removed: int
    ways: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return self._asdict()


class Decontaminated(NamedTuple):
    """`rows` in the order in which they came; one line per benchmark file, by name."""

    rows: tuple[Checked, ...]
    rejects: tuple[Reject, ...]
    lines: tuple[BenchmarkLine, ...]


class _Match(NamedTuple):
    """The smallest one is reported: by way, then by file and row."""

    order: int
    file: str
    row: int
    copied: Copied


def read_benchmarks(paths: Sequence[str | Path]) -> Benchmarks:
    """Every question of the files and folders, good or bad: what is in a benchmark counts.

    Raises SourceError for a path that is missing, a named file without questions, a folder in which
    no file has any.
    """
    questions: list[BenchmarkQuestion] = []
    digests: dict[str, str] = {}
    for file in find_files(paths):
        read = read_file(file)
        if isinstance(read, FileRows):
            digests[read.name] = read.digest
            questions += _questions(read)
        elif file.named:
            raise read.error
    if not questions:
        raise SourceError(
            "at least one benchmark question",
            got=f"{len(digests)} files with questions in them",
            where=", ".join(map(str, paths)),
            hint="the test files of the benchmarks that you will report",
        )
    return Benchmarks(tuple(questions), digests)


def decontaminate(rows: Sequence[Checked], benchmarks: Benchmarks) -> Decontaminated:
    """Part the rows that stand in a benchmark from those that do not."""
    kept: list[Checked] = []
    rejects: list[Reject] = []
    matches: list[_Match] = []
    for row in rows:
        match = _find(row.question, benchmarks)
        if match is None:
            kept.append(row)
            continue
        matches.append(match)
        detail = f"{match.file} row {match.row}: {match.copied.evidence}"
        rejects.append(Reject(row.file, row.row, Reason.IN_BENCHMARK, detail, _excerpt(row)))
    return Decontaminated(tuple(kept), tuple(rejects), _count(benchmarks, matches))


def _questions(read: FileRows) -> Iterator[BenchmarkQuestion]:
    for found in read.rows:
        if isinstance(found, Candidate):
            mended = mend_row(found)
            asked = ask(mended.text, mended.choices or (), _answer(mended))
            if asked.words:
                yield BenchmarkQuestion(read.name, found.row, asked)


def _answer(found: Candidate) -> str:
    """The text of the key, "" where a benchmark keeps it to itself or it cannot be read."""
    choices = found.choices or ()
    if not choices:
        return found.key or ""
    places = {normalise(choice): place for place, choice in enumerate(choices)}
    answer = resolve_key(found, places) if len(places) == len(choices) else None
    return "" if answer is None or isinstance(answer, Fault) else choices[answer]


def _keys(words: tuple[str, ...], choices: frozenset[str], *, inside: bool) -> Iterator[int]:
    """What a text is looked up by: its wording, its runs of 8 words, its first words when it is
    short (`inside`: every run of that length, as a longer text may hold a short one anywhere), and
    its runs of 3 words together with its choices.

    Python's own hash of texts: it differs from run to run, but decides nothing. Every hit is
    compared word by word.
    """
    yield hash(words)
    for start in range(len(words) - RUN_WORDS + 1):
        yield hash((RUN_WORDS, words[start : start + RUN_WORDS]))
    if inside:
        for start in range(len(words) - SHORT_RUN_WORDS + 1):
            yield hash((SHORT_RUN_WORDS, words[start : start + SHORT_RUN_WORDS]))
    elif SHORT_RUN_WORDS <= len(words) < RUN_WORDS:
        yield hash((SHORT_RUN_WORDS, words[:SHORT_RUN_WORDS]))
    if choices:
        for start in range(len(words) - NEAR_RUN_WORDS + 1):
            yield hash((choices, words[start : start + NEAR_RUN_WORDS]))


def _find(question: Question, benchmarks: Benchmarks) -> _Match | None:
    """The surest match of a row, or None."""
    row = ask(question.text, question.choices, question.answer_text or "")
    index, found = benchmarks.index, set[int]()
    choices = row.choices if row.choices in benchmarks.choice_sets else _NO_CHOICES
    for key in _keys(row.words, choices, inside=True):
        posting = index.get(key)
        if posting is not None and len(posting) <= LONGEST_POSTING:
            found.update(posting)
    found.update(index.get(hash(row.words), ())[:LONGEST_POSTING])
    matches = (_compare(row, benchmarks.questions[at]) for at in found)
    return min((match for match in matches if match is not None), default=None)


def _compare(row: Asked, other: BenchmarkQuestion) -> _Match | None:
    copied = find_copy(row, other.asked)
    return None if copied is None else _Match(copied.order, other.file, other.row, copied)


def _excerpt(row: Checked) -> str:
    question = row.question
    return shorten(f"{question.text[:400]} [{' | '.join(question.choices)[:400]}]")


def _count(benchmarks: Benchmarks, matches: Sequence[_Match]) -> tuple[BenchmarkLine, ...]:
    sizes = Counter(question.file for question in benchmarks.questions)
    ways = {name: Counter[str]() for name in sizes}
    for match in matches:
        ways[match.file][match.copied.way.value] += 1
    return tuple(
        BenchmarkLine(name, sizes[name], ways[name].total(), dict(sorted(ways[name].items())))
        for name in sorted(sizes)
    )
