"""The converted questions that were read one by one, and how verdicts outlive a new draw."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import alias_sample  # noqa: E402 - a script, not a module of the package
from alias_sample import ANSWERS, COLUMNS, SAMPLE, VERDICTS, Read  # noqa: E402
from underdog.data.answers.kind import AnswerKind  # noqa: E402
from underdog.data.answers.read import read_answer  # noqa: E402
from underdog.data.answers.same import same_answer  # noqa: E402
from underdog.data.quality import Checked  # noqa: E402
from underdog.mcq.question import Question, normalise  # noqa: E402

WHALE = Read("f:2", "work", "Moby-Dick", ("Emma", "Ulysses", "Dracula"), "ok")


@pytest.fixture(scope="module")
def reads() -> list[Read]:
    return alias_sample.read_answers(ANSWERS)


def test_the_sample_is_whole(reads: list[Read]) -> None:
    """It has the columns it says, 200 rows, each question once, in order, and no question text."""
    with ANSWERS.open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file)) == list(COLUMNS)
    assert len(reads) == SAMPLE == 200
    places = [alias_sample.place(each) for each in reads]
    assert places == sorted(set(places))
    assert {each.kind for each in reads} <= set(AnswerKind) - {AnswerKind.YES_NO}


def test_every_row_was_read_and_every_fault_is_explained(reads: list[Read]) -> None:
    """Verdicts are known ones; whatever is not ok says why."""
    assert {each.verdict for each in reads} <= VERDICTS.keys()
    assert [each.row for each in reads if each.verdict != "ok" and not each.note] == []


def test_no_row_offers_one_thing_twice(reads: list[Read]) -> None:
    """Four choices that differ, also in the eyes of `same_answer`."""
    for each in reads:
        choices = (each.key, *each.distractors)
        assert len({normalise(choice) for choice in choices}) == 4, each.row
        answers = [read_answer(choice) for choice in choices]
        pairs = [(a, b) for at, a in enumerate(answers) for b in answers[:at]]
        assert not any(same_answer(a, b) for a, b in pairs), each.row


def test_at_most_one_wrong_choice_in_200_questions_is_the_key_again(reads: list[Read]) -> None:
    """What conversion promises; a reader's verdict, not a rule's."""
    assert Counter(each.verdict for each in reads)["alias"] <= 1


def test_a_verdict_is_about_row_key_and_wrong_choices_in_any_order() -> None:
    """It is kept when only their order changes, and lost when one of them does."""
    turned = WHALE._replace(distractors=WHALE.distractors[::-1], verdict="")
    other = turned._replace(distractors=("Emma", "Ulysses", "Middlemarch"))
    moved = turned._replace(row="f:3")
    found = alias_sample.with_verdicts([turned, other, moved], [WHALE])
    assert [each.verdict for each in found] == ["ok", "", ""]
    assert found[0].distractors == turned.distractors


def test_the_draw_depends_on_question_and_key_alone() -> None:
    """Neither the row nor the wrong choices or their order decide whether a question is drawn."""
    first = Question("Which novel?", ("Moby-Dick", "Emma", "Ulysses", "Dracula"), 0)
    second = Question("which  novel?", ("Emma", "It", "Moby-Dick", "Dracula"), 2)
    third = Question("Which novel?", ("Moby-Dick", "Emma", "Ulysses", "Dracula"), 1)
    ranks = [
        alias_sample.rank(Checked(file, row, each, "", settled=False))
        for file, row, each in (("a", 1, first), ("b", 2, second), ("a", 1, third))
    ]
    assert ranks[0] == ranks[1] != ranks[2]


def test_what_is_written_is_read_again(tmp_path: Path, reads: list[Read]) -> None:
    """Byte for byte, so that a draw that changes nothing leaves the file as it is."""
    copy = tmp_path / "copy.csv"
    alias_sample.write_answers(copy, reads)
    assert copy.read_bytes() == ANSWERS.read_bytes()
