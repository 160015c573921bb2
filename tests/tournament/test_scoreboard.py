"""Events to score."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from match_players import Asking, Perfect, Saying, bank, played, team

from underdog.agents.baseline import ConstantAnswerer
from underdog.mcq.prediction import Outcome
from underdog.tournament.events import AnswerGiven, AnswerLost, Event, QuestionAsked
from underdog.tournament.scoreboard import AskedRow, Scoreboard, scoreboard
from underdog.tournament.store import read_events


def test_the_result_has_the_documented_shape(tmp_path: Path) -> None:
    """The report reads these names."""
    board = played(tmp_path, team("one", answerer=Perfect([])), team("other"))
    value = json.loads(json.dumps(board.to_json()))
    assert set(value) == {
        "complete", "edition", "questions", "seed", "winner", "reason", "comparison", "teams",
        "innings",
    }  # fmt: skip
    assert value["complete"] is True
    one = value["teams"]["A"]
    assert set(one) == {
        "name", "identity", "official", "points", "disqualified", "accuracy", "asked", "valid",
        "rejected", "answers", "lost_to_format", "strict_total",
    }  # fmt: skip
    assert one["points"]["answering"] == 6
    assert one["points"]["total"] == one["points"]["asking"] + 6
    assert one["official"]["answering"] == 100 * 6 / (6 + 1e-9)
    assert one["accuracy"]["value"] == 1.0
    assert 0.5 < one["accuracy"]["low"] < one["accuracy"]["high"] == 1.0
    assert one["answers"] == {"clean": 6}
    assert set(value["innings"][0]["table"][0]) == {
        "number", "question_id", "topic", "question", "choices", "key", "explanation", "answer",
        "letter", "outcome", "correct", "log_probs",
    }  # fmt: skip


def test_rejected_questions_stand_at_their_place_in_the_table(tmp_path: Path) -> None:
    """With topic and reason, and without anything else."""

    def change(number: int, question: dict[str, Any]) -> object:
        return "?" if number == 1 else question

    board = played(tmp_path, team(asker=Asking(change, bank())), team())
    table = board.to_json()["innings"][0]["table"]
    assert [row["number"] for row in table] == [0, 1, 2, 3, 4, 5]
    assert table[1]["rejected"] == "format"
    assert set(table[1]) == {"number", "topic", "rejected", "detail"}


def test_elapsed_times_never_change_the_score(tmp_path: Path) -> None:
    """Lateness is an event; a number of seconds is a remark."""
    board = played(tmp_path, team("a"), team("b"))
    events = [_aged(event) for event in read_events(tmp_path)]
    assert scoreboard(events).to_json() == board.to_json()


def _aged(event: Event) -> Event:
    if isinstance(event, (QuestionAsked, AnswerGiven, AnswerLost)):
        return replace(event, elapsed_s=event.elapsed_s + 1000)
    return event


@pytest.mark.parametrize(
    ("form", "correct", "lost"),
    [("{}", True, False), ("{})", False, True), ("the answer is {}", False, True)],
)
def test_right_answers_in_other_forms_are_counted_apart(
    tmp_path: Path, form: str, correct: bool, lost: bool
) -> None:
    """Trap 9: the official comparison takes the bare letter only."""
    best = Perfect([])

    class Wordy:
        def answer(self, questions: Any) -> list[object]:
            said: list[Any] = best.answer(questions)
            return [{"answer": form.format(each["answer"])} for each in said]

    board = played(tmp_path, team(), team(answerer=Wordy()))
    assert [row.correct for row in board.innings[0].rows] == [correct] * 6
    assert [row.lost_to_format for row in board.innings[0].rows] == [lost] * 6
    assert board.teams[1].to_json()["lost_to_format"] == 6 * lost
    strict = {board.team: board.to_json()["strict_total"] for board in board.teams}
    official = {board.team: board.total for board in board.teams}
    assert strict["B"] - official["B"] == pytest.approx(100 * lost)
    assert official["A"] - strict["A"] == pytest.approx(100 * lost)


def test_equal_shares_are_a_tie(tmp_path: Path) -> None:
    """Both always answer B to the same questions."""
    board = played(
        tmp_path, team("a", answerer=ConstantAnswerer()), team("b", answerer=ConstantAnswerer())
    )
    assert (board.winner, board.reason) == (None, "tie")


def test_shares_are_compared_exactly(tmp_path: Path) -> None:
    """6 of 6 against 5 of 5: the 1e-9 in the official denominators gives A 1.6e-9 more, and must
    not make it the winner.
    """

    def change(number: int, question: dict[str, Any]) -> object:
        return "?" if number == 1 else question

    board = played(
        tmp_path,
        team("a", answerer=Perfect([]), asker=Asking(change, bank())),
        team("b", answerer=Perfect([])),
    )
    assert [each.score.questions for each in board.innings] == [5, 6]
    assert board.teams[0].total != board.teams[1].total
    assert (board.winner, board.reason) == (None, "tie")
    assert board.comparison is None, "the questions are not the same"


def test_a_disqualified_team_gets_nothing_for_its_questions(tmp_path: Path) -> None:
    """And its opponent no accuracy: nothing was put to it."""
    broken = Asking(lambda number, question: "?", bank())
    board = played(tmp_path, team("a", asker=broken), team("b"))
    one, other = board.teams
    assert one.asking.score.asking == 0.0
    assert one.disqualified
    assert other.to_json()["accuracy"] == {
        "correct": 0, "questions": 0, "value": None, "low": None, "high": None
    }  # fmt: skip
    assert one.to_json()["rejected"] == {"format": 6}
    assert board.winner == "B"


def test_an_unfinished_match_has_a_score_so_far(tmp_path: Path) -> None:
    """Questions without an answer yet are rows without one."""
    played(tmp_path, team("a"), team("b"))
    events = read_events(tmp_path)
    board = scoreboard(events[:9])
    assert isinstance(board, Scoreboard)
    assert board.to_json()["complete"] is False
    assert [row.answer is None for row in board.innings[0].rows] == [False] * 2 + [True] * 4


def test_lost_answers_have_an_outcome_and_no_letter(tmp_path: Path) -> None:
    """The row of a crash says so."""
    words = Saying(iter([ValueError("no")]))
    board = played(tmp_path, team(), team(answerer=words))
    row = board.innings[0].rows[0]
    assert isinstance(row, AskedRow)
    assert isinstance(row.answer, AnswerLost)
    assert row.answer.outcome is Outcome.CRASHED
    assert row.to_json()["outcome"] == "crashed"
    assert row.to_json()["letter"] is None
    assert row.official is None
