"""The reproduced traps of the published scaffold, each in both modes: what the official code does
with it (`filters`, `scoring`), and what strict reading makes of it (`strict`).

Source of the traps and their numbers: facts/evaluation-and-tournament.md 1.5. Traps 6 and 12
(unused sampling options, the slow first call) show in no file.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.errors import ProtocolError
from underdog.protocol.filters import (
    Fault,
    filter_answer,
    filter_answers,
    filter_question,
    filter_questions,
)
from underdog.protocol.official import read_question
from underdog.protocol.scoring import InningsScore, is_right, score_innings
from underdog.protocol.strict import Repair, strict_answer, strict_question, strict_questions

GOOD: dict[str, Any] = {
    "topic": "Seating",
    "question": "who sits left of Ann",
    "choices": ["A) Bob", "B) Cid", "C) Dan", "D) Eve"],
    "answer": "C",
    "explanation": "she said so",
}
FENCED = f"```json\n{json.dumps(GOOD)}\n```"
TUPLE = [json.dumps(GOOD), None, None]
PASSES = "passes"
"""Beside the faults: what the official filter says of a question that it lets through."""


def words(text: str) -> int:
    """A token counter that a reader can follow."""
    return len(text.split())


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key != name}


def choices(*found: str) -> dict[str, Any]:
    return GOOD | {"choices": list(found)}


QUESTIONS: dict[str, tuple[object, str, tuple[Repair, ...] | str]] = {
    "none": (GOOD, PASSES, ()),
    "3 tuple": (TUPLE, Fault.FORMAT, (Repair.TUPLE,)),
    "3 fence": (FENCED, Fault.FORMAT, (Repair.FENCE,)),
    "3 fence in a tuple": ([FENCED, 31, 0.5], Fault.FORMAT, (Repair.TUPLE, Repair.FENCE)),
    "4 doubled labels": (
        choices("A) A) Bob", "B) B) Cid", "C) C) Dan", "D) D) Eve"),
        PASSES,
        (Repair.LABELS,),
    ),
    "5 expected_answer": (
        without("answer") | {"expected_answer": "C"},
        Fault.FORMAT,
        (Repair.KEY_NAME,),
    ),
    "5 expected_answer beside a null key": (
        GOOD | {"answer": None, "expected_answer": "c"},
        Fault.CRASHES,
        (Repair.KEY_NAME, Repair.LETTER),
    ),
    "7 key as a number": (GOOD | {"answer": 3}, Fault.CRASHES, "letter or the text of a choice"),
    "7 null choices": (GOOD | {"choices": None}, Fault.CRASHES, "list or an object; got NoneType"),
    "7 null explanation": (GOOD | {"explanation": None}, Fault.CRASHES, (Repair.NULL,)),
    "7 a string that is a number": ("572", Fault.CRASHES, "a int instead of an object"),
    "8 empty key": (GOOD | {"answer": ""}, PASSES, "'', which names none"),
    "8 key of no choice": (GOOD | {"answer": "Z"}, PASSES, "'Z', which names none"),
    "8 number as key": (GOOD | {"answer": "572"}, PASSES, "'572', which names none"),
    "8 key with another text": (GOOD | {"answer": "A) 572"}, PASSES, "which names none"),
    "8 lower-case key": (GOOD | {"answer": "c"}, PASSES, (Repair.LETTER,)),
    "8 all labelled A": (
        choices("A) Bob", "A) Cid", "A) Dan", "A) Eve"),
        PASSES,
        (Repair.CHOICES,),
    ),
    "8 identical choices": (choices(*["A) Bob"] * 4), PASSES, "choices that differ"),
    "8 empty labels": (choices("A) ", "B) ", "C) ", "D) "), PASSES, "a text after each label"),
    "8 unlabelled": (choices("Dog", "Cat", "Bat", "Ape"), PASSES, (Repair.CHOICES,)),
    "8 empty question": (GOOD | {"question": ""}, PASSES, "a question needs a text"),
    "9 key with its text": (GOOD | {"answer": "C) Dan"}, PASSES, (Repair.LETTER,)),
    "labels out of order": (
        choices("B) Cid", "A) Bob", "D) Eve", "C) Dan"),
        PASSES,
        (Repair.CHOICES,),
    ),
}
"""By trap: the message, the official filter's word on it, and strictly repairs or the reason."""


