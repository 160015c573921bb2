"""What a build did, in numbers: the value behind summary.json, the data card and the command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from underdog.data.agreement import DifficultyReport
from underdog.data.decontamination import BenchmarkLine
from underdog.data.distributions import Distributions
from underdog.data.leakage import LeakCheck
from underdog.data.mix import MixLine
from underdog.data.probes.probes import Probes
from underdog.data.reject import Reject
from underdog.data.row import Row, Split
from underdog.data.templates import TemplateReport


@dataclass(frozen=True, slots=True)
class FileCount:
    """One file that was read. `read` = `kept` + `rejected`."""

    name: str
    format: str
    digest: str
    read: int
    kept: int
    rejected: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups of near-duplicates and of questions on one fact. `joined` rows are in groups of two
    rows or more.
    """

    count: int
    joined: int
    largest: int
    largest_text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a build: the rows that went in, and those that came out of it."""

    name: str
    """A few plain words: "checked", "exact duplicates dropped", "open questions converted"."""
    rows_in: int
    rows_out: int
    note: str = ""
    """What a reader should know about it, one sentence, or ""."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """What became of open questions; `questions` = `converted` + `rejected`."""

    questions: int
    converted: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Growth:
    """A set that was built upon an older one.

    `alike` are new rows that were turned away because they resemble a held-out row of the old set.
    """

    kept: int
    added: int
    alike: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of one build. Mappings go from a name to a number of rows, the largest first.

    What a build did not do is None or empty.
    """

    files: tuple[FileCount, ...]
    skipped: Mapping[str, str]
    """Files below a folder that hold no questions, and why."""
    reasons: Mapping[str, int]
    splits: Mapping[str, int]
    bands: Mapping[str, int]
    chunks: tuple[int, ...]
    topics: Mapping[str, int]
    sources: Mapping[str, int]
    licences: Mapping[str, int]
    groups: Groups
    check: LeakCheck
    digests: Mapping[str, str]
    """SHA-256 of every file of the set but the manifest, this summary and the cards."""
    steps: tuple[Step, ...] = ()
    """In the order in which they were taken."""
    conversion: Conversion | None = None
    kinds: Mapping[str, int] = field(default_factory=dict)
    """Kind of answer -> open questions converted."""
    distributions: Distributions | None = None
    probes: Probes | None = None
    difficulty: DifficultyReport | None = None
    templates: TemplateReport | None = None
    decontamination: tuple[BenchmarkLine, ...] = ()
    mix: tuple[MixLine, ...] = ()
    growth: Growth | None = None

    @property
    def read(self) -> int:
        """Rows found in all files."""
        return sum(file.read for file in self.files)

    @property
    def kept(self) -> int:
        """Rows of the set."""
        return sum(self.splits.values())

    @property
    def rejected(self) -> int:
        """Rows listed in rejects.jsonl."""
        return sum(self.reasons.values())

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        counts = {"read": self.read, "kept": self.kept, "rejected": self.rejected}
        return {
            **counts,
            **{each.name: to_plain(getattr(self, each.name)) for each in fields(self)},
        }


def to_plain(value: Any) -> Any:
    """A value of any stage as JSON knows it: by its own `to_json` where it has one."""
    if hasattr(value, "to_json"):
        return value.to_json()
    if is_dataclass(value):
        return {each.name: to_plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: to_plain(item) for name, item in value._asdict().items()}
    if isinstance(value, Mapping):
        return {str(name): to_plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    return value


def tally(values: Sequence[str]) -> dict[str, int]:
    """How often each value occurs: the most frequent first, then by name."""
    counts = Counter(values)
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def count_groups(rows: Sequence[Row]) -> Groups:
    """Sizes of groups, and the text of one question of the largest."""
    sizes = Counter(row.group for row in rows)
    name, largest = min(sizes.items(), key=lambda pair: (-pair[1], pair[0]))
    text = min(row.question.text for row in rows if row.group == name)
    joined = sum(size for size in sizes.values() if size > 1)
    return Groups(len(sizes), joined, largest, text)


def count_chunks(rows: Sequence[Row]) -> tuple[int, ...]:
    """Rows per chunk, in order."""
    sizes = Counter(row.chunk for row in rows if row.chunk is not None)
    return tuple(sizes[chunk] for chunk in sorted(sizes))


def count_rejects(rejects: Sequence[Reject]) -> dict[str, int]:
    """Rejected rows by reason."""
    return tally([each.reason.value for each in rejects])


def count_splits(rows: Sequence[Row]) -> dict[str, int]:
    """Rows per split, both always present."""
    return {split.value: sum(row.split is split for row in rows) for split in Split}
