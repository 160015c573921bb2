"""`fetch.json`: what was fetched into a folder, from where, under which licence, and how far.

It stands beside the sets' files and is replaced as a whole at every checkpoint. What it says of a
file (rows, bytes, digest) holds for the file's beginning at any moment; what stands behind that was
written after the last checkpoint and is cut off when the work continues.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from underdog.errors import CorruptFileError
from underdog.runs.files import read_json, write_json

LEDGER_NAME = "fetch.json"
"""Not a file of questions: `data build` passes over it."""


class State(StrEnum):
    """How far a set came."""

    PART = "half fetched"
    """Interrupted; the same command continues."""
    LIMITED = "up to the limit"
    """As many rows as were asked for."""
    WHOLE = "whole"
    """Every row of its splits."""


class Origin(StrEnum):
    """Where rows come from."""

    HUB = "hub"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One set in a folder."""

    repository: str
    """On the hub, also when the files came from a folder."""
    config: str
    licence: str
    origin: Origin
    asked: str
    """The revision asked for: a branch, a tag or a commit; "" for a folder."""
    revision: str
    """The commit that it stood for, or the digest of the folder's files."""
    splits: tuple[str, ...]
    parts: Mapping[str, int]
    """Rows written of each split that was begun, in the order of `splits`."""
    state: State
    size_bytes: int
    digest: str
    """SHA-256 of the first `size_bytes` of the file."""

    @property
    def rows(self) -> int:
        """Rows written so far."""
        return sum(self.parts.values())

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return {**asdict(self), "splits": list(self.splits), "rows": self.rows}


def file_name(name: str) -> str:
    """The file of a set, beside the ledger."""
    return f"{name}.jsonl"


def read_ledger(folder: Path) -> dict[str, Entry]:
    """Entries by the names of their sets; empty where nothing was fetched.

    CorruptFileError when the file there was not written by this module.
    """
    path = folder / LEDGER_NAME
    if not path.exists():
        return {}
    value = read_json(path)
    try:
        return {name: _read_entry(entry) for name, entry in value["sources"].items()}
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise CorruptFileError(
            "the record of a fetch is needed",
            got=f"{type(error).__name__} {error}",
            where=path,
            hint="a folder that underdog data fetch made, or a new one",
        ) from error


def write_ledger(folder: Path, entries: Mapping[str, Entry]) -> None:
    """Replace the ledger as a whole."""
    write_json(
        folder / LEDGER_NAME,
        {"sources": {name: entry.to_json() for name, entry in entries.items()}},
    )


def half_fetched(folder: Path) -> tuple[str, ...]:
    """One sentence for every set below that is not whole because a fetch was interrupted."""
    return tuple(
        f"{name} is only half fetched ({entry.rows} rows): the same underdog data fetch continues"
        for name, entry in sorted(read_ledger(folder).items())
        if entry.state is State.PART
    )


def _read_entry(value: Mapping[str, Any]) -> Entry:
    known = {field.name: value[field.name] for field in fields(Entry)}
    known["splits"] = tuple(str(name) for name in known["splits"])
    # JSON objects come back in the order of their keys; the splits say which part came first.
    known["parts"] = {
        name: int(known["parts"][name]) for name in known["splits"] if name in known["parts"]
    }
    known["state"], known["origin"] = State(known["state"]), Origin(known["origin"])
    return Entry(**known)