@pytest.mark.parametrize(
    ("message", "official"), [row[:2] for row in QUESTIONS.values()], ids=QUESTIONS
)
def test_official_mode_does_with_a_question_what_the_published_filter_does(
    message: object, official: str
) -> None:
    """It passes unchanged, is lost alone, or ends the program and takes a good one with it."""
    filtered = filter_question(message, words)
    found = PASSES if filtered.finding is None else filtered.finding.fault
    assert found == official
    if official == Fault.CRASHES:
        with pytest.raises(ProtocolError, match="a message that the official filter survives"):
            filter_questions([GOOD, message], words)
    else:
        passed = (GOOD, message) if official == PASSES else (GOOD,)
        assert filter_questions([GOOD, message], words) == passed


@pytest.mark.parametrize(
    ("message", "strict"), [(row[0], row[2]) for row in QUESTIONS.values()], ids=QUESTIONS
)
def test_strict_mode_repairs_a_question_or_says_why_not(
    message: object, strict: tuple[Repair, ...] | str
) -> None:
    """A repaired one is the question that was meant: four bare choices, and the third is right."""
    found = strict_question(message, words)
    if isinstance(strict, str):
        assert found.question is None
        assert found.shown is None
        assert strict in found.refused
        return
    assert (found.repairs, found.refused) == (strict, "")
    assert found.question is not None
    assert found.question.answer == 2
    assert found.question.choices[2] in ("Dan", "Bat", "A) Dan")


ASKED = read_question(GOOD)
ANSWERS: dict[str, tuple[object, str, tuple[Repair, ...] | str]] = {
    "none": ({"answer": "C"}, "right", ()),
    "another choice": ({"answer": "B"}, "wrong", ()),
    "1 the null of a batch of one": (None, "null", "a NoneType instead of an object"),
    "3 tuple": (["C", None, None], "null", (Repair.TUPLE, Repair.OBJECT)),
    "3 fence": ('```json\n{"answer": "C"}\n```', "null", (Repair.FENCE,)),
    "7 null reasoning": ({"answer": "C", "reasoning": None}, "crash", (Repair.NULL,)),
    "7 a string that is a number": ("2", "crash", "a int instead of an object"),
    "7 number": ({"answer": 2}, "null", '"answer" that is a int'),
    "9 lower case": ({"answer": "c"}, "wrong", (Repair.LETTER,)),
    "9 letter with its text": ({"answer": "C) Dan"}, "wrong", (Repair.LETTER,)),
    "13 letter after a space": ({"answer": " C"}, "wrong", (Repair.LETTER,)),
    "13 a letter in a word": ({"answer": "BECAUSE"}, "wrong", "'BECAUSE' names no choice"),
    "13 a bare letter": ("C", "null", (Repair.OBJECT,)),
    "a fifth letter": ({"answer": "E"}, "null", "'E' names no choice"),
    "empty": ({"answer": ""}, "wrong", "'' names no choice"),
}
"""By trap: the message, its official fate, and strictly the repairs or the reason. All but "another
choice" that can be read mean the right one."""


@pytest.mark.parametrize(
    ("message", "official"), [row[:2] for row in ANSWERS.values()], ids=ANSWERS
)
def test_official_mode_does_with_an_answer_what_the_published_code_does(
    message: object, official: str
) -> None:
    """Right, wrong as it stands, null at its place, or the end of all answers."""
    filtered = filter_answer(message, words)
    if official == "crash":
        assert filtered.finding is not None
        assert filtered.finding.fault is Fault.CRASHES
        with pytest.raises(ProtocolError, match="a message that the official filter survives"):
            filter_answers([{"answer": "C"}, message], words)
        return
    aligned = filter_answers([{"answer": "C"}, message, {"answer": "C"}], words)
    assert (aligned[1] is None) is (official == "null")
    assert is_right(GOOD, aligned[1]) is (official == "right")
    assert score_innings([GOOD] * 3, aligned) == InningsScore(3, 2 + (official == "right"))


@pytest.mark.parametrize(
    ("message", "strict"), [(row[0], row[2]) for row in ANSWERS.values()], ids=ANSWERS
)
def test_strict_mode_reads_an_answer_or_says_why_not(
    message: object, strict: tuple[Repair, ...] | str
) -> None:
    """One upper-case letter comes out, or the reason."""
    found = strict_answer(message, ASKED, words)
    if isinstance(strict, str):
        assert (found.letter, found.refused) == (None, strict)
        return
    meant = "B" if message == {"answer": "B"} else "C"
    assert (found.letter, found.repairs, found.refused) == (meant, strict, "")


def spread(count: int) -> list[object]:
    """What the published batching (5 a batch) makes of `count` questions (traps 1 and 2): the rest
    is processed twice, and a rest of one is spread into characters.
    """
    texts = [json.dumps(GOOD | {"question": f"who sits at seat {n}"}) for n in range(count)]
    rest = count % 5
    last = texts[count - rest :]
    if rest == 1:
        return [*texts[:-1], *last[0], *last[0]]
    return [*texts, *last]


