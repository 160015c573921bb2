"""Wrong answers of a model, from a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from underdog.data.conversion.wrong_answers import read_wrong_answers
from underdog.data.open_question import OpenQuestion
from underdog.errors import SourceError
from underdog.runs.files import digest_file


def test_answers_are_found_by_the_question_s_folded_text(tmp_path: Path) -> None:
    """In the order of the file; two lines on one question follow each other; others have none."""
    path = tmp_path / "wrong.jsonl"
    lines = [
        {"question": "Who  wrote Emma?", "wrong": ["Charlotte Brontë", "George Eliot"]},
        {"question": "who wrote emma?", "wrong": ["Mary Shelley"]},
    ]
    path.write_text("\n".join(map(json.dumps, lines)) + "\n\n", encoding="utf-8")
    wrong = read_wrong_answers(path)
    asked = OpenQuestion("f", 1, "Who wrote Emma?", "Jane Austen")
    assert wrong(asked) == ("Charlotte Brontë", "George Eliot", "Mary Shelley")
    assert wrong(asked._replace(text="Who wrote Ulysses?")) == ()
    assert wrong.digest == digest_file(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"wrong\.jsonl:1: a line of JSON"),
        ("[]", r"wrong\.jsonl:1: a question and a list of texts; got \[\]"),
        ('{"question": "a", "wrong": "b"}', "a question and a list of texts"),
        ('\n{"question": "a", "wrong": [1]}', r"wrong\.jsonl:2: a question and a list"),
        (None, "a file of wrong answers"),
    ],
)
def test_what_is_no_such_file_is_refused(tmp_path: Path, content: str | None, message: str) -> None:
    """The line is named, with the shape that was expected."""
    path = tmp_path / "wrong.jsonl"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SourceError, match=message):
        read_wrong_answers(path)
