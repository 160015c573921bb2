"""A set in a folder while it is fetched: its file, and the ledger's entry that vouches for it.

In: records of one split after another. Out: the file and the ledger, together at every checkpoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from underdog.data.hub.ledger import Entry, State, file_name, read_ledger, write_ledger
from underdog.data.hub.record import Record
from underdog.data.hub.record_file import RecordFile

CHECKPOINT_ROWS = 5000
"""Rows between two checkpoints: a second or two of work, which is what a kill may cost."""


class GrowingSet:
    """Continues where `entry` says that the file ends."""

    def __init__(self, out: Path, name: str, *, entry: Entry) -> None:
        """Raises CorruptFileError when the file is not what the entry says."""
        self._out, self._name, self._entry = out, name, entry
        self._parts = dict(entry.parts)
        self._unsaved = 0
        self.path = out / file_name(name)
        self._save()
        self._file = RecordFile(self.path, size_bytes=entry.size_bytes, digest=entry.digest)

    @property
    def splits(self) -> tuple[str, ...]:
        """In the order in which they are written."""
        return self._entry.splits

    @property
    def rows(self) -> int:
        """Rows written, with those of earlier runs."""
        return sum(self._parts.values())

    def rows_of(self, split: str) -> int:
        """Rows written of one split."""
        return self._parts.get(split, 0)

    def is_past(self, split: str) -> bool:
        """Whether a later split was begun, so that this one is whole."""
        later = self._entry.splits[self._entry.splits.index(split) + 1 :]
        return any(each in self._parts for each in later)

    def append(self, split: str, records: Sequence[Record]) -> None:
        """Write records of a split behind what is there."""
        self._file.append(records)
        self._parts[split] = self.rows_of(split) + len(records)
        self._unsaved += len(records)
        if self._unsaved >= CHECKPOINT_ROWS:
            self.checkpoint(State.PART)

    def checkpoint(self, state: State) -> Entry:
        """Put the file on the disk, then say so in the ledger."""
        self._file.sync()
        self._entry = replace(
            self._entry,
            parts=dict(self._parts),
            state=state,
            size_bytes=self._file.size_bytes,
            digest=self._file.digest,
        )
        self._save()
        self._unsaved = 0
        return self._entry

    def _save(self) -> None:
        write_ledger(self._out, {**read_ledger(self._out), self._name: self._entry})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
