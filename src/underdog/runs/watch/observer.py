"""Looks at one run on this machine: its files, its process, the machine.

In: a target, that is a run folder, a file that a run writes, or a process id. Out: an Observation
at each look, with what is new since the last. Runs on Python 3.10 with nothing installed, for it is
also sent to other machines. Never: a write, a signal.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from underdog.errors import InputError
from underdog.hardware.telemetry.processes import alive, start_time_s
from underdog.hardware.telemetry.reading import Reading
from underdog.hardware.telemetry.sampler import Sampler
from underdog.runs.readings import READINGS_NAME, read_readings
from underdog.runs.watch.journals import (
    Journal,
    LogJournal,
    News,
    TrainerStateJournal,
    UltralyticsJournal,
    UnderdogJournal,
    newest_state,
)
from underdog.runs.watch.sight import Facts, Observation

METRICS, RESULTS, STATE, LOCK, RESULT = (
    "metrics.jsonl",
    "results.csv",
    "trainer_state.json",
    ".lock",
    "result.json",
)
PROC = Path("/proc")
HISTORY_S = 3600.0


class Target:
    """What is to be watched: a journal, or None where a process keeps none that is known."""

    def __init__(self, name: str, journal: Journal | None, folder: Path, pid: int | None) -> None:
        self.name, self.journal, self.folder, self.pid = name, journal, folder, pid


def find_target(name: str, pid: int | None = None) -> Target:
    """Take a name for what it is: a number for a process, else a folder or a file.

    Raises InputError naming what a run folder needs to hold.
    """
    path = Path(name)
    if name.isdigit() and not path.exists():
        return _of_process(int(name))
    if path.is_dir():
        return _of_folder(name, path, pid)
    if path.is_file():
        return _of_file(name, path, pid)
    raise InputError("a run folder, a log or a process id is needed", got="none", where=name)


def _of_folder(name: str, folder: Path, pid: int | None) -> Target:
    for place in (folder, folder / "train"):
        if (place / METRICS).is_file() or (place / LOCK).is_file():
            return Target(name, UnderdogJournal(place / METRICS), place, pid)
    if (folder / RESULTS).is_file() or (folder / "args.yaml").is_file():
        return Target(name, UltralyticsJournal(folder / RESULTS), folder, pid)
    if newest_state(folder) is not None:
        return Target(name, TrainerStateJournal(folder), folder, pid)
    raise InputError(
        f"a run folder with {METRICS}, {RESULTS} or {STATE} is needed",
        got="none of them",
        where=folder,
        hint="the process id instead, or the file that the run prints to",
    )


def _of_file(name: str, path: Path, pid: int | None) -> Target:
    journal: Journal
    if path.name == METRICS:
        journal = UnderdogJournal(path)
    elif path.name == RESULTS:
        journal = UltralyticsJournal(path)
    elif path.name == STATE:
        journal = TrainerStateJournal(path.parent)
    else:
        journal = LogJournal(path)
    return Target(name, journal, path.parent, pid)


def _of_process(pid: int) -> Target:
    """By the files it holds open or the folder it works in; without one, the machine alone."""
    if not alive(pid):
        raise InputError("a process that runs is needed", got="none", where=str(pid))
    for path in _opened(pid):
        if path.name == METRICS:
            return Target(f"process {pid}", UnderdogJournal(path), path.parent, pid)
    folder = _link(PROC / str(pid) / "cwd") or Path()
    try:
        found = _of_folder(str(folder), folder, pid)
    except (InputError, OSError):
        return Target(f"process {pid}", None, folder, pid)
    return Target(f"process {pid}", found.journal, found.folder, pid)


def _opened(pid: int) -> list[Path]:
    try:
        links = [_link(link) for link in (PROC / str(pid) / "fd").iterdir()]
    except OSError:
        return []
    return [link for link in links if link is not None]


def _link(path: Path) -> Path | None:
    try:
        return path.readlink()
    except OSError:
        return None


class Observer:
    """Remembers what it has told."""

    def __init__(self, target: Target, *, clock: Callable[[], float] = time.time) -> None:
        self._target, self._clock = target, clock
        self._sampler = Sampler(target.pid, target.folder, clock=clock)
        self._total: int | None = None
        self._fault: str | None = None
        self._finished = False
        self._looked = False

    def look(self) -> Observation:
        """What is new, and what holds now."""
        journal = self._target.journal
        news = News() if journal is None else journal.read()
        if news.beats:
            self._fault, self._finished = None, False
        self._total = news.total or self._total
        self._fault = news.fault or self._fault
        self._finished = self._finished if news.finished is None else news.finished
        pid, living = self._process()
        self._sampler.pid = pid
        readings = (*self._recorded(living), self._sampler.take())
        return Observation(
            self._facts(news, pid, living),
            news.beats,
            news.scores,
            readings,
            news.events,
            news.dropped_after,
        )

    def _recorded(self, living: bool | None) -> tuple[Reading, ...]:
        """At the first look: what a run that is going on recorded itself in the last hour."""
        if self._looked or not living:
            return ()
        self._looked = True
        try:
            history = read_readings(self._target.folder / READINGS_NAME)
        except OSError:
            return ()
        return tuple(each for each in history if each.at_s >= self._clock() - HISTORY_S)

    def _facts(self, news: News, pid: int | None, living: bool | None) -> Facts:
        target, journal = self._target, self._target.journal
        finished = self._finished or (
            isinstance(journal, UnderdogJournal) and (target.folder / RESULT).is_file()
        )
        return Facts(
            name=target.name,
            kind="process" if journal is None else journal.kind,
            now_s=self._clock(),
            unit="step" if journal is None else journal.unit,
            total=self._total,
            pid=pid,
            alive=living,
            finished=finished,
            fault=self._fault,
            started_s=None if pid is None else start_time_s(pid),
            beat_s=news.written_s,
        )

    def _process(self) -> tuple[int | None, bool | None]:
        """The process and whether it runs. That of an underdog run is named by its lock; one that
        began after the lock was written only got the same number.
        """
        if self._target.pid is not None:
            return self._target.pid, alive(self._target.pid)
        lock = self._target.folder / LOCK
        if not isinstance(self._target.journal, UnderdogJournal):
            return None, None
        try:
            text, written_s = lock.read_text(encoding="utf-8").strip(), lock.stat().st_mtime
        except OSError:
            return None, None
        if not text.isdigit():
            return None, None
        began = start_time_s(int(text))
        return int(text), alive(int(text)) and began is not None and began <= written_s + 2
