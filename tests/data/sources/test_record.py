"""Records under every alias and every shape of choices."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from question_files import any_questions, instruction

from underdog.data.open_question import OpenQuestion
from underdog.data.quality import UNSCREENED, Checked, check
from underdog.data.reject import Reason
from underdog.data.sources.candidate import Broken, Candidate
from underdog.data.sources.record import read_record
from underdog.mcq.question import Question

CITIES = ["Paris", "Lima", "Oslo", "Rome"]
Q = {"question": "Capital of Peru?"}
WHOLE = ("Capital of Peru?", tuple(CITIES), 1)


def judge(value: Any) -> Any:
    """(text, choices, answer) of a good row, or the reason of a bad one."""
    judged = check(read_record(1, value), file="f", rules=UNSCREENED)
    if isinstance(judged, OpenQuestion):
        return judged.text, judged.answer, judged.aliases
    if isinstance(judged, Checked):
        return judged.question.text, judged.question.choices, judged.question.answer
    return judged.reason


@pytest.mark.parametrize(
    "value",
    [
        {**Q, "choices": CITIES, "answer": "B"},
        {**Q, "choices": CITIES, "answer": 1},
        {**Q, "choices": CITIES, "answer": 1.0},
        {**Q, "choices": CITIES, "answer": "Lima"},
        {**Q, "options": CITIES, "correct_answer": "lima"},
        {**Q, "choices": CITIES, "expected_answer": "B"},
        {**Q, "choices": CITIES, "answerKey": "B"},
        {**Q, "choices": CITIES, "answer_index": 1},
        {**Q, "choices": CITIES, "answer_text": "Lima"},
        {**Q, "choices": CITIES, "answer": None, "correct_answer": "B"},
        {**Q, "choices": ["A) Paris", "B) Lima", "C) Oslo", "D) Rome"], "answer": "B"},
        {**Q, "choices": ["A) Paris", "B) Lima", "C) Oslo", "D) Rome"], "answer": "B) Lima"},
        {**Q, "choices": ["(a) Paris", "(b) Lima", "(c) Oslo", "(d) Rome"], "answer": "b"},
        {**Q, "choices": ["1. Paris", "2. Lima", "3. Oslo", "4. Rome"], "answer": "2"},
        {**Q, "choices": dict(zip("ABCD", CITIES, strict=True)), "answer": "B"},
        {**Q, "choices": dict(zip("ABCD", CITIES, strict=True)), "answer": "Lima"},
        {**Q, "choices": {"text": CITIES, "label": list("ABCD")}, "answerKey": "B"},
        {**Q, "choices": {"text": CITIES, "label": list("1234")}, "answerKey": "2"},
        {
            "question": {
                "stem": "Capital of Peru?",
                "choices": [{"text": t, "label": n} for t, n in zip(CITIES, "ABCD", strict=True)],
            },
            "answerKey": "B",
        },
        {**Q, **dict(zip("ABCD", CITIES, strict=True)), "answer": "B"},
        {**Q, **{f"option{at + 1}": city for at, city in enumerate(CITIES)}, "answer": "2"},
        {**Q, **{f"Choice {at}": city for at, city in enumerate(CITIES)}, "answer": "1"},
        {" Question ": "Capital of Peru?", "CHOICES": CITIES, "Answer": " B "},
        {**Q, "choices": str(CITIES), "answer": "B"},
        {**Q, "choices": '["Paris", "Lima", "Oslo", "Rome"]', "answer": "B"},
        json.dumps({**Q, "choices": CITIES, "answer": "B"}),
        f"```json\n{json.dumps({**Q, 'choices': CITIES, 'answer': 'B'})}\n```",
        instruction(Question("Capital of Peru?", tuple(CITIES), 1)),
        {**instruction(Question("Capital of Peru?", tuple(CITIES), 1)), "answer": None},
    ],
)
def test_every_shape_reads_as_the_same_question(value: Any) -> None:
    """Text, choices in their order, and the second one right."""
    assert judge(value) == WHOLE


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (17, Reason.NOT_A_RECORD),
        (None, Reason.NOT_A_RECORD),
        ([1, 2], Reason.NOT_A_RECORD),
        ("just prose", Reason.NOT_A_RECORD),
        ('"17"', Reason.NOT_A_RECORD),
        ("[" * 100_000, Reason.NOT_A_RECORD),
        ({"choices": CITIES, "answer": "B"}, Reason.NO_QUESTION),
        ({"question": None, "choices": CITIES, "answer": "B"}, Reason.NO_QUESTION),
        ({"question": "Why?"}, Reason.NO_ANSWER),
        ({"question": "Why?", "answer": []}, Reason.NO_ANSWER),
        ({"question": "Why?", "answer": {"value": None, "aliases": []}}, Reason.NO_ANSWER),
        ({"question": "Why?", "answer_index": 2}, Reason.NO_CHOICES),
        ({"question": "Why?", "choices": [], "answer": "B"}, Reason.NO_CHOICES),
        ({"question": "Why?", "choices": None, "answer": "B"}, Reason.NO_CHOICES),
        ({"question": "Why?", "answers": ["x", "y"]}, Reason.NO_ANSWER),
        ({"question": "Why?", "choices": "a or b", "answer": "B"}, Reason.NO_CHOICES),
        ({"question": "Why?", "choices": "[broken", "answer": "B"}, Reason.NO_CHOICES),
        ({"question": "Why?", "choices": [None, "x"], "answer": "B"}, Reason.EMPTY_CHOICE),
        ({"question": "Why?", "choices": [["a"], "x"], "answer": "B"}, Reason.EMPTY_CHOICE),
        ({"question": "Why?", "choices": ["A) ", "B) x"], "answer": "B"}, Reason.EMPTY_CHOICE),
        ({"question": "Why?", "choices": CITIES, "answer": None}, Reason.NO_ANSWER),
        ({"question": "Why?", "choices": CITIES, "answer": ["B"]}, Reason.NO_ANSWER),
        ({"question": "Why?", "choices": CITIES, "answer": "Z"}, Reason.ANSWER_NOT_AMONG_CHOICES),
        (
            {"question": "Why?", "choices": ["A) 1", "A) 2"], "answer": "C"},
            Reason.ANSWER_NOT_AMONG_CHOICES,
        ),
        (
            {"instruction": "Why? Answer1: a Answer3: b", "answer": "answer1"},
            Reason.NOT_A_RECORD,
        ),
        ({"instruction": "Why? Answer1: a Answer2: b", "answer": ""}, Reason.NO_ANSWER),
        (
            {"instruction": "Why? Answer1: a Answer2: b", "answer": "answer3"},
            Reason.ANSWER_NOT_AMONG_CHOICES,
        ),
        (
            {"instruction": "Why? Answer1: a Answer2: b", "answer": "none"},
            Reason.ANSWER_NOT_AMONG_CHOICES,
        ),
    ],
)
def test_rows_that_cannot_be_used_have_their_reason(value: Any, reason: Reason) -> None:
    """Nothing raises; each is one reject."""
    assert judge(value) is reason


def test_labels_come_off_only_when_every_choice_has_its_own() -> None:
    """The choice "1.5" is a number, "A." stands alone, and labels out of order are text."""
    assert judge({**Q, "choices": ["1.5", "2.5"], "answer": "2.5"})[1] == ("1.5", "2.5")
    assert judge({**Q, "choices": ["A) x", "y"], "answer": "y"})[1] == ("A) x", "y")
    assert judge({**Q, "choices": ["B) x", "A) y"], "answer": "A) y"})[1] == ("B) x", "A) y")
    assert judge({**Q, "choices": ["A) 572", "B) 585"], "answer": "A) 572"})[1:] == (
        ("572", "585"),
        0,
    )


def test_a_label_wins_beside_labelled_choices() -> None:
    """Official files ask "A) D", "B) A" with the key "B"."""
    assert judge({**Q, "choices": ["A) D", "B) A", "C) E"], "answer": "A"})[2] == 0


def test_distractors_get_a_place_that_depends_on_the_question_alone() -> None:
    """A right answer and wrong ones: the key is not always first, and always in the same place."""
    places = set()
    for at in range(40):
        value = {"question": f"Question {at}?", "correct_answer": "right", "distractor1": "x",
                 "distractor2": "y", "distractor3": "z"}  # fmt: skip
        text, choices, answer = judge(value)
        assert choices[answer] == "right"
        assert judge(value) == (text, choices, answer)
        assert [each for each in choices if each != "right"] == ["x", "y", "z"]
        places.add(answer)
    assert places == {0, 1, 2, 3}
    listed = {"question": "Q?", "correct_answer": "r", "incorrect_answers": ["x", "y"]}
    assert sorted(judge(listed)[1]) == ["r", "x", "y"]


def test_padding_columns_of_a_table_are_no_choices() -> None:
    """Rows of two choices in a table of four columns; a gap inside is an empty choice."""
    row = {"question": "Is it?", "A": "Yes", "B": "No", "C": "", "D": "", "answer": "B"}
    assert judge(row) == ("Is it?", ("Yes", "No"), 1)
    assert judge({**row, "B": "", "C": "No"}) is Reason.EMPTY_CHOICE


def test_the_other_fields_are_kept() -> None:
    """Topic, source, licence, explanation and group under their aliases."""
    found = read_record(
        1,
        {**Q, "choices": CITIES, "answer": "B", "category": "geo", "dataset": "d", "license": "MIT",
         "rationale": "because", "group": "g"},
    )  # fmt: skip
    assert isinstance(found, Candidate)
    assert (found.topic, found.source, found.licence, found.explanation, found.group) == (
        "geo", "d", "MIT", "because", "g",
    )  # fmt: skip
    assert not found.settled


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["question", "text", "choices", "answer", "a", "b", "label", "instruction"]
            )
            | st.text(max_size=4),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON_VALUES)
def test_no_value_makes_the_reader_fail(value: Any) -> None:
    """Whatever stands in a file, a row is kept or has a reason."""
    assert isinstance(read_record(1, value), (Candidate, Broken))
    judge(value)


@given(any_questions())
def test_instruction_records_give_back_their_question(question: Question) -> None:
    """Text, choices and key survive the one-text form."""
    found = check(read_record(1, instruction(question)), file="f", rules=UNSCREENED)
    assert isinstance(found, Checked)
    assert found.question == question


HAMLET = "Who wrote Hamlet?"
BARD = ("Shakespeare", "The Bard")


@pytest.mark.parametrize(
    "value",
    [
        {"question": HAMLET, "answer": "William Shakespeare", "aliases": list(BARD)},
        {"question": HAMLET, "answer": "William Shakespeare", "answer_aliases": list(BARD)},
        {"question": HAMLET, "answer": "William Shakespeare", "aliases": str(list(BARD))},
        {"question": HAMLET, "answer": ["William Shakespeare", *BARD]},
        {"question": HAMLET, "choices": None, "answer": ["William Shakespeare", *BARD]},
        {"question": HAMLET, "options": "", "answer_text": "William Shakespeare", "aliases": BARD},
        {
            "question": HAMLET,
            "answer": {
                "value": "William Shakespeare",
                "aliases": list(BARD),
                "normalized_aliases": ["shakespeare", "william shakespeare"],
                "normalized_value": "william shakespeare",
                "type": "WikipediaEntity",
            },
        },
    ],
)
def test_every_shape_of_an_open_question_reads_alike(value: Any) -> None:
    """A text, a list, TriviaQA's structure, and aliases beside them; the answer is no alias."""
    assert judge(value) == (HAMLET, "William Shakespeare", BARD)


