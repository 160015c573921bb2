"""Planted faults are named, and nothing else is; a good entry is clean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from planted_entries import CODES, plant

from entries import entry
from fakes import numbered_questions
from patience import PATIENCE_S
from underdog.errors import InputError
from underdog.protocol.editions import EDITIONS
from underdog.protocol.player import StrippedQuestion
from underdog.tournament.conformance.catalogue import ADVICE, FIXES, Code
from underdog.tournament.conformance.check import CheckConfig, check_folder
from underdog.tournament.entrants.isolation import Isolation, Limits, strongest

QUESTIONS = numbered_questions(60)
EDITION = replace(EDITIONS["2026-02"], question_s=0.1, answer_s=0.1)
CONFIG = CheckConfig(
    edition=EDITION,
    sizes=(1, 2, 21),
    startup_s=PATIENCE_S,
    limits=Limits(memory_bytes=300_000_000),
)
NEEDS_NAMESPACES = {"writes outside"}


class Adds:
    """Knows the right answer to every question of the good entry."""

    def answer(self, questions: Sequence[StrippedQuestion]) -> list[object]:
        answers: list[object] = []
        for each in questions:
            numbers = [int(word) for word in each.text.split() if word.isdigit()]
            total = str(sum(numbers))
            place = each.choices.index(total) if total in each.choices else 0
            answers.append({"answer": "ABCD"[place]})
        return answers


REPRESENTATIVE = {
    "no batch size",
    "raises for one question",
    "writes nothing",
    "one batch as characters",
    "tuples after a repair",
    "labels twice",
    "a wrong key",
    "answers dropped",
    "reads the key",
    "a path of the author's",
}
"""One of each way to be found; each entry costs one to three seconds, so the rest is slow."""
PLANTED = [
    name if name in REPRESENTATIVE else pytest.param(name, marks=pytest.mark.slow) for name in CODES
]


@pytest.mark.parametrize("name", PLANTED)
def test_one_planted_fault_is_the_one_that_is_named(tmp_path: Path, name: str) -> None:
    """Whatever follows from a fault is not called a fault of its own; each has a line that shows
    it and a way to mend it.
    """
    if name in NEEDS_NAMESPACES and strongest() is not Isolation.NAMESPACES:
        pytest.skip("this kernel makes no namespaces for ordinary users")
    config = replace(CONFIG, solvers=(Adds(),))
    if name == "hangs":
        config = replace(config, startup_s=4.0, sizes=(2,))
    else:
        sizes = (1,) if CODES[name] is Code.CRASH else (2,) if CODES[name] in FEW else (21,)
        config = replace(config, sizes=sizes)
    report = check_folder(plant(name, tmp_path / "entry"), config, QUESTIONS)
    assert [each.code for each in report.findings] == [CODES[name]], report.findings
    assert report.findings[0].line
    assert report.findings[0].fix == FIXES[CODES[name]]
    assert (not report.faults) is (CODES[name] in ADVICE)


MANY = (
    *(Code.WRONG_COUNT, Code.CHARACTERS, Code.ONE_KEY, Code.ONE_ANSWER),
    Code.NOT_REPEATABLE,  # two answers by lot are the same ones once in 16 times
)
FEW = {code for code in Code if code not in MANY}
"""One or two questions show these."""


def test_at_least_25_faults_are_planted() -> None:
    """And every code but the few that several entries share is planted at least once."""
    assert len(CODES) >= 25
    assert set(CODES.values()) == set(Code)


def test_a_good_entry_is_clean_for_every_size(tmp_path: Path) -> None:
    """Nothing is found, every trial is in the table, and the entry itself is untouched."""
    good = entry(tmp_path / "good")
    before = {path: path.read_bytes() for path in good.rglob("*") if path.is_file()}
    config = replace(CONFIG, sizes=(1, 2, 5, 6, 21, 23), solvers=(Adds(),))
    report = check_folder(good, config, QUESTIONS)
    assert report.findings == ()
    assert len(report.rows) == 2 * 6 + 3
    assert {row.ended for row in report.rows} == {"exit 0"}
    assert {path: path.read_bytes() for path in good.rglob("*") if path.is_file()} == before
    assert report.to_json()["clean"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """As wrong use, not as a fault of an entry."""
    with pytest.raises(InputError, match="the folder of an entry, or a URL; got no such folder"):
        check_folder(tmp_path / "none", CONFIG, QUESTIONS)
