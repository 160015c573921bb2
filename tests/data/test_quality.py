"""Judging rows: every fault has one reason, every form of key is understood, nothing is guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from question_files import any_questions

from underdog.data.quality import LONGEST_CHOICE_CHARACTERS, LONGEST_TEXT_CHARACTERS, Checked, check
from underdog.data.reject import EXCERPT_CHARACTERS, Reason, Reject
from underdog.data.sources.candidate import Broken, Candidate, KeyKind
from underdog.mcq.question import Question

CITIES = ("Paris", "Lima", "Oslo", "Rome")


def judge(
    key: str | None,
    *,
    choices: tuple[str, ...] | None = CITIES,
    kind: KeyKind = KeyKind.ANY,
    labels: tuple[str, ...] = (),
    text: str = "Which city?",
) -> Checked | Reject:
    return check(Candidate(7, text, choices, key, kind, labels), file="f")


def answer_of(judged: Checked | Reject) -> int | Reason | None:
    return judged.question.answer if isinstance(judged, Checked) else judged.reason


@pytest.mark.parametrize(
    "key",
    ["B", "b", " B ", "(B)", "B)", "B.", "1", "Lima", "lima", "B) Lima", "answer2", "Option B"],
)
def test_every_form_of_a_key_names_the_same_choice(key: str) -> None:
    """A letter, an index from 0, a text, and a letter with its text all name the second choice."""
    assert answer_of(judge(key)) == 1


@pytest.mark.parametrize(
    ("choices", "key"),
    [(("B", "A", "C"), "A"), (("1", "2", "3"), "1"), (("x", "y", "z"), "A) y")],
)
def test_a_key_that_reads_two_ways_is_refused(choices: tuple[str, ...], key: str) -> None:
    """Where text and label, or text and index, name different choices, the row is not guessed."""
    assert answer_of(judge(key, choices=choices)) is Reason.AMBIGUOUS_ANSWER


def test_what_the_reader_knows_of_a_key_settles_it() -> None:
    """The same key "A" is a text in OpenTriviaQA and a label beside labelled choices."""
    choices = ("B", "A", "C")
    assert answer_of(judge("A", choices=choices, kind=KeyKind.TEXT)) == 1
    assert answer_of(judge("A", choices=choices, kind=KeyKind.LABEL)) == 0
    assert answer_of(judge("2", choices=("3", "2", "1"), kind=KeyKind.INDEX)) == 2
    assert (
        answer_of(judge("2", choices=("3", "2", "1"), labels=("1", "2", "3"), kind=KeyKind.LABEL))
        == 1
    )


@pytest.mark.parametrize(
    ("judged", "reason"),
    [
        (judge("A", text=""), Reason.NO_QUESTION),
        (judge("A", text=" ?! "), Reason.NO_QUESTION),
        (judge("A", text="x" * (LONGEST_TEXT_CHARACTERS + 1)), Reason.TOO_LONG),
        (judge("A", choices=None), Reason.NO_CHOICES),
        (judge("A", choices=()), Reason.NO_CHOICES),
        (judge("A", choices=("Paris",)), Reason.ONE_CHOICE),
        (judge("A", choices=tuple(f"c{at}" for at in range(27))), Reason.TOO_MANY_CHOICES),
        (judge("A", choices=("Paris", " ")), Reason.EMPTY_CHOICE),
        (judge("A", choices=("Paris", "x" * (LONGEST_CHOICE_CHARACTERS + 1))), Reason.TOO_LONG),
        (judge("A", choices=("Paris", "PARIS ")), Reason.DUPLICATE_CHOICES),
        (judge(None), Reason.NO_ANSWER),
        (judge("  "), Reason.NO_ANSWER),
        (judge("Madrid"), Reason.ANSWER_NOT_AMONG_CHOICES),
        (judge("E"), Reason.ANSWER_NOT_AMONG_CHOICES),
        (judge("4"), Reason.ANSWER_NOT_AMONG_CHOICES),
        (judge("-1"), Reason.ANSWER_NOT_AMONG_CHOICES),
        (judge("answer5"), Reason.ANSWER_NOT_AMONG_CHOICES),
        (judge("BECAUSE"), Reason.ANSWER_NOT_AMONG_CHOICES),
    ],
)
def test_every_fault_has_its_reason(judged: Checked | Reject, reason: Reason) -> None:
    """A faulty row is a Reject with its first fault, its place and a short excerpt."""
    assert isinstance(judged, Reject)
    assert (judged.reason, judged.row, judged.file) == (reason, 7, "f")
    assert judged.detail
    assert len(judged.excerpt) <= EXCERPT_CHARACTERS


def test_a_broken_row_keeps_its_reason() -> None:
    """What a reader could not read is passed on unchanged."""
    judged = check(Broken(3, Reason.NOT_UTF8, "byte 0xff", "..."), file="f")
    assert judged == Reject("f", 3, Reason.NOT_UTF8, "byte 0xff", "...")


def test_twenty_six_choices_are_enough_and_not_too_many() -> None:
    """The last letter is Z."""
    choices = tuple(f"choice {at}" for at in range(26))
    assert answer_of(judge("Z", choices=choices)) == 25


@given(any_questions(), st.sampled_from(["index", "text"]))
def test_choices_are_never_reordered(question: Question, form: str) -> None:
    """Whatever the key's form, the question that comes out has the choices that went in."""
    key = str(question.answer) if form == "index" else question.answer_text
    kind = KeyKind.INDEX if form == "index" else KeyKind.TEXT
    judged = check(Candidate(1, question.text, question.choices, key, kind), file="f")
    assert isinstance(judged, Checked)
    assert judged.question.choices == question.choices
    assert judged.question.answer == question.answer
    assert judged.question.id == question.id
