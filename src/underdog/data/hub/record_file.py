"""A set's file while it grows: whole lines, and a beginning that is known to be right.

In: records. Out: one line of JSON each. The digest of what stands on the disk is kept while
writing, so that a checkpoint costs no second reading. Never: a line that a later run could take for
whole when it is not; what stands behind the last checkpoint is cut off before more is appended.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from underdog.errors import CorruptFileError
from underdog.runs.files import disk_full_named, json_text

_PIECE_BYTES = 1 << 20


class RecordFile:
    """Opens the file at its first `size_bytes`, which must have the given digest."""

    def __init__(self, path: Path, *, size_bytes: int, digest: str) -> None:
        """Raises CorruptFileError when the file's beginning is not what was written before."""
        self._path = path
        self._size = size_bytes
        path.parent.mkdir(parents=True, exist_ok=True)
        self._stream = path.open("r+b" if path.exists() else "w+b")
        self._hash = self._digest_beginning()
        if self._hash.hexdigest() != digest and size_bytes:
            self._stream.close()
            raise CorruptFileError(
                f"the first {size_bytes} bytes as they were written are needed",
                got="other ones",
                where=path,
                hint="--again fetches the set anew",
            )
        self._stream.seek(size_bytes)
        self._stream.truncate()

    def _digest_beginning(self) -> hashlib._Hash:
        digest = hashlib.sha256()
        left = self._size
        while left and (piece := self._stream.read(min(left, _PIECE_BYTES))):
            digest.update(piece)
            left -= len(piece)
        return digest

    @property
    def size_bytes(self) -> int:
        """Bytes of all whole lines."""
        return self._size

    @property
    def digest(self) -> str:
        """SHA-256 of these bytes."""
        return self._hash.hexdigest()

    def append(self, records: Iterable[dict[str, Any]]) -> None:
        """Write one line per record. DiskFullError when there is no room."""
        block = "".join(f"{json_text(record)}\n" for record in records).encode("utf-8")
        with disk_full_named(self._path):
            self._stream.write(block)
            self._stream.flush()
        self._hash.update(block)
        self._size += len(block)

    def sync(self) -> None:
        """Put everything on the disk before a checkpoint says that it is there."""
        with disk_full_named(self._path):
            self._stream.flush()
            os.fsync(self._stream.fileno())

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()
