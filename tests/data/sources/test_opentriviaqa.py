"""OpenTriviaQA: whole records, broken ones, mixed encodings."""

from __future__ import annotations

from pathlib import Path

import pytest

from underdog.data.reject import Reason
from underdog.data.sources.candidate import Broken, Candidate
from underdog.data.sources.lines import LONGEST_LINE_BYTES
from underdog.data.sources.opentriviaqa import (
    LONGEST_RECORD_LINES,
    count_repairs,
    read_opentriviaqa,
)


def read(tmp_path: Path, content: bytes) -> list[Candidate | Broken]:
    path = tmp_path / "trivia"
    path.write_bytes(content)
    return list(read_opentriviaqa(path))


def test_records_of_every_real_shape(tmp_path: Path) -> None:
    """CR LF, text over several lines with "A " and empty lines in it, two choices, Latin-1."""
    found = read(
        tmp_path,
        b"\n#Q Which song?\r\nA hero zero\n\nNow her daddys\n"
        b"^ Capital H\nA Capital Z\nB Capital H\n\n"
        b"#Q Caf\xe9?\n^ True\nA True\nB False\n",
    )
    first, second = found
    assert isinstance(first, Candidate)
    assert first.text == "Which song?\nA hero zero\n\nNow her daddys"
    assert (first.row, first.choices, first.key) == (2, ("Capital Z", "Capital H"), "Capital H")
    assert isinstance(second, Candidate)
    assert (second.row, second.text) == (10, "Café?")
    assert count_repairs(tmp_path / "trivia") == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"#Q no key\nA x\nB y\n", Reason.NO_ANSWER),
        (b"#Q two keys\n^ x\n^ y\nA x\nB y\n", Reason.AMBIGUOUS_ANSWER),
        (b"#Q a gap\n^ x\nA x\nC y\n", Reason.NOT_A_RECORD),
        (b"#Q prose after\n^ x\nA x\nB y\nand more\n", Reason.NOT_A_RECORD),
        (b"#Q " + b"x" * LONGEST_LINE_BYTES + b"\n^ x\nA x\nB y\n", Reason.TOO_LONG),
        (b"#Q long\n" + b"more\n" * LONGEST_RECORD_LINES + b"^ x\nA x\nB y\n", Reason.TOO_LONG),
        (b"lost lines\nA x\n#Q", Reason.NOT_A_RECORD),
    ],
)
def test_broken_records_are_counted_not_guessed(
    tmp_path: Path, content: bytes, reason: Reason
) -> None:
    """Each is one broken row with its reason; the record after it is whole."""
    whole = b"#Q Is it?\n^ Yes\nA Yes\nB No\n"
    broken, *others = read(tmp_path, content + b"\n" + whole)
    assert isinstance(broken, Broken)
    assert broken.reason is reason
    assert isinstance(others[-1], Candidate)
    assert others[-1].text == "Is it?"


def test_an_empty_choice_is_left_to_be_judged(tmp_path: Path) -> None:
    """An "A" alone is a choice without text."""
    (found,) = read(tmp_path, b"#Q x?\n^ y\nA\nB y\n")
    assert isinstance(found, Candidate)
    assert found.choices == ("", "y")
