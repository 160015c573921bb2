"""What may follow what in a match."""

from __future__ import annotations

from dataclasses import replace

import pytest

from underdog.errors import ProtocolError
from underdog.mcq.prediction import Outcome
from underdog.tournament.events import (
    AnswerLost,
    Event,
    InningsClosed,
    MatchEnded,
    MatchStarted,
    QuestionAsked,
    QuestionRejected,
    Refusal,
)
from underdog.tournament.history import History, answering_team, asking_team

TEAMS = {"A": {"name": "one", "identity": {}}, "B": {"name": "other", "identity": {}}}
STARTED = MatchStarted("2026-02", 2, 0, ("arts", "arts"), "estimate", 1, TEAMS)
SERVED = {
    "topic": "arts",
    "question": "Who?",
    "choices": ["A) a b", "B) b b", "C) c b", "D) d b"],
    "answer": "A",
    "explanation": "",
}


def asked(innings: int, number: int) -> QuestionAsked:
    return QuestionAsked(innings, number, f"id {number}", SERVED, (0, 1, 2, 3), 0.0)


def rejected(innings: int, number: int) -> QuestionRejected:
    return QuestionRejected(innings, number, Refusal.LATE, "", "", 20.0)


def lost(innings: int, number: int) -> AnswerLost:
    return AnswerLost(innings, number, Outcome.CRASHED, "", 0.0)


def innings(number: int) -> list[Event]:
    return [
        asked(number, 0),
        asked(number, 1),
        lost(number, 0),
        lost(number, 1),
        InningsClosed(number),
    ]


WHOLE: list[Event] = [STARTED, *innings(1), *innings(2), MatchEnded()]


def test_a_whole_match_is_accepted() -> None:
    """Both innings, then the end."""
    history = History.of(WHOLE)
    assert history.ended
    assert history.closed == {1, 2}
    assert not history.open_questions(1)
    assert not history.open_answers(2)


def test_the_teams_change_sides() -> None:
    """A asks first, B second."""
    assert [(asking_team(n), answering_team(n)) for n in (1, 2)] == [("A", "B"), ("B", "A")]


def test_answers_open_once_every_question_is_settled() -> None:
    """No answer is wanted while questions are still being asked."""
    history = History.of([STARTED, asked(1, 0)])
    assert (history.open_questions(1), history.open_answers(1)) == ({1}, frozenset())
    history.add(rejected(1, 1))
    assert (history.open_questions(1), history.open_answers(1)) == (frozenset(), {0})


def test_a_team_with_fewer_than_half_valid_questions_is_disqualified() -> None:
    """Then nothing is put to the other side, and the innings may close."""
    history = History.of([STARTED, rejected(1, 0), rejected(1, 1)])
    assert history.disqualified(1)
    assert not history.open_answers(1)
    history.add(InningsClosed(1))
    assert not history.disqualified(2), "nothing is asked there yet"


IMPOSSIBLE: dict[str, list[Event]] = {
    "no event": [],
    "no header": WHOLE[1:],
    "two headers": [STARTED, STARTED],
    "a number beyond the draw": [STARTED, asked(1, 2)],
    "a question twice": [STARTED, asked(1, 0), rejected(1, 0)],
    "the second innings first": [STARTED, asked(2, 0)],
    "a third innings": [*WHOLE[:-1], asked(3, 0)],
    "an answer before all questions": [STARTED, asked(1, 0), lost(1, 0)],
    "an answer twice": [*WHOLE[:4], lost(1, 0)],
    "an answer to a rejected question": [STARTED, asked(1, 0), rejected(1, 1), lost(1, 1)],
    "an answer to a disqualified team": [STARTED, rejected(1, 0), rejected(1, 1), lost(1, 0)],
    "closed while answers are open": [*WHOLE[:4], InningsClosed(1)],
    "closed while questions are open": [STARTED, InningsClosed(1)],
    "ended after one innings": [*WHOLE[:6], MatchEnded()],
    "anything after the end": [*WHOLE, InningsClosed(2)],
    "a question without a key": [
        STARTED,
        replace(asked(1, 0), question={name: SERVED[name] for name in ("question", "choices")}),
    ],
    "an order of other choices": [STARTED, replace(asked(1, 0), order=(0, 1, 2))],
    "one team": [replace(STARTED, teams={"A": TEAMS["A"]})],
    "teams without names": [replace(STARTED, teams={"A": {}, "B": {}})],
    "topics for other questions": [replace(STARTED, questions=3)],
}


@pytest.mark.parametrize("events", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_no_match_gives_is_refused(events: list[Event]) -> None:
    """A log that was edited or mixed up is not scored."""
    with pytest.raises(ProtocolError):
        History.of(events)


def test_the_event_at_fault_is_numbered() -> None:
    """The place is that of the line in the log."""
    with pytest.raises(ProtocolError, match="event 3: each question of the draw once"):
        History.of([STARTED, asked(1, 0), asked(1, 0)])
