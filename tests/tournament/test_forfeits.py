"""Teams that give nothing, or are withdrawn: what it costs them, and nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest
from tournament_players import Own, config, entrants, play, result, timeless

from underdog.data.engine.open import open_engine
from underdog.errors import InfrastructureError, InputError, ProtocolError
from underdog.protocol.player import Entrant, QuestionCall, StrippedQuestion
from underdog.tournament.formats.fixture import Fixture, Result, Side
from underdog.tournament.formats.schedule import FormatConfig, Kind
from underdog.tournament.games import FIXTURE_FORFEITED
from underdog.tournament.league import League, Venue, withdraw
from underdog.tournament.ledger import LEDGER_NAME, Ledger
from underdog.tournament.ratings.pairwise import bradley_terry
from underdog.tournament.record import Record, match_events, read_record
from underdog.tournament.summary import summarise


class Silent:
    """Asks and answers nothing but errors."""

    def ask(self, call: QuestionCall) -> list[object]:
        raise RuntimeError(f"nothing for {call.start}")

    def answer(self, questions: list[StrippedQuestion]) -> list[object]:
        raise RuntimeError(f"nothing to {len(questions)}")


def with_silent(count: int) -> list[Entrant]:
    """Honest teams, and in second place one that asks well and answers nothing."""
    honest = entrants(count)
    return [honest[0], Entrant("silent", Own(9), Silent(), {"silent": True}), *honest[1:]]


def sides(record: Record) -> dict[tuple[int, frozenset[str]], dict[str, Side]]:
    """What each of two teams did in a topic draw: another team in the tables changes who asks
    first, and nothing else.
    """
    return {
        (each.fixture.draw, frozenset(each.fixture.names)): {
            name: each.side(name) for name in each.fixture.names
        }
        for each in record.results.values()
    }


def test_a_silent_team_forfeits_what_is_left_and_its_opponents_get_the_points(
    tmp_path: Path,
) -> None:
    """After three innings without one answer its other games are lost unplayed, a win for each
    opponent; the games among the others are what they are without it.
    """
    record, rows = play(tmp_path / "all", config(), with_silent(4))
    apart, _ = play(tmp_path / "honest", config(), entrants(4))
    assert record.forfeits == {"silent": "nothing came from it in 3 innings in a row"}
    mine = [each for each in record.results.values() if "silent" in each.fixture.names]
    assert [each.forfeited for each in sorted(mine, key=lambda each: each.fixture.key)] == [
        *[False] * 3,
        *[True] * 5,
    ]
    for each in mine:
        if each.forfeited:
            (rival,) = set(each.fixture.names) - {"silent"}
            assert (each.winner, each.points(rival), each.points("silent")) == (rival, 1.0, 0.0)
    honest, expected = sides(record), sides(apart)
    assert {game: honest[game] for game in expected} == expected
    assert record.faults["silent", "forfeit"] == 1
    assert sum(row.kind == FIXTURE_FORFEITED for row in rows) == 5


def test_a_team_that_answers_once_in_a_while_never_forfeits(tmp_path: Path) -> None:
    """Only innings in a row count."""

    class Moody(Silent):
        calls = 0

        def answer(self, questions: list[StrippedQuestion]) -> list[object]:
            self.calls += 1
            if self.calls % 8:
                raise RuntimeError("not now")
            return [{"answer": "A"}] * len(questions)

    teams = [*entrants(3), Entrant("moody", Own(9), Moody(), {})]
    record, _ = play(tmp_path, config(), teams)
    assert record.forfeits == {}
    assert record.faults["moody", "answer crashed"] > 12


def test_a_team_that_neither_asks_nor_answers_is_out_before_its_first_game(tmp_path: Path) -> None:
    """Question sets count: with a limit of one, all its games are lost unplayed."""
    teams = [*entrants(3), Entrant("nobody", Silent(), Silent(), {})]
    record, _ = play(tmp_path, config(forfeit_after=1), teams)
    games = [each for each in record.results.values() if "nobody" in each.fixture.names]
    assert len(games) == 6
    assert all(each.forfeited and each.points("nobody") == 0 for each in games)
    strengths = {each["name"] for each in summarise(record)["strengths"]}
    assert strengths == {"team 0", "team 1", "team 2"}


@pytest.mark.parametrize("block", [1, 5])
def test_a_forfeit_leaves_the_same_rows_on_every_engine(tmp_path: Path, block: int) -> None:
    """Games that were under way with other workers when a team forfeited are lost for it too."""
    alone = play(tmp_path / "alone", config(), with_silent(4))[1]
    with open_engine("local", workers=2) as engine:
        together = play(
            tmp_path / "two", config(), with_silent(4), engine=engine, games_per_block=block
        )[1]
    assert together == alone


def test_killed_around_a_forfeit_it_leaves_the_same_rows(tmp_path: Path) -> None:
    """Stopped after every single transaction and begun again, the tournament has the rows of one
    that was not stopped.
    """
    whole = play(tmp_path / "whole", config(), with_silent(3))[1]

    class StoppedError(Exception):
        pass

    class OneWrite(Ledger):
        left = 1

        def append(self, rows: object, **more: object) -> None:
            if not self.left:
                raise StoppedError
            wanted = list(rows)  # type: ignore[call-overload]
            self.left -= bool(wanted)
            super().append(wanted, **more)  # type: ignore[arg-type]

    venue, stops = Venue(clock=lambda: 0.0), 0
    while True:
        with OneWrite(tmp_path / LEDGER_NAME, create=True) as ledger:
            try:
                record = League(config(), with_silent(3), ledger, venue=venue).run()
                break
            except StoppedError:
                stops += 1
    assert record.ended
    assert stops > 20
    assert timeless(tmp_path) == whole


def test_a_withdrawn_team_loses_what_is_left(tmp_path: Path) -> None:
    """By the organiser's word, between two runs; it need not be there any more."""

    class StoppedError(Exception):
        pass

    def stop_in_game_five(done: int) -> None:
        if done == 5:
            raise StoppedError

    teams = entrants(3)
    ledger = Ledger(tmp_path / LEDGER_NAME, create=True)

    class Steps:
        done = 0

        def begin(self, task: str, total: int | None) -> None:
            self.games = "round robin" in task

        def advance(self, steps: int = 1, note: str = "") -> None:
            self.done += steps * self.games
            stop_in_game_five(self.done)

        def end(self) -> None:
            pass

    venue = Venue(clock=lambda: 0.0, progress=Steps())
    with ledger, pytest.raises(StoppedError):
        League(config(), teams, ledger, venue=venue).run()
    with Ledger(tmp_path / LEDGER_NAME) as again:
        withdraw(again, "team 2", "went home")
        for name, told in (("team 2", "out since went home"), ("nobody", "an entrant out of")):
            with pytest.raises(InputError, match=told):
                withdraw(again, name, "again")
        gone = [*teams[:2], Entrant("team 2", Silent(), Silent(), teams[2].identity)]
        record = League(config(), gone, again).run()
        assert record.forfeits == {"team 2": "went home"}
        left = [key for key, each in record.results.items() if each.forfeited]
        assert len(left) == 1
        with pytest.raises(ProtocolError, match=r"a game that was played; got .* forfeited"):
            match_events(again, record, left[0])
        with pytest.raises(InputError, match="a tournament that is not over"):
            withdraw(again, "team 1", "too late")
        assert read_record(again).forfeits == record.forfeits


