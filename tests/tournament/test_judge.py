"""What the referee makes of messages."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.mcq.prediction import Outcome
from underdog.mcq.question import Question
from underdog.protocol.editions import find_edition
from underdog.protocol.tokens import estimate_tokens
from underdog.tournament.events import Refusal
from underdog.tournament.judge import Heard, Judge, Lost, Refused, Said, on_topic

JUDGE = Judge(find_edition("2026-02"), estimate_tokens)
SENT: dict[str, Any] = {
    "topic": "geography",
    "question": "Capital of Peru?",
    "choices": ["A) Quito", "B) Lima", "C) Bogota", "D) La Paz"],
    "answer": "B",
    "explanation": "",
}


def said(message: object, *, failure: str = "", seconds: float = 0.1, came: bool = True) -> Said:
    return Said(message, came, failure, seconds)


def judged(given: Said, *, before: Collection[str] = ()) -> Question | Refused:
    return JUDGE.question(given, topics=("geography",), before=before)


def test_a_good_question_is_taken_in_the_order_sent() -> None:
    """Its choices lose their labels."""
    found = judged(said(SENT))
    assert isinstance(found, Question)
    assert found.choices == ("Quito", "Lima", "Bogota", "La Paz")
    assert found.answer_text == "Lima"


REFUSED = {
    "crashed": (said(SENT, failure="ValueError: no"), Refusal.CRASHED),
    "missing": (said(None, came=False), Refusal.MISSING),
    "late at the limit": (said(SENT, seconds=13.0), Refusal.LATE),
    "garbage": (said("I cannot do that"), Refusal.FORMAT),
    "an object of Python": (said(object()), Refusal.FORMAT),
    "a crash of the official filter": (said(SENT | {"answer": 1}), Refusal.CRASHES_FILTER),
    "too long": (said(SENT | {"question": "word " * 200}), Refusal.TOO_LONG),
    "8: a key that is no choice": (said(SENT | {"answer": "Z"}), Refusal.BAD_KEY),
    "8: an empty key": (said(SENT | {"answer": ""}), Refusal.BAD_KEY),
    "8: identical choices": (said(SENT | {"choices": ["A) x"] * 4}), Refusal.BAD_CHOICES),
    "8: labels only": (
        said(SENT | {"choices": ["A) ", "B) ", "C) ", "D) "]}),
        Refusal.BAD_CHOICES,
    ),
    "8: an empty question": (said(SENT | {"question": ""}), Refusal.BAD_CHOICES),
    "half of a surrogate pair": (said(SENT | {"question": "who \ud800?"}), Refusal.FORMAT),
    "off topic": (said(SENT | {"topic": "arts"}), Refusal.OFF_TOPIC),
}


@pytest.mark.parametrize(("given", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_bad_question_is_refused_with_its_reason(given: Said, reason: Refusal) -> None:
    """Traps that the official filter lets pass are caught before anyone must answer."""
    found = judged(given)
    assert isinstance(found, Refused)
    assert found.reason is reason
    assert found.detail


def test_a_question_is_not_asked_twice() -> None:
    """Not even with its choices in another order."""
    first = judged(said(SENT))
    assert isinstance(first, Question)
    turned = SENT | {"choices": ["A) Lima", "B) Quito", "C) La Paz", "D) Bogota"], "answer": "A"}
    again = judged(said(turned), before={first.id})
    assert isinstance(again, Refused)
    assert again.reason is Refusal.DUPLICATE


def test_just_in_time_is_in_time() -> None:
    """The limit is exclusive."""
    assert isinstance(judged(said(SENT, seconds=12.999)), Question)
    assert isinstance(JUDGE.answer(said({"answer": "B"}, seconds=8.999), SENT), Heard)


HEARD = {
    "a letter": ({"answer": "B", "reasoning": "west"}, "B", Outcome.CLEAN, "west"),
    "lower case": ({"answer": "b"}, "B", Outcome.REPAIRED, ""),
    "the choice's text": ({"answer": "Lima"}, "B", Outcome.REPAIRED, ""),
    "letter and text": ({"answer": "B) Lima"}, "B", Outcome.REPAIRED, ""),
    "a word": ({"answer": "perhaps"}, None, Outcome.MALFORMED, ""),
    "nothing": ({"answer": ""}, None, Outcome.MALFORMED, ""),
    "JSON in a text": ('{"answer": "D"}', "D", Outcome.CLEAN, ""),
}


@pytest.mark.parametrize(("message", "letter", "outcome", "reasoning"), HEARD.values(), ids=HEARD)
def test_what_passes_the_filter_is_heard(
    message: object, letter: str | None, outcome: Outcome, reasoning: str
) -> None:
    """The raw answer is kept for the official comparison, beside what it was understood as."""
    heard = JUDGE.answer(said(message), SENT)
    assert isinstance(heard, Heard)
    assert (heard.letter, heard.outcome, heard.reasoning) == (letter, outcome, reasoning)


LOST = {
    "crashed": (said(None, failure="OSError: gone"), Outcome.CRASHED),
    "late at the limit": (said({"answer": "B"}, seconds=9.0), Outcome.LATE),
    "no answer": (said(None), Outcome.MALFORMED),
    "missing": (said(None, came=False), Outcome.MALFORMED),
    "a fifth letter": (said({"answer": "E"}), Outcome.MALFORMED),
    "half of a surrogate pair": (
        said('{"answer": "B", "reasoning": "\\ud800"}'),
        Outcome.MALFORMED,
    ),
    "a null reasoning": (said({"answer": "B", "reasoning": None}), Outcome.MALFORMED),
}


@pytest.mark.parametrize(("given", "outcome"), LOST.values(), ids=LOST)
def test_what_does_not_count_is_lost_with_its_outcome(given: Said, outcome: Outcome) -> None:
    """A fault of a player is a value here, never an exception."""
    found = JUDGE.answer(given, SENT)
    assert isinstance(found, Lost)
    assert found.outcome is outcome
    assert found.detail


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        ([-0.1, -2.0, -3.0, -4.5], (-0.1, -2.0, -3.0, -4.5)),
        ([-0.1, -2.0], None),
        ([0.5, -1.0, -1.0, -1.0], None),
        ([float("nan"), -1.0, -1.0, -1.0], None),
        (["a", "b", "c", "d"], None),
        ("abcd", None),
    ],
)
def test_probabilities_are_kept_only_when_they_can_be_such(
    found: object, kept: tuple[float, ...] | None
) -> None:
    """The answer counts either way."""
    heard = JUDGE.answer(said({"answer": "B", "log_probs": found}), SENT)
    assert isinstance(heard, Heard)
    assert heard.log_probs == kept


@pytest.mark.parametrize(
    ("named", "drawn", "same"),
    [
        ("Seating", "Seating", True),
        ("seating ", "Seating", True),
        ("Puzzles/Seating", "Seating", True),
        ("Seating", "Puzzles/Seating", True),
        ("Puzzles/Seating", "Logic/Seating", False),
        ("Seat", "Seating", False),
        ("", "Seating", False),
    ],
)
def test_a_topic_may_be_named_with_or_without_its_parent(
    named: str, drawn: str, same: bool
) -> None:
    """Both forms occur in real match files."""
    assert on_topic(named, drawn) is same


@given(
    st.recursive(
        st.none() | st.floats() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*SENT]), inner)
        ),
    )
)
def test_nothing_that_a_player_says_raises(message: object) -> None:
    """Garbage is judged like anything else."""
    assert isinstance(judged(said(message)), Refused)
    assert isinstance(JUDGE.answer(said(message), SENT), (Heard, Lost))
