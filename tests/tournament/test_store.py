"""A match on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from match_players import played, team

from underdog.errors import CorruptFileError, InputError
from underdog.runs.files import read_json, write_json
from underdog.tournament.store import EVENTS_NAME, RESULT_NAME, read_events, read_result, replay


def test_a_replay_gives_the_stored_result(tmp_path: Path) -> None:
    """The score follows from the events alone."""
    board = played(tmp_path, team("a"), team("b"))
    again = replay(tmp_path)
    assert again.same
    assert again.stored == read_result(tmp_path)
    assert again.board.to_json() == board.to_json()


def test_a_changed_result_is_noticed(tmp_path: Path) -> None:
    """result.json is derived: when it differs, the events are right."""
    played(tmp_path, team("a"), team("b"))
    result = read_json(tmp_path / RESULT_NAME)
    result["teams"]["A"]["points"]["total"] += 1
    write_json(tmp_path / RESULT_NAME, result)
    assert not replay(tmp_path).same


def test_a_missing_result_is_no_fault(tmp_path: Path) -> None:
    """It can be made again."""
    played(tmp_path, team("a"), team("b"))
    (tmp_path / RESULT_NAME).unlink()
    again = replay(tmp_path)
    assert (again.stored, again.same) == (None, False)
    with pytest.raises(InputError, match=f"a finished match; got no {RESULT_NAME}"):
        read_result(tmp_path)


def test_an_unfinished_line_is_left_out(tmp_path: Path) -> None:
    """It is what a kill leaves; the events before it are whole."""
    played(tmp_path, team("a"), team("b"))
    events = read_events(tmp_path)
    log = tmp_path / EVENTS_NAME
    log.write_bytes(log.read_bytes()[:-2])
    assert read_events(tmp_path) == events[:-1]


def test_a_folder_without_a_match_is_named(tmp_path: Path) -> None:
    """With the command that makes one."""
    assert read_events(tmp_path) == ()
    with pytest.raises(InputError, match=r"no event in events\.jsonl.*underdog play"):
        replay(tmp_path)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"{not JSON}\n", "a JSON line is needed"),
        (b"\xff\xfe\n", "a JSON line is needed"),
        (b"[]\n", "an event of kind"),
        (b'{"kind": "match_ended"}\n', "nothing after match_ended"),
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, line: bytes, fault: str) -> None:
    """File, line, and what was wanted there."""
    played(tmp_path, team("a"), team("b"))
    log = tmp_path / EVENTS_NAME
    number = log.read_bytes().count(b"\n") + 1
    log.write_bytes(log.read_bytes() + line)
    with pytest.raises(CorruptFileError, match=rf"events\.jsonl:{number}: {fault}"):
        read_events(tmp_path)
