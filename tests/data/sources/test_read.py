"""Whole files: every format gives the same questions, and bad files give one clear error."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from question_files import (
    any_questions,
    instruction,
    make_questions,
    records,
    write_csv,
    write_json,
    write_json_lines,
    write_parquet,
    write_trivia,
)

from underdog.data.open_question import OpenQuestion
from underdog.data.quality import UNSCREENED, Checked, check
from underdog.data.reject import Reason, Reject
from underdog.data.sources.candidate import Broken, Candidate
from underdog.data.sources.find import find_files
from underdog.data.sources.json_files import LARGEST_JSON_BYTES
from underdog.data.sources.read import FileRows, NoQuestions, read_file
from underdog.errors import SourceError
from underdog.mcq.question import Question

WRITERS: dict[str, Callable[[Path, Sequence[Any]], Path]] = {
    "json": write_json,
    "jsonl": write_json_lines,
    "csv": write_csv,
    "parquet": write_parquet,
}


def read(path: Path) -> FileRows:
    result = read_file(find_files([path])[0])
    assert isinstance(result, FileRows), result
    return result


def questions_in(path: Path) -> list[Question]:
    judged = [check(row, file="f", rules=UNSCREENED) for row in read(path).rows]
    assert all(isinstance(each, Checked) for each in judged), judged
    return [each.question for each in judged if isinstance(each, Checked)]


def reasons_in(path: Path) -> list[Reason | None]:
    """Reason per row, None for a good one."""
    judged = [check(row, file="f", rules=UNSCREENED) for row in read(path).rows]
    return [each.reason if isinstance(each, Reject) else None for each in judged]


@pytest.mark.parametrize("form", WRITERS)
@settings(max_examples=25)
@given(questions=st.lists(any_questions(), min_size=1, max_size=5))
def test_ids_choices_and_keys_survive_every_format(
    tmp_path_factory: pytest.TempPathFactory, form: str, questions: list[Question]
) -> None:
    """Our own rows through JSON, JSON Lines, CSV and Parquet come back equal."""
    path = tmp_path_factory.mktemp("round") / f"q.{form}"
    WRITERS[form](path, records(questions))
    back = questions_in(path)
    assert [each.id for each in back] == [each.id for each in questions]
    assert [each.choices for each in back] == [each.choices for each in questions]
    assert [each.answer for each in back] == [each.answer for each in questions]


def test_the_format_is_told_with_the_shape_of_its_rows(tmp_path: Path) -> None:
    """What the user sees says which reading was taken."""
    questions = make_questions(4)
    rows = records(questions)
    labelled = [
        {
            "question": each.text,
            "choices": [f"{name}) {c}" for name, c in zip("ABCD", each.choices, strict=True)],
            "expected_answer": "ABCD"[each.answer or 0],
        }
        for each in questions
    ]  # fmt: skip
    texts = [json.dumps(each) for each in labelled]
    written = {
        "JSON, underdog rows": write_json(tmp_path / "own.json", rows),
        "Parquet, underdog rows": write_parquet(tmp_path / "own.parquet", rows),
        "CSV, underdog rows": write_csv(tmp_path / "own.csv", rows),
        "JSON Lines, underdog rows": write_json_lines(tmp_path / "own.jsonl", rows),
        "JSON, labelled choices": write_json(tmp_path / "official.json", labelled),
        "JSON, labelled choices as text": write_json(tmp_path / "raw.json", texts),
        "JSON, instructions": write_json(tmp_path / "i.json", [instruction(q) for q in questions]),
        "OpenTriviaQA": write_trivia(tmp_path / "animals", questions),
    }
    for expected, path in written.items():
        assert read(path).format == expected
        assert [each.id for each in questions_in(path)] == [each.id for each in questions]


def test_a_dict_of_topics_gives_each_its_topic(tmp_path: Path) -> None:
    """The competition's topics_example.json; a list under "questions" is no topic."""
    row = {"question": "Who?", "choices": ["A) x", "B) y"], "answer": "A"}
    path = write_json(tmp_path / "examples.json", {"Puzzles": [row], "Series": [row, row]})
    assert [each.topic for each in questions_in(path)] == ["Puzzles", "Series", "Series"]
    path = write_json(tmp_path / "q.json", {"questions": [row], "made_by": "me"})
    assert [each.topic for each in questions_in(path)] == ["q"]
    path = write_json(tmp_path / "one.json", row)
    assert len(questions_in(path)) == 1


