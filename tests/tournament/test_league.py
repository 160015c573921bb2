"""A whole tournament: rows in the store, results that follow, kills."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from tournament_players import Breath, Own, config, entrants, play, timeless

from patience import until
from underdog.data.engine.open import open_engine
from underdog.errors import CorruptFileError, InputError, RunMismatchError
from underdog.protocol.player import Entrant
from underdog.tournament.formats.schedule import FormatConfig, Kind
from underdog.tournament.games import Row
from underdog.tournament.league import League, schedule_of, seeds
from underdog.tournament.ledger import LEDGER_NAME, Ledger
from underdog.tournament.record import match_events, read_record
from underdog.tournament.scoreboard import scoreboard
from underdog.tournament.summary import summarise

BREATH = 12
"""Answers of random teams until a sitting of the tournament that is killed stands still. Of 48 in
all they are so few that three sittings never come to the end, however late they are killed."""


def test_every_game_is_what_the_referee_would_have_logged(tmp_path: Path) -> None:
    """The events of each game of a double round robin pass the referee's own history, and its
    scoreboard has the winner and the counts of the result.
    """
    record, _ = play(tmp_path, config(), entrants(4))
    assert len(record.results) == 12
    assert record.ended
    with Ledger(tmp_path / LEDGER_NAME) as ledger:
        for key, result in record.results.items():
            board = scoreboard(match_events(ledger, record, key))
            assert board.history.ended
            winner = (
                None if board.winner is None else result.fixture.names["AB".index(board.winner)]
            )
            assert winner == result.winner
            counts = [team.answering.score.correct for team in board.teams]
            assert counts == [result.one.right, result.other.right]


def test_a_team_asks_the_same_questions_in_all_games_of_a_draw(tmp_path: Path) -> None:
    """Of 4 teams and 2 draws there are 8 sets, each asked for once, with the same topics."""
    record, rows = play(tmp_path, config(), entrants(4))
    assert len(record.sets) == 8
    assert sum(row.kind == "question_asked" for row in rows) == 8 * 4
    for draw in (1, 2):
        drawn = {
            tuple(str(each.question["topic"]) for each in made.asked)
            for (number, _), made in record.sets.items()
            if number == draw
        }
        assert len(drawn) == 1


@pytest.mark.parametrize("kind", list(Kind))
def test_every_format_plays_to_its_end_and_says_so(tmp_path: Path, kind: Kind) -> None:
    """Nothing is due afterwards, the store is whole, and a summary of it can be written as JSON
    that names every entrant.
    """
    teams = entrants(2 if kind is Kind.MATCH else 5)
    record, _ = play(tmp_path, config(FormatConfig(kind)), teams)
    assert record.ended
    assert schedule_of(record).due(record.results) == ()
    summary = summarise(record)
    assert {each["name"] for each in summary["standings"]} == {each.name for each in teams}
    with Ledger(tmp_path / LEDGER_NAME) as ledger:
        ledger.check()


def test_engines_leave_the_same_rows(tmp_path: Path) -> None:
    """Two worker processes, blocks of five games: every row is that of one process and one game."""
    alone = play(tmp_path / "alone", config(), entrants(4))[1]
    with open_engine("local", workers=2) as engine:
        together = play(
            tmp_path / "together", config(), entrants(4), engine=engine, games_per_block=5
        )[1]
    assert together == alone


def test_qualifying_seeds_the_best_on_hidden_questions(tmp_path: Path) -> None:
    """Everyone answers the same hidden questions once; the best three, in that order, play on."""
    what = config(FormatConfig(Kind.KNOCKOUT), questions=12, qualifiers=3)
    record, _ = play(tmp_path, what, entrants(6))
    assert {put for _, put in record.qualified.values()} == {12}
    right = sorted((score for score, _ in record.qualified.values()), reverse=True)
    assert [record.qualified[name][0] for name in seeds(record)] == right[:3]
    assert len(record.results) == 2


def test_a_crashing_player_loses_its_items_and_stops_nothing(tmp_path: Path) -> None:
    """One answerer always raises, one asker too: the tournament ends, both are named, the asker is
    disqualified, and the games of the others are what they are without them.
    """

    class Broken:
        def ask(self, call: object) -> list[object]:
            raise RuntimeError("no questions today")

        def answer(self, questions: object) -> list[object]:
            raise SystemExit(3)

    honest = entrants(3)
    bad = [Entrant("mute", Own(7), Broken()), Entrant("empty", Broken(), honest[0].answerer)]
    record, _ = play(tmp_path / "all", config(), [*honest, *bad])
    apart, _ = play(tmp_path / "honest", config(), honest)
    assert record.ended
    assert record.faults["empty", "question crashed"] == 8
    assert record.faults["mute", "answer crashed"] == 3 * 2 * 4
    outcomes = {result.fixture.names: result.one.right for result in apart.results.values()}
    for result in record.results.values():
        if result.fixture.names in outcomes:
            assert result.one.right == outcomes[result.fixture.names]
        if "empty" in result.fixture.names:
            assert result.side("empty").disqualified
            assert result.winner != "empty"


def test_another_tournament_in_the_same_store_is_refused(tmp_path: Path) -> None:
    """Other questions or other entrants: the message names what differs, and nothing is added."""
    before = play(tmp_path, config(), entrants(3))[1]
    with pytest.raises(RunMismatchError, match=r"got another rules\. Try: another --out folder"):
        play(tmp_path, config(questions=5), entrants(3))
    with pytest.raises(RunMismatchError, match="got another entrants"):
        play(tmp_path, config(), entrants(4))
    assert timeless(tmp_path) == before


def test_events_can_be_neither_changed_nor_removed(tmp_path: Path) -> None:
    """The database refuses both, whoever asks."""
    play(tmp_path, config(FormatConfig(double=False)), entrants(2))
    connection = sqlite3.connect(tmp_path / LEDGER_NAME)
    with pytest.raises(sqlite3.IntegrityError, match="events are never changed"):
        connection.execute("UPDATE events SET body = '{}'")
    with pytest.raises(sqlite3.IntegrityError, match="events are never removed"):
        connection.execute("DELETE FROM events")
    connection.close()


def test_rows_are_added_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    """A fault inside a batch leaves nothing of it."""
    with Ledger(tmp_path / LEDGER_NAME, create=True) as ledger:
        ledger.append([Row("s", "k", "1")])

        def broken() -> object:
            yield Row("s", "k", "2")
            raise RuntimeError("in between")

        with pytest.raises(RuntimeError, match="in between"):
            ledger.append(broken())  # type: ignore[arg-type]
        assert [row.body for row in ledger.read()] == ["1"]
        assert ledger.last() == 1


def test_a_file_that_is_no_store_is_named(tmp_path: Path) -> None:
    """Text, another database, and nothing at all: each has its message with the path."""
    text = tmp_path / "text.db"
    text.write_text("not a database, but long enough to be read as one" * 20)
    with pytest.raises(CorruptFileError, match=r"text\.db: a SQLite database"):
        Ledger(text)
    other = tmp_path / "other.db"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE mine (x)")
    connection.close()
    with pytest.raises(CorruptFileError, match="got another database"):
        Ledger(other)
    with pytest.raises(InputError, match=r"no tournament\.db\. Try: underdog tournament run"):
        Ledger(tmp_path / "nowhere" / LEDGER_NAME)


def test_a_broken_row_is_named_by_its_number(tmp_path: Path) -> None:
    """An event of an unknown kind is a corrupt file, not a crash."""
    with Ledger(tmp_path / LEDGER_NAME, create=True) as ledger:
        ledger.append([Row("tournament", "tournament_started", "{}"), Row("x", "odd", "{}")])
        with pytest.raises(CorruptFileError, match="event 2: an event of a tournament; got odd"):
            read_record(ledger)


def test_two_entrants_of_one_name_are_refused(tmp_path: Path) -> None:
    """Names are what results are kept by."""
    with (
        Ledger(tmp_path / LEDGER_NAME, create=True) as ledger,
        pytest.raises(InputError, match="names of their own"),
    ):
        League(config(), entrants(2)[:1] * 2, ledger)


def rows_in(store: Path) -> int:
    """As an onlooker sees it who writes nothing; 0 also while there is no table yet."""
    try:
        with closing(sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True)) as onlooker:
            return int(onlooker.execute("SELECT count(*) FROM events").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def test_killed_at_random_moments_it_ends_with_the_same_rows(tmp_path: Path) -> None:
    """Killed with SIGKILL three times at random moments and continued, a tournament leaves the
    rows and the table of one that was not killed; after each kill the file is whole.
    """
    script = Path(__file__).with_name("tournament_players.py")
    command = [sys.executable, str(script), str(tmp_path / "killed")]
    path = os.pathsep.join(str(script.parents[up]) for up in (0, 1))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([path, *filter(None, sys.path)])}
    source = random.Random(5)
    store = tmp_path / "killed" / LEDGER_NAME
    for _ in range(3):
        before = rows_in(store)
        process = subprocess.Popen([*command, str(BREATH)], env=environment)
        until(lambda: rows_in(store) > before or process.poll() is not None)  # noqa: B023
        time.sleep(source.uniform(0.0, 0.3))
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        with Ledger(store) as ledger:
            ledger.check()
    assert subprocess.run(command, env=environment).returncode == 0
    whole, rows = play(tmp_path / "whole", config(), entrants(4, breath=Breath(None, 0.0)))
    assert timeless(tmp_path / "killed") == rows
    with Ledger(store) as ledger:
        again = read_record(ledger)
    assert schedule_of(again).standings(again.results) == schedule_of(whole).standings(
        whole.results
    )
