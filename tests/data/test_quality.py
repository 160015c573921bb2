"""Judging rows: every fault has one reason, every form of key is understood, nothing is guessed."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from question_files import any_questions

from underdog.data.open_question import OpenQuestion
from underdog.data.quality import (
    DEFAULT_RULES,
    LONGEST_CHOICE_CHARACTERS,
    LONGEST_TEXT_CHARACTERS,
    UNSCREENED,
    Checked,
    Judged,
    Rows,
    Rules,
    check,
    check_rows,
)
from underdog.data.reject import EXCERPT_CHARACTERS, Reason, Reject
from underdog.data.sources.candidate import Broken, Candidate, KeyKind
from underdog.errors import InputError
from underdog.mcq.question import Question

CITIES = ("Paris", "Lima", "Oslo", "Rome")


def judge(
    key: str | None,
    *,
    choices: tuple[str, ...] | None = CITIES,
    kind: KeyKind = KeyKind.ANY,
    labels: tuple[str, ...] = (),
    text: str = "Which city?",
    rules: Rules = DEFAULT_RULES,
) -> Checked | OpenQuestion | Reject:
    return check(Candidate(7, text, choices, key, kind, labels), file="f", rules=rules)


def answer_of(judged: Checked | OpenQuestion | Reject) -> int | Reason | str | None:
    if isinstance(judged, OpenQuestion):
        return judged.answer
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
        (judge("A", choices=()), Reason.NO_CHOICES),
        (judge("1", choices=None, kind=KeyKind.INDEX), Reason.NO_CHOICES),
        (judge("A", choices=None, kind=KeyKind.LABEL), Reason.NO_CHOICES),
        (judge(None, choices=None), Reason.NO_ANSWER),
        (judge(" ", choices=None), Reason.NO_ANSWER),
        (judge("x" * (LONGEST_CHOICE_CHARACTERS + 1), choices=None), Reason.TOO_LONG),
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
def test_every_fault_has_its_reason(
    judged: Checked | OpenQuestion | Reject, reason: Reason
) -> None:
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
    found = Candidate(1, question.text, question.choices, key, kind)
    judged = check(found, file="f", rules=UNSCREENED)
    assert isinstance(judged, Checked)
    assert judged.question.choices == question.choices
    assert judged.question.answer == question.answer
    assert judged.question.id == question.id


def test_a_row_without_choices_is_an_open_question() -> None:
    """With its answer, its aliases without the answer itself and repeats, and everything else."""
    found = Candidate(
        7, "Who wrote Hamlet?", None, " William Shakespeare ", KeyKind.TEXT, topic="plays",
        source="s", licence="l", explanation="e", group="g",
        aliases=("Shakespeare", "WILLIAM  SHAKESPEARE", " ", "shakespeare", "The Bard"),
    )  # fmt: skip
    assert check(found, file="f") == OpenQuestion(
        "f", 7, "Who wrote Hamlet?", "William Shakespeare", ("Shakespeare", "The Bard"),
        "plays", "s", "l", "e", "g",
    )  # fmt: skip
    assert answer_of(judge("B", choices=None, kind=KeyKind.TEXT)) == "B"


FAULTY: dict[str, tuple[Reason, Candidate]] = {
    "reject_broken_letters": (
        Reason.BROKEN_LETTERS,
        Candidate(1, "Which city?", ("Z\ufffdrich", "Oslo"), "B"),
    ),
    "reject_markup": (
        Reason.MARKUP,
        Candidate(1, "Which <sub>small</sub> city?", ("Lima", "Oslo"), "B"),
    ),
    "max_tokens": (
        Reason.OVER_TOKEN_BUDGET,
        Candidate(1, f"Which city is {'very ' * 520}large?", ("Lima", "Oslo"), "B"),
    ),
    "reject_short": (Reason.TOO_SHORT, Candidate(1, "Jerry West", ("Lima", "Oslo"), "B")),
    "languages": (
        Reason.WRONG_LANGUAGE,
        Candidate(1, "Welche Stadt ist die Hauptstadt von Peru?", ("Lima", "Oslo"), "A"),
    ),
    "reject_missing_context": (
        Reason.MISSING_CONTEXT,
        Candidate(1, "Which city is shown in this picture?", ("Lima", "Oslo"), "A"),
    ),
    "reject_positions": (
        Reason.POSITIONAL_CHOICE,
        Candidate(1, "Which city?", ("Lima", "Oslo", "All of the above"), "A"),
    ),
    "reject_all_of_these": (
        Reason.CHOICE_OF_ALL,
        Candidate(1, "Which city?", ("Lima", "Oslo", "None of these"), "A"),
    ),
    "reject_labels": (
        Reason.LABEL_IN_CHOICE,
        Candidate(1, "Which city?", ("Lima (correct)", "Oslo"), "A"),
    ),
    "reject_echo": (
        Reason.REPEATS_QUESTION,
        Candidate(1, "Which city is it?", ("Lima", "Which city is it?"), "A"),
    ),
    "reject_twins": (
        Reason.KEY_NOT_UNIQUE,
        Candidate(1, "How much is left?", ("1/2", "0.5"), "A"),
    ),
}
"""One row for each rule of `Rules` that breaks this rule and no other."""


@pytest.mark.parametrize("name", FAULTY)
def test_each_rule_has_its_reason_and_its_switch(name: str) -> None:
    """Alone it rejects its row and no other one; without it the row passes."""
    reason, found = FAULTY[name]
    default = {field.name: getattr(DEFAULT_RULES, field.name) for field in FIELDS}
    on = {"max_tokens": 512, "languages": ("en",)}.get(name, True)
    alone = dataclasses.replace(UNSCREENED, **{name: on})
    for other, (_, row) in FAULTY.items():
        judged = check(row, file="f", rules=alone)
        assert isinstance(judged, Reject) == (other == name), (other, judged)
    without = dataclasses.replace(
        Rules(**{**default, "reject_all_of_these": True}),
        **{name: getattr(UNSCREENED, name)},
    )
    assert isinstance(check(found, file="f", rules=without), Checked)
    if name != "reject_all_of_these":
        judged = check(found, file="f")
        assert isinstance(judged, Reject)
        assert judged.reason is reason


FIELDS = dataclasses.fields(Rules)


def test_every_rule_is_tried_here_and_there_are_at_most_twelve() -> None:
    """`mend` repairs and rejects nothing."""
    assert {field.name for field in FIELDS} - {"mend"} == set(FAULTY)
    assert len(FIELDS) <= 12


def test_the_first_rule_in_order_gives_the_reason() -> None:
    """Shape before rules, and rules in the order of their fields."""
    broken = Candidate(1, "Jerry <b>W\ufffdst</b>", ("Lima", "Oslo", "All of the above"), "Z")
    assert answer_of(check(broken, file="f")) is Reason.ANSWER_NOT_AMONG_CHOICES
    row = broken._replace(key="A")
    order = ["reject_broken_letters", "reject_markup", "reject_short", "reject_positions"]
    row = row._replace(text="Jerry \ufffdWest")
    rules, reasons = DEFAULT_RULES, []
    for name in order:
        reasons.append(answer_of(check(row, file="f", rules=rules)))
        rules = dataclasses.replace(rules, **{name: False})
    assert reasons == [
        Reason.BROKEN_LETTERS, Reason.TOO_SHORT, Reason.TOO_SHORT, Reason.POSITIONAL_CHOICE,
    ]  # fmt: skip


def test_the_token_count_can_be_another_one() -> None:
    """A tokenizer's own count decides where one is passed."""
    row = Candidate(1, f"Which city is it {'now ' * 130}?", ("Lima", "Oslo"), "A")
    assert isinstance(check(row, file="f"), Checked)
    judged = check(row, file="f", count_tokens=len)
    assert isinstance(judged, Reject)
    assert judged.detail.endswith("tokens, at most 512")


