"""Choices kept on disk, so that a shape is tuned once per machine.

One JSON file: entries by key and the digest of all of them. It is replaced as a whole; a damaged or
foreign one is told, set aside in memory, and replaced by the next choice that is kept.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from underdog.errors import CorruptFileError
from underdog.runs.files import digest_value, read_json, write_json

FORMAT = 2
"""Raised whenever an old entry could mislead: other algorithms, other meaning of a field."""

logger = logging.getLogger(__name__)


class ChoiceCache:
    """Entries are plain JSON objects by key; `path` None keeps them in memory only."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._entries = {} if path is None else _load(path)

    def get(self, key: str) -> dict[str, Any] | None:
        """The entry, or None."""
        return self._entries.get(key)

    def put(self, key: str, entry: dict[str, Any]) -> None:
        """Keep an entry, beside what other processes have written meanwhile."""
        self._entries[key] = entry
        if self.path is not None:
            self._entries = _load(self.path) | self._entries
            write_json(self.path, _sealed(self._entries))

    def __len__(self) -> int:
        return len(self._entries)


def _sealed(entries: dict[str, Any]) -> dict[str, Any]:
    return {"format": FORMAT, "sha256": digest_value(entries), "entries": entries}


def _load(path: Path) -> dict[str, dict[str, Any]]:
    """The entries of a whole file; none, with a message, of any other."""
    if not path.exists():
        return {}
    try:
        content = read_json(path)
        entries: dict[str, dict[str, Any]] = content["entries"]
        if content["format"] != FORMAT or content != _sealed(entries):
            raise CorruptFileError("the choices as written", got="another digest", where=path)
    except (CorruptFileError, KeyError, TypeError) as error:
        logger.warning("choices are made again, since those on disk cannot be used: %s", error)
        return {}
    return entries