def test_two_forfeits_make_no_winner_and_no_points() -> None:
    """Neither gets anything, and ratings from wins do not see the game."""
    fixture = Fixture("round robin", 1, 1, 1, "a", "b", 1)
    out = Side(0, 0, 0, 0.0, disqualified=False, forfeited=True)
    both = Result(fixture, out, out)
    assert (both.winner, both.points("a"), both.points("b")) == (None, 0.0, 0.0)
    played = result(Fixture("round robin", 1, 2, 1, "a", "b", 1), 6, 4)
    assert bradley_terry([both, played]) == bradley_terry([played])


def test_a_knockout_goes_on_past_forfeits(tmp_path: Path) -> None:
    """Best of three against a team that is out ends, and the other side wins the cup."""
    teams = [entrants(1)[0], Entrant("nobody", Silent(), Silent(), {})]
    what = config(FormatConfig(Kind.KNOCKOUT, best_of=3), forfeit_after=1)
    record, _ = play(tmp_path, what, teams)
    assert record.ended
    assert summarise(record)["standings"][0]["name"] == "team 0"


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        OSError(24, "Too many open files"),
        MemoryError("here"),
        InfrastructureError("room for a copy of an entry"),
    ],
    ids=lambda error: type(error).__name__ + str(error)[:10],
)
def test_a_fault_of_this_machine_stops_the_tournament_and_is_held_against_nobody(
    tmp_path: Path, error: Exception
) -> None:
    """Also deep inside what a library raised; the next run ends as if nothing had happened."""

    class Unlucky:
        calls = 0

        def answer(self, questions: list[StrippedQuestion]) -> list[object]:
            self.calls += 1
            if self.calls == 6:
                try:
                    raise error
                except Exception as cause:
                    raise RuntimeError("could not connect") from cause
            return [{"answer": "A", "reasoning": ""}] * len(questions)

    def teams(answerer: object) -> list[Entrant]:
        return [*entrants(2), Entrant("unlucky", Own(9), answerer, {})]  # type: ignore[arg-type]

    unlucky = Unlucky()
    with pytest.raises(InfrastructureError):
        play(tmp_path / "cup", config(), teams(unlucky))
    with Ledger(tmp_path / "cup" / LEDGER_NAME) as ledger:
        assert read_record(ledger).faults == {}
    record, rows = play(tmp_path / "cup", config(), teams(unlucky))
    assert record.ended
    assert rows == play(tmp_path / "whole", config(), teams(unlucky))[1]


def test_a_limit_below_one_is_refused() -> None:
    """A team would be out before it was asked."""
    with pytest.raises(InputError, match="at least 1 silent innings; got 0"):
        config(forfeit_after=0)
