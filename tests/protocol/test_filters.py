"""The official filters. The golden cases were written by hand from what is known of the official
code (facts/evaluation-and-tournament.md 1.3 and 1.5); the numbers in the ids are its traps.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.errors import ProtocolError
from underdog.protocol.filters import (
    Fault,
    enough,
    filter_answer,
    filter_answers,
    filter_question,
    filter_questions,
)

GOOD: dict[str, Any] = {
    "topic": "Seating",
    "question": "who sits left of Ann",
    "choices": ["A) Bob", "B) Cid", "C) Dan", "D) Eve"],
    "answer": "C",
    "explanation": "she said so",
}


def words(text: str) -> int:
    """A token counter that a reader can follow."""
    return len(text.split())


def without(*names: str) -> dict[str, Any]:
    return {name: item for name, item in GOOD.items() if name not in names}


PASSES = {
    "plain": GOOD,
    "without explanation": without("explanation"),
    "a string with JSON": json.dumps(GOOD),
    "8: an empty key": GOOD | {"answer": ""},
    "8: a key that is no choice": GOOD | {"answer": "Z"},
    "8: a number as key": GOOD | {"answer": "572"},
    "8, 9: a key with its text": GOOD | {"answer": "A) 572"},
    "8: a lower-case key": GOOD | {"answer": "c"},
    "8: all choices labelled A": GOOD | {"choices": ["A) x", "A) y", "A) z", "A) w"]},
    "8: four identical choices": GOOD | {"choices": ["A) x"] * 4},
    "8: labels without texts": GOOD | {"choices": ["A) ", "B) ", "C) ", "D) "]},
    "8: no labels, first letters fit": GOOD | {"choices": ["Dog", "Cat", "Bat", "Ape"]},
    "8: lower-case first letters": GOOD | {"choices": ["dog", "cat", "bat", "ape"]},
    "8: an empty question": GOOD | {"question": ""},
    "4: doubled labels": GOOD | {"choices": ["A) A) x", "B) B) y", "C) C) z", "D) D) w"]},
    "any topic": GOOD | {"topic": None},
}
FAILS = {
    "5: the key under its 2026 name": without("answer") | {"expected_answer": "C"},
    "no topic": without("topic"),
    "choices as a mapping": GOOD | {"choices": {"A": "Bob", "B": "Cid", "C": "Dan", "D": "Eve"}},
    "three choices": GOOD | {"choices": GOOD["choices"][:3]},
    "five choices": GOOD | {"choices": [*GOOD["choices"], "A) Fay"]},
    "a choice of two letters": GOOD | {"choices": ["A)", "B) y", "C) z", "D) w"]},
    "a choice that begins with E": GOOD | {"choices": ["E) x", "B) y", "C) z", "D) w"]},
    "a choice that is a number": GOOD | {"choices": [1, "B) y", "C) z", "D) w"]},
    "a choice that is null": GOOD | {"choices": [None, "B) y", "C) z", "D) w"]},
    "a text as choices": GOOD | {"choices": "ABCD"},
    "no JSON": '```json\n{"topic": 1}\n```',
    "3: the tuple of a repaired reply": [json.dumps(GOOD), None, None],
    "a JSON list": "[1, 2]",
    "a JSON text": '"topic"',
    "nothing": None,
}
CRASHES = {
    "7: a number as key": GOOD | {"answer": 3},
    "7: no choices": GOOD | {"choices": None},
    "choices that are a number": GOOD | {"choices": 4},
    "7: a null explanation": GOOD | {"explanation": None},
    "7: a string that holds a number": "7",
    "a string that holds null": "null",
    "a question that is null": GOOD | {"question": None},
    "a JSON text that names all keys": '"topic question choices answer"',
    "JSON nested beyond Python's stack": "[" * 100_000,
}


@pytest.mark.parametrize("message", PASSES.values(), ids=PASSES)
def test_these_pass_the_official_filter(message: object) -> None:
    """The filter looks at shapes and lengths only."""
    filtered = filter_question(message, words)
    assert filtered.finding is None
    assert filtered.value is not None
    assert "question" in filtered.value


@pytest.mark.parametrize("message", FAILS.values(), ids=FAILS)
def test_these_fail_alone(message: object) -> None:
    """The question is lost, the others are not."""
    filtered = filter_question(message, words)
    assert filtered.value is None
    assert filtered.finding is not None
    assert filtered.finding.fault is Fault.FORMAT
    assert filtered.finding.detail


@pytest.mark.parametrize("message", CRASHES.values(), ids=CRASHES)
def test_these_end_the_official_program(message: object) -> None:
    """The official filter raises here, so that no question of the team remains."""
    filtered = filter_question(message, words)
    assert filtered.finding is not None
    assert filtered.finding.fault is Fault.CRASHES
    with pytest.raises(ProtocolError, match="survives"):
        filter_questions([GOOD, message], words)


def test_trap_1_the_letters_of_one_question_end_the_program() -> None:
    """A batch of one becomes its characters; the first digit among them is JSON, and a number."""
    with pytest.raises(ProtocolError, match="JSON that is a int"):
        filter_questions(list(json.dumps(GOOD | {"question": "2 and 2"})), words)


@pytest.mark.parametrize(("extra", "passes"), [(0, True), (1, False)])
def test_a_question_stays_below_130_tokens_less_15(extra: int, passes: bool) -> None:
    """Question + answer + choices - 15 < 130: 135 words, 1 and 8 are 129 at most."""
    filtered = filter_question(GOOD | {"question": "w " * (135 + extra)}, words)
    assert (filtered.finding is None) is passes
    assert passes or filtered.finding == (Fault.TOO_LONG, "130 tokens, below 130 are allowed")


@pytest.mark.parametrize(("extra", "passes"), [(0, True), (1, False)])
def test_an_explanation_may_bring_it_to_1024(extra: int, passes: bool) -> None:
    """5 + 1 + 8 - 15 = -1 tokens without it, so 1025 words are the most."""
    filtered = filter_question(GOOD | {"explanation": "w " * (1025 + extra)}, words)
    assert (filtered.finding is None) is passes
    assert passes or "1025 tokens with the explanation" in str(filtered.finding)


def test_a_null_explanation_of_a_long_question_is_never_looked_at() -> None:
    """Lengths are checked first, so this one fails without ending the program."""
    filtered = filter_question(GOOD | {"question": "w " * 200, "explanation": None}, words)
    assert filtered.finding is not None
    assert filtered.finding.fault is Fault.TOO_LONG


@pytest.mark.parametrize(("bad", "left"), [(0, 4), (2, 2), (3, 0), (4, 0)])
def test_fewer_than_half_disqualifies(bad: int, left: int) -> None:
    """Exactly half is enough."""
    messages = [GOOD] * (4 - bad) + ["no JSON"] * bad
    assert len(filter_questions(messages, words)) == left


@pytest.mark.parametrize(("valid", "of", "stays"), [(0, 0, True), (0, 1, False), (2, 5, False)])
def test_half_is_taken_of_what_was_asked(valid: int, of: int, stays: bool) -> None:
    """2 of 5 is not enough; nothing of nothing is."""
    assert enough(valid, of) is stays


ANSWER_PASSES = {
    "plain": {"answer": "B", "reasoning": "because"},
    "lower case": {"answer": "b"},
    "a string with JSON": '{"answer": "D"}',
    "9: a letter with its text": {"answer": "B) 572"},
    "an empty answer": {"answer": ""},
    "other keys": {"answer": "A", "log_probs": [0.1]},
}
ANSWER_FAILS = {
    "another letter": {"answer": "E"},
    "a number": {"answer": 2},
    "null": {"answer": None},
    "no answer": {"reasoning": "?"},
    "50 tokens": {"answer": "w " * 50},
    "512 tokens with the reasoning": {"answer": "B", "reasoning": "w " * 511},
    "a bare letter": "B",
    "nothing": None,
}
ANSWER_CRASHES = {
    "7: a null reasoning": {"answer": "B", "reasoning": None},
    "7: a string that holds a number": "2",
    "a JSON text with the word": '"answer"',
}


@pytest.mark.parametrize("message", ANSWER_PASSES.values(), ids=ANSWER_PASSES)
def test_these_answers_pass(message: object) -> None:
    """Whether they are right is another matter."""
    filtered = filter_answer(message, words)
    assert filtered.value is not None
    assert "answer" in filtered.value


@pytest.mark.parametrize("message", ANSWER_FAILS.values(), ids=ANSWER_FAILS)
def test_these_answers_become_null_at_their_place(message: object) -> None:
    """11: dropping them instead would shift every later answer."""
    first, middle, last = filter_answers([{"answer": "A"}, message, {"answer": "C"}], words)
    assert middle is None
    assert (first, last) == ({"answer": "A"}, {"answer": "C"})


@pytest.mark.parametrize("message", ANSWER_CRASHES.values(), ids=ANSWER_CRASHES)
def test_these_answers_end_the_official_program(message: object) -> None:
    """A team loses all its answers with one of these."""
    finding = filter_answer(message, words).finding
    assert finding is not None
    assert finding.fault is Fault.CRASHES
    with pytest.raises(ProtocolError):
        filter_answers([message], words)


def test_an_answer_of_49_tokens_with_462_of_reasoning_passes() -> None:
    """Both limits are exclusive: below 50, and below 512 together."""
    message = {"answer": "w " * 49, "reasoning": "w " * 462}
    assert filter_answer(message, words).finding is None


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*GOOD, "reasoning"]), inner, max_size=6)
    ),
    max_leaves=12,
)


@given(JSON_VALUES)
def test_no_message_makes_our_filters_raise(message: object) -> None:
    """Whatever comes is judged: a value or a finding, never both, never neither."""
    for judged in (filter_question(message, words), filter_answer(message, words)):
        assert (judged.value is None) != (judged.finding is None)
