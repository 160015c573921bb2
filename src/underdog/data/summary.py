"""What a build did, in numbers: the value behind summary.json, the data card and the command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from underdog.data.leakage import LeakCheck
from underdog.data.reject import Reject
from underdog.data.row import Row, Split


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
class Summary:
    """Counts of one build. Mappings go from a name to a number of rows, the largest first."""

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
    """SHA-256 of every file of the set but the manifest, this summary and the card."""

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
        return {**counts, **asdict(self)}


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
