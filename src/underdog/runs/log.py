"""Append-only logs, one JSON object per line: a kill inside a line loses that line only."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from underdog.errors import CorruptFileError
from underdog.runs.files import disk_full_named, json_text


class LogWriter:
    """Appends JSON objects to a file. Opening it cuts off a line that a kill left unfinished."""

    def __init__(self, path: Path) -> None:
        """`path`'s folder is made when absent."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        _cut_torn_line(path)
        # Unbuffered: a buffer that could not be written would fail a second time in close().
        self._stream = path.open("ab", buffering=0)

    def append(self, entry: dict[str, Any], *, durable: bool = False) -> None:
        """Write one line; `durable` also waits until it is on the disk.

        A line that does not fit is taken back whole before DiskFullError is raised.
        """
        line = json_text(entry).encode("utf-8") + b"\n"
        with disk_full_named(self.path):
            start = os.fstat(self._stream.fileno()).st_size
            try:
                _write_all(self._stream, line)
                if durable:
                    os.fsync(self._stream.fileno())
            except OSError:
                os.ftruncate(self._stream.fileno(), start)
                raise

    def close(self) -> None:
        """Close the file; closing twice does nothing."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _write_all(stream: FileIO, content: bytes) -> None:
    """A raw write may stop early, at the last byte that fits; the next one then says why."""
    left = memoryview(content)
    while left:
        left = left[stream.write(left) :]


def _cut_torn_line(path: Path) -> None:
    if not path.exists():
        return
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole != len(content):
        os.truncate(path, whole)


def read_log(path: Path) -> Iterator[dict[str, Any]]:
    """Every whole line of a log; an unfinished last line is left out, other faults are errors."""
    content = path.read_bytes()
    lines = content.split(b"\n")
    for number, line in enumerate(lines[:-1], start=1):
        try:
            yield json.loads(line)
        except ValueError as error:
            where = f"{path}:{number}"
            raise CorruptFileError("a JSON line is needed", got=str(error), where=where) from error
