"""The event store of a tournament: one SQLite file, rows are only ever added.

In: rows. Out: the same rows in the same order. Rows that belong together are added in one
transaction that is on the disk when `append` returns (WAL, synchronous=FULL): after a kill or a
power cut they are there as a whole or not at all. Never: a row changed or removed; the database
itself refuses both.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from underdog.errors import CorruptFileError, DiskFullError, InputError
from underdog.tournament.games import Row

LEDGER_NAME = "tournament.db"
SCHEMA_VERSION = 1
"""As `_SCHEMA` writes it into table `schema`; a file of another one is refused by name."""
BUSY_S = 30.0
"""Seconds to wait for a reader that is in the way."""
_SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS schema (version INTEGER NOT NULL);
INSERT INTO schema SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM schema);
CREATE TABLE IF NOT EXISTS events (
  seq INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_of_subject ON events (subject, seq);
CREATE TABLE IF NOT EXISTS playing (key TEXT PRIMARY KEY);
CREATE TRIGGER IF NOT EXISTS no_change BEFORE UPDATE ON events
  BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER IF NOT EXISTS no_removal BEFORE DELETE ON events
  BEGIN SELECT RAISE(ABORT, 'events are never removed'); END;
COMMIT;
"""
"""Written once, also where two processes find an empty file at the same moment."""


class Stored(NamedTuple):
    """A row with its number, from 1."""

    seq: int
    subject: str
    kind: str
    body: str


def ledger_path(place: Path) -> Path:
    """The store of a tournament's folder, or the file itself where it is named."""
    return place / LEDGER_NAME if place.is_dir() or not place.suffix else place


class Ledger:
    """Close it. One writer (see `runs.lock`), any number of readers."""

    def __init__(self, path: Path, *, create: bool = False, read_only: bool = False) -> None:
        """InputError when there is none and `create` is not set; CorruptFileError when it is not
        one of ours. `read_only`: nothing in it can be changed from here, whatever is called, and
        several threads may take turns with it.
        """
        if not create and not path.is_file():
            raise InputError(
                "a tournament",
                got=f"no {LEDGER_NAME}",
                where=path.parent,
                hint="underdog tournament run --entrants random longest --out DIR",
            )
        self.path = path
        if read_only:
            self._connection = _connect_to_read(path)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
        try:
            with _named(path):
                if not read_only:
                    self._prepare()
                self._check_schema()
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        run = self._connection.execute
        run("PRAGMA journal_mode=WAL")
        run("PRAGMA synchronous=FULL")
        if not run("SELECT 1 FROM sqlite_master").fetchone():
            self._connection.executescript(_SCHEMA)

    def _check_schema(self) -> None:
        run = self._connection.execute
        named = run("SELECT name FROM sqlite_master WHERE name = 'schema'").fetchone()
        version = run("SELECT version FROM schema").fetchone()[0] if named else None
        if version != SCHEMA_VERSION:
            raise CorruptFileError(
                f"a tournament's store of schema {SCHEMA_VERSION}",
                got="another database" if version is None else f"schema {version}",
                where=self.path,
            )

    def append(self, rows: Iterable[Row]) -> None:
        """All of them or none; on the disk when this returns."""
        with _named(self.path), self._transaction():
            self._connection.executemany(
                "INSERT INTO events (subject, kind, body) VALUES (?, ?, ?)", rows
            )

    def read(self, *, after: int = 0, subject: str | None = None) -> Iterator[Stored]:
        """Rows with a number above `after`, of one subject or of all."""
        where = "seq > ?" if subject is None else "seq > ? AND subject = ?"
        values = (after,) if subject is None else (after, subject)
        with _named(self.path):
            found = self._connection.execute(
                f"SELECT seq, subject, kind, body FROM events WHERE {where} ORDER BY seq",  # noqa: S608  (no value in it)
                values,
            )
            yield from map(Stored._make, found)

    def last(self) -> int:
        """The number of the last row, 0 when there is none."""
        found = self._connection.execute("SELECT max(seq) FROM events").fetchone()[0]
        return 0 if found is None else int(found)

    def commits(self) -> int:
        """A number that changes when somebody else has written; it means nothing but that."""
        with _named(self.path):
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def now_playing(self, keys: Iterable[str] | None = None) -> tuple[str, ...]:
        """Games that a runner works on: set when given, else read. For onlookers only: nothing
        follows from it, and after a kill it is what it was.
        """
        if keys is not None:
            with _named(self.path), self._transaction():
                self._connection.execute("DELETE FROM playing")
                self._connection.executemany(
                    "INSERT INTO playing VALUES (?)", [(key,) for key in keys]
                )
        found = self._connection.execute("SELECT key FROM playing ORDER BY key")
        return tuple(key for (key,) in found)

    def check(self) -> None:
        """CorruptFileError when SQLite finds a fault in the file."""
        found = self._connection.execute("PRAGMA integrity_check").fetchone()[0]
        if found != "ok":
            raise CorruptFileError("a whole database", got=str(found), where=self.path)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Closing twice does nothing."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _connect_to_read(path: Path) -> sqlite3.Connection:
    """SQLite refuses every change; it keeps the index of the log (-shm) beside the file as ever."""
    address = f"{path.resolve().as_uri()}?mode=ro"
    with _named(path):
        return sqlite3.connect(
            address, timeout=BUSY_S, isolation_level=None, uri=True, check_same_thread=False
        )


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """SQLite's errors as ours, with the file's name."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL:
            raise DiskFullError(
                "room to write is needed",
                got=str(error),
                where=path,
                hint="free some space and repeat the same command",
            ) from error
        raise InputError("a database that can be used", got=str(error), where=path) from error
    except sqlite3.DatabaseError as error:
        raise CorruptFileError("a SQLite database", got=str(error), where=path) from error