@pytest.mark.parametrize("count", [1, 6, 11, 21])
def test_trap_1_a_batch_of_one_as_characters(count: int) -> None:
    """Official: a digit among the characters ends the program. Strict: joined, once."""
    messages = spread(count)
    assert len(messages) > 100
    with pytest.raises(ProtocolError, match="JSON that is a int"):
        filter_questions(messages, words)
    found = strict_questions(messages, words)
    assert [each.question is not None for each in found] == [True] * count + [False]
    assert found[count - 1].repairs == (Repair.JOINED,)
    assert "was asked before" in found[-1].refused


def test_trap_1_characters_that_make_no_question_are_one_refusal() -> None:
    """Official: letters alone are no JSON, and the list is disqualified. Strict: one refusal."""
    assert filter_questions(list("no question"), words) == ()
    (found,) = strict_questions(list("no question"), words)
    assert found.refused == "a str instead of an object"


def test_trap_2_the_last_batch_twice() -> None:
    """N = 23 gives 26 questions. Official: all 26 pass. Strict: 23, the repeats named."""
    messages = spread(23)
    assert len(filter_questions(messages, words)) == 26
    found = strict_questions(messages, words)
    assert sum(each.question is not None for each in found) == 23
    assert all("was asked before" in each.refused for each in found[23:])


def test_trap_3_five_fenced_of_twenty() -> None:
    """Official: the repaired ones are lost, 15 stay. Strict: all 20."""
    messages: list[object] = [GOOD | {"question": f"question {n}"} for n in range(15)]
    messages += [
        [f"```json\n{json.dumps(GOOD | {'question': f'question {n}'})}\n```", None, None]
        for n in range(15, 20)
    ]
    assert len(filter_questions(messages, words)) == 15
    assert all(each.question for each in strict_questions(messages, words))


def test_trap_8_an_empty_key_ends_the_scoring_and_a_wrong_one_is_free_points() -> None:
    """Official: the one raises, the other makes every answer wrong. Strict: neither is put."""
    with pytest.raises(ProtocolError, match="a key of at least one letter"):
        score_innings([GOOD | {"answer": ""}], [{"answer": "A"}])
    unfair = [GOOD | {"answer": "Z"}] * 4
    assert score_innings(unfair, [{"answer": letter} for letter in "ABCD"]) == InningsScore(4, 0)
    assert not any(each.question for each in strict_questions(unfair, words))


def test_trap_10_key_and_explanation_in_the_file_for_the_other_side() -> None:
    """Official: handed over as they are. Strict: question and choices, nothing else."""
    (handed_over,) = filter_questions([GOOD], words)
    assert (handed_over["answer"], handed_over["explanation"]) == ("C", "she said so")
    shown = strict_question(GOOD, words).shown
    assert shown == {"question": GOOD["question"], "choices": GOOD["choices"]}


def test_trap_11_an_answer_dropped_instead_of_nulled() -> None:
    """Both modes: another length is refused, and a list filled up at its end counts shifted, for no
    file says which answer belongs where.
    """
    asked = [GOOD | {"answer": letter} for letter in "ABC"]
    kept = [{"answer": "B"}, {"answer": "C"}]
    with pytest.raises(ProtocolError, match="2 answers to 3 questions"):
        score_innings(asked, kept)
    assert score_innings(asked, [None, *kept]) == InningsScore(3, 2)
    assert score_innings(asked, [*kept, None]) == InningsScore(3, 0)


ANY_JSON = st.recursive(
    st.none() | st.integers() | st.floats() | st.text('ABCD{}[]`)" 1', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*GOOD, "reasoning", "A", "B"]), inner, max_size=6)
    ),
    max_leaves=12,
)


@settings(max_examples=60)
@given(ANY_JSON)
def test_strict_mode_never_raises(message: object) -> None:
    """Whatever a file holds is read or refused with a reason, never both, never neither."""
    asked, said = strict_question(message, words), strict_answer(message, ASKED, words)
    assert (asked.question is None) == bool(asked.refused)
    assert (said.letter is None) == bool(said.refused)


@given(st.text(max_size=30), st.integers(2, 4))
def test_strict_mode_leaves_clean_questions_alone(text: str, count: int) -> None:
    """Any list of clean, different questions comes through whole, in order, without a repair."""
    messages = [GOOD | {"question": f"{n} {text}"} for n in range(count)]
    found = strict_questions(messages, words)
    assert [each.question and each.question.text for each in found] == [
        each["question"] for each in messages
    ]
    assert not any(each.repairs for each in found)