def test_topic_source_and_licence_come_from_the_file_where_rows_have_none(tmp_path: Path) -> None:
    """OpenTriviaQA and well-known names state theirs; others say "not stated"."""
    questions = make_questions(2)
    trivia = questions_in(write_trivia(tmp_path / "animals", questions))[0]
    assert (trivia.topic, trivia.source, trivia.licence) == (
        "animals",
        "OpenTriviaQA",
        "CC BY-SA 4.0",
    )
    rows = [instruction(each) for each in questions]
    known = read(write_json(tmp_path / "arc-easy-train.json", rows))
    assert known.notes == ("ARC-Easy by its name",)
    assert known.rows[0].source == "ARC-Easy"  # type: ignore[union-attr]
    other = questions_in(write_json(tmp_path / "mine.json", rows))[0]
    assert (other.topic, other.source, other.licence) == ("mine", "mine.json", "not stated")


def test_answers_counted_from_one_are_noticed(tmp_path: Path) -> None:
    """No 0 and some key equal to the number of choices: the whole file counts from 1."""
    rows = [{"question": f"Q{at}?", "choices": ["x", "y", "z"], "answer": at} for at in (1, 2, 3)]
    path = write_json(tmp_path / "q.json", rows)
    assert [each.answer for each in questions_in(path)] == [0, 1, 2]
    assert read(path).notes == ("answers are counted from 1",)
    rows[0]["answer"] = 0
    assert reasons_in(write_json(path, rows)) == [None, None, Reason.ANSWER_NOT_AMONG_CHOICES]


def test_bad_lines_of_json_lines_are_counted(tmp_path: Path) -> None:
    """Each bad line is one row with a reason; empty lines are none; the good ones stay."""
    good = b'{"question": "Who?", "choices": ["x", "y"], "answer": "A"}'
    path = tmp_path / "q.jsonl"
    lines = [good, b"", b"{broken", b'{"question": "\xff"}', b"[" * 99_999, b"17", good]
    path.write_bytes(b"\n".join(lines))
    assert reasons_in(path) == [
        None, Reason.NOT_A_RECORD, Reason.NOT_UTF8, Reason.NOT_A_RECORD, Reason.NOT_A_RECORD, None,
    ]  # fmt: skip
    assert [row.row for row in read(path).rows] == [1, 3, 4, 5, 6, 7]


def test_bad_rows_of_csv_are_counted(tmp_path: Path) -> None:
    """Too few fields, bytes that are no UTF-8, a field of 200 KB; quoted lines stay one row."""
    path = tmp_path / "q.csv"
    rows = [b"question,A,B,answer", b"Who?,x,y,A", b"Who?,x", b"Caf\xe9?,x,y,A", b"",
            b'"Two\nlines?",x,y,B', b'"' + b"z" * 200_000 + b'",x,y,A', b"Last?,x,y,A"]  # fmt: skip
    path.write_bytes(b"\r\n".join(rows))
    assert reasons_in(path) == [
        None, Reason.NOT_A_RECORD, Reason.NOT_UTF8, None, Reason.NOT_A_RECORD, None,
    ]  # fmt: skip
    found = read(path).rows[3]
    assert isinstance(found, Candidate)
    assert (found.text, found.row) == ("Two\nlines?", 7)