def test_answers_remain_choices_where_they_are_a_list() -> None:
    """A list called "answers" has always meant choices."""
    value = {"question": HAMLET, "answers": ["Marlowe", "Shakespeare"], "correct": "Shakespeare"}
    assert judge(value) == (HAMLET, ("Marlowe", "Shakespeare"), 1)
    aliases = {**value, "aliases": ["The Bard"]}
    assert judge(aliases) == judge(value)


def test_worked_answers_give_the_answer_and_the_working() -> None:
    """GSM8K and MATH as they stand on the hub; a prose answer stays what it is."""
    gsm8k = read_record(
        1,
        {
            "question": "How many clips?",
            "answer": "She sold 48/2 = <<48/2=24>>24 clips.\nTogether <<48+24=72>>72.\n#### 72",
        },
    )
    assert isinstance(gsm8k, Candidate)
    assert (gsm8k.key, gsm8k.choices, gsm8k.shape) == ("72", None, "open questions")
    assert gsm8k.explanation == "She sold 48/2 = 24 clips.\nTogether 72."
    solution = "We have $3x = 9$, so $x = \\boxed{3}$."
    maths = {"problem": "Solve 3x = 9.", "level": "Level 1", "type": "Algebra"}
    for value in (
        {**maths, "solution": solution},
        {**maths, "solution": solution, "answer": "3"},
    ):
        found = read_record(1, value)
        assert isinstance(found, Candidate)
        assert (found.key, found.explanation, found.text) == ("3", solution, "Solve 3x = 9.")
    prose = read_record(1, {"question": "Why?", "solution": "Because."})
    assert isinstance(prose, Candidate)
    assert (prose.key, prose.explanation) == ("Because.", "")
