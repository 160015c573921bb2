"""Contestants' folders in matches: honest ones score, faults cost items and never the match."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from match_players import TOPICS, played, team

from entries import entry
from patience import PATIENCE_S
from underdog.agents.baseline import ConstantAnswerer
from underdog.errors import InfrastructureError, InputError
from underdog.protocol.editions import EDITIONS
from underdog.protocol.player import PlayerFault, PlayerFaultKind, StrippedQuestion
from underdog.tournament.entrants import workplace
from underdog.tournament.entrants.folder import folder_entrant
from underdog.tournament.entrants.isolation import Isolation, strongest
from underdog.tournament.events import MatchStarted
from underdog.tournament.referee import MatchConfig
from underdog.tournament.store import read_events

CONFIG = MatchConfig(topics=TOPICS, questions=6, seed=4, per_call=6)
EDITION = replace(EDITIONS["2026-02"], question_s=PATIENCE_S, answer_s=PATIENCE_S)
"""No honest entry is late here, however busy the machine."""


def test_two_honest_folders_play_a_match(tmp_path: Path) -> None:
    """Every question passes, the sums are answered rightly, and the log says which isolation
    each team had.
    """
    one = folder_entrant(entry(tmp_path / "adders"), edition=EDITION)
    other = folder_entrant(
        entry(tmp_path / "guessers", answering="for each in answers: each['answer'] = 'B'"),
        edition=EDITION,
    )
    board = played(tmp_path / "match", one, other, config=CONFIG)
    assert [len(each.rows) for each in board.innings] == [6, 6]
    assert board.teams[0].answering.score.correct == 6
    assert board.teams[1].answering.score.correct < 6
    assert board.winner == "A"
    started = read_events(tmp_path / "match")[0]
    assert isinstance(started, MatchStarted)
    assert started.teams["A"]["identity"]["isolation"] == strongest().value


FAULTS = {
    "raises": ("raise ValueError('my own fault')", "crashed", "exit status 1: ValueError: my own"),
    "writes nothing": ("return", "malformed", "wrote no outputs/filtered_answers.json"),
    "drops one": ("answers.pop()", "malformed", "5 answers to 6 questions"),
    "a link": (
        "import os; os.symlink('/etc/passwd', 'outputs/filtered_answers.json'); return",
        "malformed",
        "is a link or not a file",
    ),
    "a pipe": (
        "import os; os.mkfifo('outputs/filtered_answers.json'); return",
        "malformed",
        "is not a regular file",
    ),
    "no JSON": (
        "Path('outputs/filtered_answers.json').write_bytes(bytes([255])); return",
        "malformed",
        "no JSON in UTF-8",
    ),
    "deep nesting": (
        "Path('outputs/filtered_answers.json').write_text('[' * 200000); return",
        "malformed",
        "RecursionError",
    ),
    "its own folder removed": (
        "import shutil; shutil.rmtree('.', ignore_errors=True); return",
        "malformed",
        "",
    ),
    "out of memory": ("raise MemoryError", "crashed", "MemoryError"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_costs_the_answers_not_the_match(tmp_path: Path, name: str) -> None:
    """The other side's innings is what it is without the fault, and the event names it."""
    statement, outcome, detail = FAULTS[name]
    bad = folder_entrant(entry(tmp_path / "bad", answering=statement), edition=EDITION)
    board = played(tmp_path / "match", team("honest"), bad, config=CONFIG)
    lost = [row.answer for row in board.innings[0].rows]
    assert {each.outcome.value for each in lost if each} == {outcome}
    assert all(detail in getattr(each, "detail", "") for each in lost), lost[0]
    assert len(board.innings[1].rows) == 6
    assert board.history.ended


def test_a_folder_that_never_ends_is_late(tmp_path: Path) -> None:
    """Killed when the time for its items is over; each of them is late."""
    slow = entry(tmp_path / "slow", answering="import time; time.sleep(6000)")
    impatient = folder_entrant(slow, edition=replace(EDITION, answer_s=0.5)).answerer
    with pytest.raises(PlayerFault, match="killed at its deadline") as caught:
        impatient.answer([StrippedQuestion("1 and 1?", ("1", "2", "3", "4"))])
    assert caught.value.kind is PlayerFaultKind.LATE


def test_the_answering_side_finds_no_key_anywhere(tmp_path: Path) -> None:
    """The input holds question and choices only; in namespaces the match's folder looks empty."""
    spy = entry(
        tmp_path / "spy",
        answering=f"""
import os
seen = sorted({{name for each in questions for name in each}})
there = os.listdir({str(tmp_path / "match")!r})
raise ValueError(f"{{seen}} {{there}}")
""",
    )
    match = tmp_path / "match"
    player = folder_entrant(spy, edition=EDITION, hidden=(match,))
    board = played(match, team("honest"), player, config=CONFIG)
    lost = board.innings[0].rows[0].answer
    told = getattr(lost, "detail", "")
    assert "['choices', 'question'] [" in told, lost
    assert ("[]" in told) is (strongest() is Isolation.NAMESPACES), lost


def test_questions_find_the_places_of_their_topics(tmp_path: Path) -> None:
    """The official program draws its topics itself: order and number per topic are its own; a
    topic outside the list is off topic.
    """
    change = "made = made[::-1]\nmade[0]['topic'] = 'cooking'\nmade[1]['topic'] = made[2]['topic']"
    asker = folder_entrant(entry(tmp_path / "own-order", asking=change), edition=EDITION)
    board = played(tmp_path / "match", asker, team("other"), config=CONFIG)
    assert len(board.innings[0].rows) == 5
    assert [each.reason.value for each in board.innings[0].rejected] == ["off_topic"]


def test_a_full_disk_is_not_the_stranger_s_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The match stops with an InfrastructureError, nothing is held against anybody, and the same
    call finishes the match.
    """
    good = folder_entrant(entry(tmp_path / "good"), edition=EDITION)
    sides = (good, team("other", answerer=ConstantAnswerer()))
    with monkeypatch.context() as patch:
        patch.setattr(workplace.tempfile, "mkdtemp", _no_space)  # type: ignore[attr-defined]
        with pytest.raises(InfrastructureError, match="room for a copy of an entry"):
            played(tmp_path / "match", *sides, config=CONFIG)
    assert len(read_events(tmp_path / "match")) == 1
    board = played(tmp_path / "match", *sides, config=CONFIG)
    assert len(board.innings[0].rows) == 6


def _no_space(**_: object) -> str:
    raise OSError(28, "No space left on device")


def test_a_folder_without_agents_is_refused(tmp_path: Path) -> None:
    """By name of the missing file, with the command that tells more."""
    with pytest.raises(InputError, match=r"no agents/question_agent\.py. Try: underdog check-agen"):
        folder_entrant(tmp_path, edition=EDITION)


def test_links_out_of_an_entry_are_not_followed(tmp_path: Path) -> None:
    """A copy holds the entry's own files; special files and links to elsewhere stay out."""
    good = entry(tmp_path / "good")
    (good / "secret").symlink_to("/etc/passwd")
    (good / "beside").symlink_to("agents/answer_agent.py")
    (good / "agents-again").symlink_to("agents")
    with workplace.workplace(good) as work:
        names = {path.name for path in work.iterdir()}
        assert names == {"agents", "beside", "agents-again", "outputs"}
        assert (work / "agents-again").readlink() == Path("agents")
    assert not work.exists()
