"""Detection: every format by its content, and one clear error for what is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from question_files import (
    instruction,
    make_questions,
    records,
    write_csv,
    write_json,
    write_json_lines,
    write_parquet,
    write_trivia,
)

from underdog.data.sources.detect import Container, detect
from underdog.errors import SourceError

QUESTIONS = make_questions(5)
ROWS = records(QUESTIONS)


@pytest.mark.parametrize("name", ["q", "q.txt", "q.data"])
def test_content_decides_whatever_the_name(tmp_path: Path, name: str) -> None:
    """Each format is known without its usual ending."""
    path = tmp_path / name
    for write, expected in (
        (lambda: write_json(path, ROWS), Container.JSON),
        (lambda: write_json(path, {"questions": ROWS}), Container.JSON),
        (lambda: write_json(path, [instruction(each) for each in QUESTIONS]), Container.JSON),
        (lambda: write_json_lines(path, ROWS), Container.JSON_LINES),
        (lambda: write_csv(path, ROWS), Container.CSV),
        (lambda: write_parquet(path, ROWS), Container.PARQUET),
        (lambda: write_trivia(path, QUESTIONS), Container.OPENTRIVIAQA),
    ):
        write()
        assert detect(path) is expected


def test_close_relatives_are_told_apart(tmp_path: Path) -> None:
    """A spread-out JSON object is no JSON Lines; one line of JSON Lines has its ending."""
    path = tmp_path / "q.json"
    path.write_text('{\n "question": "x"\n}')
    assert detect(path) is Container.JSON
    path.write_text('{"a": [\n1]}')
    assert detect(path) is Container.JSON
    lines = tmp_path / "q.jsonl"
    lines.write_text('{"question": "x"}')
    assert detect(lines) is Container.JSON_LINES
    table = tmp_path / "q.tsv"
    table.write_text("number\tname\n1\tx\n")
    assert detect(table) is Container.CSV
    semicolons = tmp_path / "q"
    semicolons.write_text("question;A;B;answer\nWhy?;x;y;A\n")
    assert detect(semicolons) is Container.CSV


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (b"", "an empty file"),
        (b" \n\n", "an empty file"),
        (b"\xef\xbb\xbf\n", "an empty file"),
        (bytes(range(256)) * 10, "binary data"),
        ("question,A,B\n".encode("utf-16"), "binary data"),
        (b"# A readme\n\nSome prose.\n", "text that starts with '# A readme'"),
        (b"Why?,yes,no,A\nHow?,so,not,B\n", "text that starts with 'Why?,yes,no,A'"),
    ],
)
def test_what_is_no_question_file_is_one_error(tmp_path: Path, content: bytes, got: str) -> None:
    """The error names the file, says what was wanted and what came."""
    path = tmp_path / "thing"
    path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        detect(path)
    assert str(caught.value).startswith(f"{path}: a file with questions")
    assert got in caught.value.got


def test_a_file_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    """A folder in place of a file stands for every failure to open."""
    with pytest.raises(SourceError, match="a file that can be read"):
        detect(tmp_path)
