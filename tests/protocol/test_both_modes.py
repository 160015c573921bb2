"""Golden matches: the official score recomputed here from the published formulas alone, and the
strict score beside it.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from underdog.protocol.both_modes import HandedIn, score_innings_twice, score_match
from underdog.protocol.scoring import InningsScore

KEYS = "ABCDABCDAB"


def words(text: str) -> int:
    """A token counter that a reader can follow."""
    return len(text.split())


def ask(number: int, key: str = "", **changes: object) -> dict[str, Any]:
    """A question whose choices are four numbers."""
    return {
        "topic": "sums",
        "question": f"what is {number} and one",
        "choices": [f"{letter}) {number + place}" for place, letter in enumerate("ABCD")],
        "answer": key or KEYS[number],
    } | changes


def say(letters: str) -> list[object]:
    """One official answer per character; "-" is a null."""
    return [None if letter == "-" else {"answer": letter} for letter in letters]


def transcribed(
    questions: list[dict[str, Any]], answers: list[dict[str, Any] | None]
) -> tuple[float, float]:
    """Facts 1.4 word by word: what the asking side gets, and what the answering side gets."""
    N = len(questions)
    assert len(answers) == N
    correct = sum(
        a is not None and q["answer"][0] == a["answer"]
        for q, a in zip(questions, answers, strict=True)
    )
    return 100 * (N - correct) / (N + 1e-9), 100 * correct / (N + 1e-9)


PLAIN = [ask(number) for number in range(10)]
MIXED = [
    ask(0),
    ask(1, "b"),
    ask(2, "C) 4"),
    ask(3, "Z"),
    *(ask(number) for number in range(4, 8)),
    ask(8, explanation="it is " * 4),
    ask(9),
]
"""All ten pass the official filter; the second's key is lower case, the third's has its text, and
the fourth's names no choice."""
SHORT: list[object] = [*PLAIN[:4], *["no JSON"] * 5, json.dumps(ask(9)) + "}"]
"""Four of ten pass: disqualified."""
HALF: list[object] = [*PLAIN[:5], *["no JSON"] * 5]
"""Five of ten pass: just enough."""


def test_a_match_with_nulls_and_odd_letters_scores_as_published() -> None:
    """A's ten plain questions against nulls, lower case and letters with their texts; B's ten mixed
    ones against clean answers. The totals are those of the formulas, to the last bit.
    """
    of_b: list[object] = [*say("ABC-"), {"answer": "a"}, {"answer": "B) 6"}, *say("CDAA")]
    of_a: list[object] = say("ABCDABCD-A")
    found = score_match(HandedIn(PLAIN, of_a), HandedIn(MIXED, of_b), words)
    asking_a, answering_b = transcribed(PLAIN, of_b)  # type: ignore[arg-type]
    asking_b, answering_a = transcribed(MIXED, of_a)  # type: ignore[arg-type]
    assert found.official == (asking_a + answering_a, asking_b + answering_b)
    assert (found.first.official, found.second.official) == (
        InningsScore(10, 6),
        InningsScore(10, 6),
    )


def test_the_same_match_read_strictly_says_where_it_differs() -> None:
    """Strictly "a" and "B) 6" are right, the key "b" is B, and the question with key "Z" is not
    counted for either side; each such place is a note.
    """
    of_b: list[object] = [*say("ABC-"), {"answer": "a"}, {"answer": "B) 6"}, *say("CDAA")]
    found = score_match(HandedIn(PLAIN, say("ABCDABCD-A")), HandedIn(MIXED, of_b), words)
    assert found.first.strict == InningsScore(10, 8)
    assert found.first.notes == (
        "question 5: strictly, {'answer': 'a'} is right",
        "question 6: strictly, {'answer': 'B) 6'} is right",
    )
    assert found.second.strict == InningsScore(9, 7)
    assert len(found.second.notes) == 2
    assert found.second.notes[0] == "question 2: strictly, {'answer': 'B'} is right"
    assert found.second.notes[1].startswith("question 4 left out: ")
    assert found.sentence() == "official 100.0 : 100.0; strict 97.8 : 102.2"


@pytest.mark.parametrize(("questions", "put"), [(SHORT, 0), (HALF, 5)], ids=["4 of 10", "5 of 10"])
def test_a_side_with_less_than_half_valid_scores_as_published(
    questions: list[object], put: int
) -> None:
    """With 4 valid of 10 nothing is put, and the innings gives 0 to both; 5 of 10 are put and
    count by five.
    """
    of_b = say("ABDDCB-DA-")
    of_a = say("AbC-A")[:put]
    found = score_match(HandedIn(questions, of_b), HandedIn(PLAIN, of_a), words)
    asking_a, answering_b = transcribed(PLAIN[:put], of_a)  # type: ignore[arg-type]
    asking_b, answering_a = transcribed(PLAIN, of_b)  # type: ignore[arg-type]
    assert found.official == (asking_a + answering_a, asking_b + answering_b)
    assert found.first.official == InningsScore(put, 3 if put else 0)
    assert found.first.strict == InningsScore(put, 4 if put else 0)
    assert found.second.official == found.second.strict == InningsScore(10, 6)


def test_a_clean_match_has_one_score_and_no_note() -> None:
    """Where the modes agree, one result is shown."""
    found = score_match(HandedIn(PLAIN, say(KEYS)), HandedIn(PLAIN, say("ABCDABCD--")), words)
    assert found.official == found.strict
    assert found.first.notes == found.second.notes == ()
    assert found.sentence() == "official and strict 120.0 : 80.0"


def test_unusable_questions_disqualify_strictly_alone() -> None:
    """Six keys of ten that name no choice pass officially, and are free points there."""
    unfair = [*PLAIN[:4], *(ask(number, "Z") for number in range(4, 10))]
    found = score_innings_twice(unfair, say(KEYS), words)
    assert found.official == InningsScore(10, 4)
    assert found.strict == InningsScore(0, 0)
    assert found.notes[-1] == "strictly, fewer than half of the questions are usable"


@pytest.mark.parametrize(
    ("questions", "answers", "strict", "note"),
    [
        ([*PLAIN, "7"], say(KEYS), InningsScore(0, 0), "no question was put: "),
        (PLAIN, say(KEYS[:9]), InningsScore(0, 0), "nothing can be aligned: 9 answers to 10"),
        (PLAIN, [*say(KEYS[:9]), "2"], InningsScore(10, 9), "a message that the official filter"),
        ([*PLAIN[:9], ask(9, answer="")], say(KEYS), InningsScore(9, 9), "a key of at least one"),
    ],
    ids=["question filter", "lengths", "answer filter", "empty key"],
)
def test_where_the_published_code_ends_there_is_no_official_score(
    questions: list[object], answers: list[object], strict: InningsScore, note: str
) -> None:
    """None and the reason, never a zero; what can be read strictly still counts."""
    found = score_innings_twice(questions, answers, words)
    assert (found.official, found.strict) == (None, strict)
    assert found.notes[0].startswith(note)
    whole = score_match(HandedIn(questions, say(KEYS)), HandedIn(PLAIN, answers), words)
    assert whole.official is None
    assert whole.sentence().startswith("official: the published code ends without a score; strict ")
