"""A tournament as seen from outside while another process plays it.

In: a store. Out: the record of it, its faults, what is being played, and a mark that changes when
any of these does. Never: a row, a lock or a setting of the store changed (it is opened read-only).
"""

from __future__ import annotations

import zlib
from pathlib import Path
from types import TracebackType
from typing import Self

from underdog.report.tournament.faults import FaultBook
from underdog.runs.lock import held
from underdog.tournament.events import Event
from underdog.tournament.formats.fixture import Fixture
from underdog.tournament.league import schedule_of
from underdog.tournament.ledger import Ledger, ledger_path
from underdog.tournament.record import Record, match_events


class Onlooker:
    """Close it. One thread at a time."""

    def __init__(self, place: Path) -> None:
        """`place` is a tournament's folder or its store; InputError when there is none."""
        self._ledger = Ledger(ledger_path(place), read_only=True)
        self._commits: int | None = None
        self.record = Record()
        self.faults = FaultBook()
        self.playing: tuple[str, ...] = ()
        """Keys of the games that a runner works on."""
        self.running = False
        """Whether a process of this machine plays it now."""
        self.look()

    def look(self) -> str:
        """Take in what is new, and give the mark. Costs microseconds where nothing is."""
        commits = self._ledger.commits()
        if commits != self._commits:
            for row in self._ledger.read(after=self.record.seen):
                self.record.add(row)
                self.faults.add(row)
            self.playing = self._ledger.now_playing()
            self._commits = commits
        self.running = not self.record.ended and held(self._ledger.path.parent)
        return self.mark

    @property
    def mark(self) -> str:
        """Equal marks, equal pages."""
        seen = " ".join((*self.playing, str(self.running)))
        return f"{self.record.seen}-{zlib.crc32(seen.encode()):08x}"

    @property
    def qualifying(self) -> bool:
        """Whether it is still open who plays."""
        header = self.record.header
        if header is None or header["qualifiers"] is None:
            return False
        return len(self.record.qualified) < len(header["entrants"])

    def fixtures_due(self) -> tuple[Fixture, ...]:
        """What can be played now, those that are being played first."""
        if self.qualifying:
            return ()
        due = schedule_of(self.record).due(self.record.results)
        return tuple(sorted(due, key=lambda each: not self.is_playing(each)))

    def is_playing(self, fixture: Fixture) -> bool:
        """Only true while somebody plays: after a kill the store still names the last games."""
        return self.running and fixture.key in self.playing

    def events(self, key: str) -> tuple[Event, ...]:
        """Of a finished game."""
        return match_events(self._ledger, self.record, key)

    def close(self) -> None:
        """Closing twice does nothing."""
        self._ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
