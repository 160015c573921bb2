"""Events and their JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.errors import ProtocolError
from underdog.mcq.prediction import Outcome
from underdog.tournament.events import (
    KINDS,
    AnswerGiven,
    AnswerLost,
    Event,
    InningsClosed,
    MatchEnded,
    MatchStarted,
    QuestionAsked,
    QuestionRejected,
    Refusal,
    from_json,
    to_json,
    without_clock,
)

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
SECONDS = st.floats(0, 1e6)
JSON_OBJECTS = st.dictionaries(TEXT, TEXT | st.integers() | st.lists(TEXT, max_size=2), max_size=3)
PLACE = {"innings": st.integers(1, 2), "number": st.integers(0, 99)}
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        MatchStarted,
        edition=TEXT,
        questions=st.integers(),
        seed=st.integers(),
        topics=st.lists(TEXT, max_size=3).map(tuple),
        token_counter=TEXT,
        per_call=st.integers(),
        teams=JSON_OBJECTS,
    ),
    st.builds(
        QuestionAsked,
        **PLACE,
        question_id=TEXT,
        question=JSON_OBJECTS,
        order=st.permutations(range(4)).map(tuple),
        elapsed_s=SECONDS,
    ),
    st.builds(
        QuestionRejected,
        **PLACE,
        reason=st.sampled_from(Refusal),
        detail=TEXT,
        message=TEXT,
        elapsed_s=SECONDS,
    ),
    st.builds(
        AnswerGiven,
        **PLACE,
        answer=TEXT,
        letter=st.none() | st.sampled_from("ABCD"),
        outcome=st.sampled_from(Outcome),
        reasoning=TEXT,
        log_probs=st.none() | st.lists(st.floats(-50, 0), min_size=4, max_size=4).map(tuple),
        elapsed_s=SECONDS,
    ),
    st.builds(
        AnswerLost, **PLACE, outcome=st.sampled_from(Outcome), detail=TEXT, elapsed_s=SECONDS
    ),
    st.builds(InningsClosed, innings=st.integers(1, 2)),
    st.builds(MatchEnded),
)


@given(EVENTS)
def test_json_in_equals_json_out(event: Event) -> None:
    """An event survives the log, and so does its JSON."""
    line = json.loads(json.dumps(to_json(event)))
    assert from_json(line) == event
    assert to_json(from_json(line)) == line


@given(EVENTS)
def test_only_elapsed_time_is_left_out_without_the_clock(event: Event) -> None:
    """Everything else of an event is what happened, not when."""
    line = to_json(event)
    assert set(line) - set(without_clock(line)) <= {"elapsed_s"}
    assert "elapsed_s" not in without_clock(line)


def test_every_event_type_has_a_kind() -> None:
    """The names in the log are fixed: stored matches are read by them."""
    assert list(KINDS) == [
        "match_started",
        "question_asked",
        "question_rejected",
        "answer_given",
        "answer_lost",
        "innings_closed",
        "match_ended",
    ]


LOST: dict[str, Any] = to_json(AnswerLost(1, 2, Outcome.LATE, "slow", 9.5))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (None, "an event of kind match_started"),
        ([], "an event of kind match_started"),
        ({"kind": "goal"}, "an event of kind match_started"),
        ({"kind": ["match_ended"]}, "an event of kind match_started"),
        ({"kind": "match_ended", "extra": 1}, "the fields  of match_ended; got extra"),
        ({"kind": "innings_closed"}, "the fields innings of innings_closed"),
        ({"kind": "innings_closed", "innings": "1"}, "innings_closed.innings as"),
        ({"kind": "innings_closed", "innings": True}, "innings_closed.innings as"),
        (LOST | {"outcome": "asleep"}, "answer_lost.outcome as"),
        (LOST | {"elapsed_s": "9"}, "answer_lost.elapsed_s as"),
        (LOST | {"detail": None}, "answer_lost.detail as"),
    ],
)
def test_other_json_is_refused_by_field(line: object, message: str) -> None:
    """A damaged log says which field of which event is wrong."""
    with pytest.raises(ProtocolError, match=message):
        from_json(line)


def test_a_whole_number_of_seconds_is_read_as_seconds() -> None:
    """JSON writers may drop the point."""
    assert from_json(LOST | {"elapsed_s": 9}) == AnswerLost(1, 2, Outcome.LATE, "slow", 9.0)
