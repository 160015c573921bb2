"""The official question shape."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.errors import InputError, ProtocolError
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question, find_fault
from underdog.protocol.official import read_question, write_question

OFFICIAL_FILES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "aiac"
PERU = Question(
    "Capital of Peru?",
    ("Quito", "Lima", "Bogota", "La Paz"),
    1,
    topic="geography",
    explanation="Lima is.",
)
PERU_JSON: dict[str, Any] = {
    "topic": "geography",
    "question": "Capital of Peru?",
    "choices": ["A) La Paz", "B) Quito", "C) Lima", "D) Bogota"],
    "answer": "C",
    "explanation": "Lima is.",
}


def read(**changes: object) -> Question:
    return read_question(PERU_JSON | changes)


def test_a_question_is_written_in_the_order_shown() -> None:
    """Labels and key follow the presentation."""
    assert write_question(PERU, Presentation((3, 0, 1, 2))) == PERU_JSON


def test_a_question_without_a_key_is_written_without_one() -> None:
    """Absence is absence, not an empty text."""
    unknown = Question(PERU.text, PERU.choices, None)
    assert "answer" not in write_question(unknown, Presentation.identity(4))


TEXTS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)


@given(
    text=TEXTS,
    choices=st.lists(TEXTS, min_size=2, max_size=6).map(tuple),
    answer=st.integers(0, 5),
    topic=st.text(max_size=4),
    explanation=st.text(max_size=4),
    seed=st.integers(0, 99),
)
def test_reading_undoes_writing(
    text: str, choices: tuple[str, ...], answer: int, topic: str, explanation: str, seed: int
) -> None:
    """The same question comes back, its choices in the order shown."""
    if find_fault(text, choices, answer):
        return
    question = Question(text, choices, answer, topic=topic, explanation=explanation)
    order = Presentation.shuffled(len(choices), seed=seed)
    found = read_question(json.loads(json.dumps(write_question(question, order))))
    assert found.choices == order.show(choices)
    assert found.answer_text == question.answer_text
    assert (found.id, found.text, found.topic) == (question.id, text, topic)
    assert found.explanation == explanation


SAME = {
    "a mapping": {"choices": {"A": "La Paz", "B": "Quito", "C": "Lima", "D": "Bogota"}},
    "a mapping in lower case": {
        "choices": {"a": "La Paz", "b": "Quito", "c": "Lima", "d": "Bogota"}
    },
    "a mapping with labels": {
        "choices": {"A": "A) La Paz", "B": "B) Quito", "C": "C) Lima", "D": "D) Bogota"}
    },
    "no labels": {"choices": ["La Paz", "Quito", "Lima", "Bogota"]},
    "other labels": {"choices": ["A. La Paz", "B. Quito", "C. Lima", "D. Bogota"]},
    "brackets": {"choices": ["(A) La Paz", "(B) Quito", "(C) Lima", "(D) Bogota"]},
    "4: doubled labels": {"choices": ["A) A) La Paz", "B) B) Quito", "C) C) Lima", "D) D) Bogota"]},
    "5: expected_answer": {"answer": None, "expected_answer": "C"},
    "1.6: correct_answer": {"answer": None, "correct_answer": "C"},
    "8: lower-case key": {"answer": "c"},
    "9: key with its text": {"answer": "C) Lima"},
    "key as text": {"answer": " lima "},
    "key as label": {"answer": "C)"},
}


@pytest.mark.parametrize("changes", SAME.values(), ids=SAME)
def test_other_forms_of_the_same_question_are_read_alike(changes: dict[str, object]) -> None:
    """Lists, mappings, label styles and names of the key make no difference."""
    found = read(**changes)
    assert found.choices == ("La Paz", "Quito", "Lima", "Bogota")
    assert found.answer_text == "Lima"
    assert found.id == PERU.id


def test_labels_out_of_order_keep_their_meaning() -> None:
    """The key names the label, not the place."""
    found = read(choices=["B) Lima", "A) La Paz", "D) Quito", "C) Bogota"], answer="B")
    assert found.answer_text == "Lima"


def test_a_letter_is_a_label_even_where_a_choice_is_that_letter() -> None:
    """Choices that are letters themselves ("which vitamin") do not make the key ambiguous."""
    found = read(choices=["A) B", "B) A", "C) D", "D) C"], answer="A")
    assert found.answer_text == "B"


def test_texts_that_only_look_labelled_are_left_alone() -> None:
    """Taking labels off must not empty or confuse the choices."""
    assert read(choices=["A) x", "A) y", "A) z", "A) w"], answer="A").choices[0] == "A) x"
    assert read(choices=["A. Smith", "Quito", "Lima", "Rome"], answer="A").choices[0] == "A. Smith"


def test_a_missing_key_is_none() -> None:
    """Stripped questions can be read too."""
    assert read(answer=None).answer is None


BAD = {
    "not an object": ([], "a question is a JSON object; got list"),
    "no choices": (PERU_JSON | {"choices": None}, '"choices" is a list or an object; got NoneType'),
    "a text as choices": (PERU_JSON | {"choices": "ABCD"}, "list or an object; got str"),
    "a number among them": (PERU_JSON | {"choices": [1, "x"]}, "every choice is a text"),
    "other labels": (PERU_JSON | {"choices": {"A": "x", "C": "y"}}, "under the letters from A"),
    "27 choices": (
        PERU_JSON | {"choices": list(map(str, range(27)))},
        "at most 26 choices; got 27",
    ),
    "same choices": (
        PERU_JSON | {"choices": ["A) x", "B) x"], "answer": "A"},
        "choices that differ",
    ),
    "one choice": (PERU_JSON | {"choices": ["A) x"], "answer": "A"}, "2 to 26 choices, not 1"),
    "labels only": (
        PERU_JSON | {"choices": ["A) ", "B) ", "C) ", "D) "]},
        "a text after each label",
    ),
    "no text": (PERU_JSON | {"question": " "}, "a question needs a text"),
    "text null": (PERU_JSON | {"question": None}, '"question" is a text; got NoneType'),
    "topic": (PERU_JSON | {"topic": 3}, '"topic" is a text; got int'),
    "key out of range": (
        PERU_JSON | {"answer": "Z"},
        '"answer" names one choice out of A, B, C, D',
    ),
    "key of no choice": (PERU_JSON | {"answer": "572"}, "'572', which names none"),
    "empty key": (PERU_JSON | {"answer": ""}, "'', which names none"),
    "key as a number": (PERU_JSON | {"answer": 2}, "a letter or the text of a choice; got 2"),
    "label of another text": (PERU_JSON | {"answer": "A) Lima"}, "which names none"),
    "label and text of two choices": (
        PERU_JSON | {"choices": ["B) y", "y", "z", "w"], "answer": "B) y"},
        r"'B\) y', which names two",
    ),
}


@pytest.mark.parametrize(("value", "message"), BAD.values(), ids=BAD)
def test_what_cannot_be_read_is_named(value: object, message: str) -> None:
    """One clear sentence about the field at fault."""
    with pytest.raises(ProtocolError, match=message) as caught:
        read_question(value)
    assert isinstance(caught.value, InputError)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["A", "B", *PERU_JSON]), inner)
        ),
        max_leaves=10,
    )
)
def test_nothing_but_a_protocol_error_comes_out(value: object) -> None:
    """Foreign JSON is read or refused, whatever it is."""
    with suppress(ProtocolError):
        assert isinstance(read_question(value), Question)


@pytest.mark.skipif(
    not OFFICIAL_FILES.is_dir(), reason="the official files are not on this machine"
)
def test_the_official_samples_are_read() -> None:
    """Every sample question is read, or refused for a fault that it is known to have."""
    refused = []
    paths = sorted(OFFICIAL_FILES.glob("*/sample_question.json"))
    questions = [each for path in paths for each in json.loads(path.read_text("utf-8"))]
    for each in questions:
        try:
            assert read_question(each).answer is not None
        except ProtocolError as error:
            refused.append(str(error))
    assert len(questions) > 2
    assert len(refused) <= 1, refused