@pytest.mark.parametrize("name", ["q.jsonl", "q.csv", "trivia"])
def test_a_line_of_50_mb_is_one_rejected_row_in_little_memory(tmp_path: Path, name: str) -> None:
    """It costs under 20 MB, and the rows around it stay."""
    around = {
        "q.jsonl": (b'{"question": "Who?", "choices": ["x", "y"], "answer": 0}\n', b'{"text": "'),
        "q.csv": (b"question,A,B,answer\nWho?,x,y,A\n", b""),
        "trivia": (b"#Q Who?\n^ x\nA x\nB y\n", b"#Q "),
    }  # fmt: skip
    good, start = around[name]
    path = tmp_path / name
    with path.open("wb") as stream:
        stream.write(good + start)
        for _ in range(50):
            stream.write(b"x" * (1 << 20))
        stream.write(
            b"\n" + good.splitlines(keepends=True)[-1] if name != "trivia" else b"\n" + good
        )
    tracemalloc.start()
    try:
        reasons = reasons_in(path)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 20e6
    assert reasons == [None, Reason.TOO_LONG, None]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("q.json", b'[{"question": "x"', "a JSON file; got Expecting"),
        (
            "q.json",
            b'[{"question": "Caf\xe9"}]',
            "UTF-8 text is needed; got byte 0xe9 at offset 18",
        ),
        ("q.json", b"[" * 100_000, "a list of flat records is needed; got JSON nested too deeply"),
        ("q.parquet", b"PAR1 and then nothing", "a whole Parquet file"),
        ("q.csv", b"Why?,yes,no\nHow?,a,b\n", "a header with a column called text or question"),
    ],
)
def test_broken_files_of_a_known_format_are_one_error(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    """The error names the file and what to try."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        read(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert caught.value.hint


def test_a_truncated_parquet_file_is_one_error(tmp_path: Path) -> None:
    """Cut anywhere, it is refused as a whole."""
    path = write_parquet(tmp_path / "q.parquet", records(make_questions(50)))
    whole = path.read_bytes()
    for size in (8, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(SourceError, match="a whole Parquet file"):
            read(path)


def test_a_json_file_beyond_the_limit_points_to_json_lines(tmp_path: Path) -> None:
    """More than half a gigabyte (here mostly a hole in the file) is refused before it is read."""
    path = tmp_path / "q.json"
    path.write_bytes(b"[" + b" " * (1 << 17))
    os.truncate(path, LARGEST_JSON_BYTES + 1)
    with pytest.raises(SourceError, match=r"at most 512 MiB.*JSON Lines"):
        read(path)


@pytest.mark.parametrize(
    "value", [[], [1, 2], 17, {"Puzzles": ["Seating"]}, [{"answer": "B"}], {"name": "x"}, ["prose"]]
)
def test_files_without_any_question_are_the_wrong_schema(tmp_path: Path, value: Any) -> None:
    """One error that names the fields a question may stand in."""
    result = read_file(find_files([write_json(tmp_path / "q.json", value)])[0])
    assert isinstance(result, NoQuestions)
    assert "rows with a question in a field such as text, question" in str(result.error)
    assert result.error.hint


def test_worked_answers_are_open_questions_of_a_known_set(tmp_path: Path) -> None:
    """gsm8k/train.jsonl is GSM8K by the name of its folder; another folder's train.jsonl is not."""
    row = {"question": "How many clips?", "answer": "48/2=<<48/2=24>>24\n#### 24"}
    (tmp_path / "gsm8k").mkdir()
    (tmp_path / "my-gsm8k-notes").mkdir()
    known = read(write_json_lines(tmp_path / "gsm8k" / "train.jsonl", [row]))
    assert (known.notes, known.format) == (("GSM8K by its name",), "JSON Lines, open questions")
    judged = check(known.rows[0], file="f")
    assert judged == OpenQuestion(
        "f", 1, "How many clips?", "24", (), "mathematics", "GSM8K", "MIT", "48/2=24",
    )  # fmt: skip
    other = read(write_json_lines(tmp_path / "my-gsm8k-notes" / "train.jsonl", [row]))
    assert other.notes == ()
    named = read(write_json_lines(tmp_path / "gsm8k-test.jsonl", [row]))
    assert named.notes == ("GSM8K by its name",)


def test_open_questions_say_nothing_about_how_keys_are_counted(tmp_path: Path) -> None:
    """Answers such as "3" beside rows whose keys count from 0."""
    rows = [
        {"question": "Q0?", "choices": ["x", "y", "z"], "answer": 0},
        {"question": "Q1?", "answer": "3"},
        {"question": "Q2?", "answer": "0"},
    ]
    path = write_json(tmp_path / "q.json", rows)
    assert read(path).notes == ()
    assert reasons_in(path) == [None, None, None]
    rows = [{"question": f"Q{at}?", "choices": ["x", "y"], "answer": at} for at in (1, 2)]
    path = write_json(tmp_path / "q.json", [*rows, {"question": "Q0?", "answer": "0"}])
    assert read(path).notes == ("answers are counted from 1",)


def test_broken_rows_keep_no_origin() -> None:
    """A broken row has nothing to fill in."""
    assert not hasattr(Broken(1, Reason.NOT_UTF8, "", ""), "topic")
