"""A match on disk: events.jsonl is the truth, result.json follows from it and may be replaced."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from underdog.errors import CorruptFileError, InputError, ProtocolError, RunMismatchError
from underdog.runs.files import json_text, read_json, write_json
from underdog.runs.log import read_log
from underdog.tournament.events import Event, MatchStarted, from_json, to_json
from underdog.tournament.history import History
from underdog.tournament.scoreboard import Scoreboard, scoreboard

EVENTS_NAME = "events.jsonl"
RESULT_NAME = "result.json"


class Replay(NamedTuple):
    """A score computed again from the events. `stored` is result.json, None where there is none;
    `same` says whether it is equal to the last digit.
    """

    board: Scoreboard
    stored: Mapping[str, Any] | None
    same: bool


def read_events(folder: Path) -> tuple[Event, ...]:
    """Every event; none when the log is not there or holds no whole line.

    CorruptFileError names the first line that is no event, or cannot follow those before it.
    """
    path = folder / EVENTS_NAME
    if not path.exists():
        return ()
    events: list[Event] = []
    history: History | None = None
    for number, line in enumerate(read_log(path), start=1):
        try:
            event = from_json(line)
            if history is None:
                history = History.of([event])
            else:
                history.add(event)
        except ProtocolError as error:
            raise CorruptFileError(
                error.wanted,
                got=error.got,
                where=f"{path}:{number}",
                hint="the lines before it are whole: cut the file there and repeat the command",
            ) from error
        events.append(event)
    return tuple(events)


def check_same_match(folder: Path, stored: MatchStarted, wanted: MatchStarted) -> None:
    """RunMismatchError naming what differs, when the folder holds another match."""
    before, now = to_json(stored), _as_json(to_json(wanted))
    differing = [name for name in now if before[name] != now[name]]
    if differing:
        shown = (f"{name} was {before[name]!r:.80}, now {now[name]!r:.80}" for name in differing)
        raise RunMismatchError(
            "a folder of the same match",
            got="; ".join(shown),
            where=folder,
            hint="another --out folder",
        )


def _as_json(value: dict[str, Any]) -> Any:
    """As it comes back from disk."""
    return json.loads(json_text(value))


def write_result(folder: Path, board: Scoreboard) -> None:
    """Replace result.json."""
    write_json(folder / RESULT_NAME, board.to_json())


def read_result(folder: Path) -> Mapping[str, Any]:
    """result.json as it is; InputError when there is none."""
    path = folder / RESULT_NAME
    if not path.is_file():
        raise InputError("a finished match", got=f"no {RESULT_NAME}", where=folder)
    value: Mapping[str, Any] = read_json(path)
    return value


def replay(folder: Path) -> Replay:
    """Compute the score of a stored match again, and compare it with the stored one."""
    events = read_events(folder)
    if not events:
        raise InputError(
            "a folder of a match",
            got=f"no event in {EVENTS_NAME}",
            where=folder,
            hint="underdog play --a random --b longest --out DIR",
        )
    board = scoreboard(events)
    stored = read_result(folder) if (folder / RESULT_NAME).is_file() else None
    return Replay(board, stored, stored == _as_json(board.to_json()))