def test_rules_are_checked_when_made() -> None:
    """A language by its name, or no token at all."""
    with pytest.raises(InputError, match=r"languages as codes .* got 'english'"):
        Rules(languages=("english",))
    with pytest.raises(InputError, match="at least 1 for max_tokens; got 0"):
        Rules(max_tokens=0)
    assert Rules(languages=["en", "de"]).languages == ("en", "de")  # type: ignore[arg-type]


def test_repaired_text_is_what_passes_and_what_is_counted() -> None:
    """A mended key still names its mended choice, and duplicates are seen after mending."""
    row = Candidate(3, "Which cafÃ©?", ("Le CafÃ©", "La Tasse"), "Le CafÃ©", KeyKind.TEXT)
    judged = check(row, file="f")
    assert isinstance(judged, Checked)
    assert judged.question.text == "Which café?"
    assert judged.question.answer_text == "Le Café"
    raw = check(row, file="f", rules=UNSCREENED)
    assert isinstance(raw, Checked)
    assert raw.question.text == "Which cafÃ©?"
    twice = row._replace(choices=("Le CafÃ©", "Le Café"))
    assert answer_of(check(twice, file="f")) is Reason.DUPLICATE_CHOICES


def test_a_block_of_rows_goes_to_three_places_in_order() -> None:
    """Exactly what the rows give one by one, and how many were mended."""
    rows = (
        Candidate(1, "Which city?", CITIES, "B"),
        Broken(2, Reason.NOT_UTF8, "byte 0xff", "..."),
        Candidate(3, "Who wrote Hamlet?", None, "Shakespeare", KeyKind.TEXT),
        Candidate(4, "Which cafÃ©?", CITIES, "Z"),
        Candidate(5, "Which cafÃ©?", CITIES, "A"),
    )
    one_by_one = [check(row, file="f") for row in rows]
    assert check_rows(Rows("f", rows), DEFAULT_RULES) == Judged(
        (one_by_one[0], one_by_one[4]), (one_by_one[2],), (one_by_one[1], one_by_one[3]), 2,
    )  # fmt: skip
    assert check_rows(Rows("f", rows), UNSCREENED).mended == 0


PRINTABLE = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60
)


@given(PRINTABLE, st.lists(PRINTABLE, max_size=5) | st.none(), PRINTABLE | st.none())
def test_no_row_makes_the_check_fail(text: str, choices: list[str] | None, key: str | None) -> None:
    """Whatever a row holds, it is kept or has one reason; what is kept passes again unchanged."""
    found = Candidate(1, text, None if choices is None else tuple(choices), key)
    judged = check(found, file="f")
    if isinstance(judged, Checked):
        question = judged.question
        again = Candidate(1, question.text, question.choices, str(question.answer), KeyKind.INDEX)
        assert check(again, file="f") == judged
