"""What was appended to a file since the last look. Runs on Python 3.10.

In: a path. Out: whole new lines. A file that became shorter, or another one of the same name, is
read from its start. Never: a line that is not finished.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, NamedTuple

FIRST_READ_BYTES = 256 * 2**20
"""Of a longer file the end is read: at 200 bytes a line, the last 1.3 million lines."""


class Appended(NamedTuple):
    """`anew` says that what was read before no longer counts; `written_s` is the file's time."""

    lines: list[str]
    anew: bool
    written_s: float


class Tail:
    """Remembers how far it has read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: tuple[int, int] | None = None
        self._at = 0

    def read(self) -> Appended | None:
        """New whole lines; None while there is no such file."""
        try:
            with self.path.open("rb") as stream:
                return self._read(stream)
        except OSError:
            return None

    def _read(self, stream: BinaryIO) -> Appended:
        told = os.fstat(stream.fileno())
        same = self._file == (told.st_dev, told.st_ino) and told.st_size >= self._at
        anew = self._file is not None and not same
        if not same:
            self._file, self._at = (told.st_dev, told.st_ino), 0
            self._at = max(0, told.st_size - FIRST_READ_BYTES)
        stream.seek(self._at)
        content = stream.read()
        whole = content.rfind(b"\n") + 1
        self._at += whole
        lines = content[:whole].decode("utf-8", "replace").splitlines()
        return Appended(lines, anew, told.st_mtime)
