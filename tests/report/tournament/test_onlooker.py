"""A tournament seen from outside."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from page_tournaments import config, entrants, hostile, play

from underdog.errors import InputError
from underdog.report.tournament.faults import DETAILS, PLACES, FaultBook
from underdog.report.tournament.onlooker import Onlooker
from underdog.runs.lock import locked
from underdog.tournament.formats.schedule import FormatConfig
from underdog.tournament.games import Row
from underdog.tournament.ledger import LEDGER_NAME, Ledger, Stored
from underdog.tournament.record import read_record

SINGLE = config(FormatConfig(double=False))


def test_an_onlooker_follows_and_changes_nothing(tmp_path: Path) -> None:
    """Row after row, its record is that of the whole store so far; its mark changes with every row
    and with what is played, and only then; the store holds what was written, and nothing else.
    """
    play(tmp_path / "whole", entrants(3), SINGLE)
    with Ledger(tmp_path / "whole" / LEDGER_NAME) as whole:
        rows = [Row(*each[1:]) for each in whole.read()]
    store = tmp_path / "part" / LEDGER_NAME
    with Ledger(store, create=True) as writer, Onlooker(store.parent) as onlooker:
        marks = [onlooker.look()]
        for start in range(0, len(rows), 10):
            writer.append(rows[start : start + 10])
            marks.append(onlooker.look())
            assert onlooker.look() == marks[-1]
            assert onlooker.record.results == read_record(writer).results
        writer.now_playing(["0001.001.0001"])
        marks.append(onlooker.look())
        assert len(set(marks)) == len(marks)
        assert onlooker.playing == ("0001.001.0001",)
        assert onlooker.record.ended
        assert [Row(*each[1:]) for each in writer.read()] == rows


def test_a_store_that_is_only_read_refuses_rows(tmp_path: Path) -> None:
    """Whatever is called: rows, what is played, a change in SQL; a missing store is not made."""
    place = play(tmp_path / "cup", entrants(2), SINGLE)
    with Ledger(place / LEDGER_NAME, read_only=True) as ledger:
        last = ledger.last()
        for change in (
            lambda: ledger.append([Row("x", "y", "{}")]),
            lambda: ledger.now_playing(["x"]),
        ):
            with pytest.raises(InputError, match="readonly database"):
                change()
        with pytest.raises(sqlite3.OperationalError, match="readonly database"):
            ledger._connection.execute("DROP TABLE events")
        assert ledger.last() == last
    with pytest.raises(InputError, match=r"a tournament; got no tournament\.db"):
        Onlooker(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_a_runner_is_seen_by_its_lock(tmp_path: Path) -> None:
    """Played now, or not, whatever the store still names as being played."""
    place = play(tmp_path, entrants(2), SINGLE)
    with Ledger(place / LEDGER_NAME) as ledger:
        rows = [Row(*each[1:]) for each in ledger.read()][:-1]
    with Ledger(tmp_path / "on" / LEDGER_NAME, create=True) as ledger:
        ledger.append(rows)
        with Onlooker(tmp_path / "on") as onlooker:
            assert not onlooker.running
            with locked(tmp_path / "on"):
                stopped, started = onlooker.mark, onlooker.look()
                assert onlooker.running
                assert started != stopped
            onlooker.look()
            assert not onlooker.running


def test_faults_are_those_of_the_record_and_stay_few(tmp_path: Path) -> None:
    """Counts by team and kind equal the record's; a line names at most PLACES games; a kind with
    ever new details has at most DETAILS lines and one for the rest.
    """
    place = play(tmp_path, hostile())
    with Onlooker(place) as onlooker:
        counted: dict[tuple[str, str], int] = {}
        for line in onlooker.faults.lines():
            counted[line.team, line.kind] = counted.get((line.team, line.kind), 0) + line.times
            assert len(line.games) <= PLACES
            assert set(line.games) <= set(onlooker.record.results)
        assert counted == onlooker.record.faults
        assert counted
    book = FaultBook()
    for number in range(100):
        body = f'{{"reason": "late", "detail": "after {number} s"}}'
        book.add(Stored(number + 1, "set/1/a/b", "question_rejected", body))
    lines = book.lines()
    assert len(lines) == DETAILS + 1
    assert sum(line.times for line in lines) == 100
    assert {line.team for line in lines} == {"a/b"}
    assert lines[0].detail == ""
