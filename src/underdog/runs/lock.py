"""One process per run folder. The lock ends with the process, however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from underdog.errors import RunError

LOCK_NAME = ".lock"
_LOCKS = Path("/proc/locks")
"""Every lock of this machine: "1: FLOCK  ADVISORY  WRITE 4681 fe:00:3236625 0 EOF" (proc(5))."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process; RunError naming the holder when another process has it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK_NAME).open("a+", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            stream.seek(0)
            raise RunError(
                "a run folder that no other process is working in is needed",
                got=f"one held by process {stream.read().strip() or 'unknown'}",
                where=folder,
                hint="wait for it, or use another --out folder",
            ) from error
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield


def held(folder: Path) -> bool:
    """Whether a process of this machine holds `folder`, for onlookers: nothing is locked to find
    out, so that nobody who wants to work in it is ever turned away by us.
    """
    try:
        inode = str((folder / LOCK_NAME).stat().st_ino)
        lines = _LOCKS.read_text(encoding="ascii").splitlines()
    except OSError:
        return False
    rows = [line.split() for line in lines]
    return any(
        row[1:4] == ["FLOCK", "ADVISORY", "WRITE"] and row[5].rpartition(":")[2] == inode
        for row in rows
        if len(row) > 5
    )
