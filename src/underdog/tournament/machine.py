"""Whose fault an exception is: a player's, or that of the machine that runs it.

In: what came out of a call of a player. Out: an InfrastructureError where this machine is at fault
(a full disk, no more processes, files or memory, a lost worker, a missing package), else nothing.
A tournament stops at such a fault and goes on from its store; it is never held against an entrant.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator

from underdog.errors import (
    DiskFullError,
    InfrastructureError,
    MissingExtraError,
    UnderdogError,
    WorkerError,
)

OURS = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.EAGAIN,
        errno.EIO,
        errno.EROFS,
    }
)
"""What a system call of this process fails with when the machine, not its argument, is at fault."""
PASSED_ON = (InfrastructureError, DiskFullError, WorkerError, MissingExtraError)


def machine_fault(error: BaseException) -> UnderdogError | None:
    """The error to stop with, or None where a player is at fault. Causes are looked at too: a
    library that cannot open a socket says so in its own words.
    """
    for each in _chain(error):
        if isinstance(each, PASSED_ON):
            return each
        if isinstance(each, MemoryError) or (isinstance(each, OSError) and each.errno in OURS):
            return InfrastructureError(
                "a machine with room for an entrant",
                got=f"{type(each).__name__}: {each}",
                hint="free disk, memory, processes or files, and repeat the same command",
            )
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
