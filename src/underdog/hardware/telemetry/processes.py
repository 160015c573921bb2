"""What Linux tells in /proc about the host and about one process with its children.

In: the folder /proc (tests hand in another). Out: counters and sizes, None for what is not there.
Runs on Python 3.10, for it is also sent to other machines. Never: a signal.

Formats: proc(5). A process's name may hold blanks and brackets, so its fields are counted from the
last bracket.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
PROC = Path("/proc")


class HostTimes(NamedTuple):
    """Seconds since the start, over all cores."""

    busy_s: float
    all_s: float


class Memory(NamedTuple):
    """`used` is what programs hold and cannot be taken back: total less available."""

    used_bytes: int
    total_bytes: int


class ProcessUse(NamedTuple):
    """Of a process and its living children."""

    cpu_s: float
    resident_bytes: int


def host_times(proc: Path = PROC) -> HostTimes | None:
    """The first line of /proc/stat; idle and waiting for a disk are not busy."""
    fields = _text(proc / "stat").partition("\n")[0].split()[1:9]
    if len(fields) < 5:
        return None
    ticks = [int(field) for field in fields]
    return HostTimes((sum(ticks) - ticks[3] - ticks[4]) / TICKS_PER_S, sum(ticks) / TICKS_PER_S)


def memory(proc: Path = PROC) -> Memory | None:
    """MemTotal and MemAvailable of /proc/meminfo."""
    found = {}
    for line in _text(proc / "meminfo").splitlines():
        name, _, value = line.partition(":")
        if name in {"MemTotal", "MemAvailable"}:
            found[name] = int(value.split()[0]) * 1024
    if len(found) < 2:
        return None
    return Memory(found["MemTotal"] - found["MemAvailable"], found["MemTotal"])


def process_use(pid: int, proc: Path = PROC) -> ProcessUse | None:
    """Processor time and resident memory; None when the process is gone or only a zombie."""
    own = _stat(proc, pid)
    if own is None:
        return None
    uses = [own, *(each for child in _descendants(pid, proc) if (each := _stat(proc, child)))]
    return ProcessUse(sum(use.cpu_s for use in uses), sum(use.resident_bytes for use in uses))


def start_time_s(pid: int, proc: Path = PROC) -> float | None:
    """When a process began, in seconds since 1970; None when it is gone."""
    fields = _fields(proc, pid)
    booted = [line for line in _text(proc / "stat").splitlines() if line.startswith("btime ")]
    if fields is None or not booted:
        return None
    return int(booted[0].split()[1]) + int(fields[19]) / TICKS_PER_S


def alive(pid: int, proc: Path = PROC) -> bool:
    """Whether it runs; a zombie does not."""
    return _stat(proc, pid) is not None


def _stat(proc: Path, pid: int) -> ProcessUse | None:
    fields = _fields(proc, pid)
    if fields is None or fields[0] in "ZX":
        return None
    cpu_s = (int(fields[11]) + int(fields[12])) / TICKS_PER_S
    return ProcessUse(cpu_s, int(fields[21]) * PAGE_BYTES)


def _fields(proc: Path, pid: int) -> list[str] | None:
    """The fields behind the name: state first."""
    fields = _text(proc / str(pid) / "stat").rpartition(")")[2].split()
    return fields if len(fields) > 21 else None


def _descendants(pid: int, proc: Path) -> list[int]:
    """Children of all its threads, and theirs."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        for task in sorted((proc / str(waiting.pop()) / "task").glob("*/children")):
            children = [int(child) for child in _text(task).split()]
            waiting += children
            found += children
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
