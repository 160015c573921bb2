"""The set on disk: what is written comes back, byte for byte the same each time."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from question_files import any_questions, make_questions

from underdog.data.reject import Reason, Reject
from underdog.data.row import Band, Row, Split
from underdog.data.store import (
    COLUMNS,
    from_fields,
    read_json_rows,
    read_rows,
    to_fields,
    to_parquet,
    write_rejects,
    write_rows,
)
from underdog.errors import CorruptFileError, InputError
from underdog.mcq.question import Question
from underdog.runs.files import digest_folder


def rows_of(questions: list[Question]) -> list[Row]:
    """Every third row is held out; difficulties are steps of 0.01."""
    rows = []
    for at, question in enumerate(questions):
        held = at % 3 == 2
        split = Split.VALIDATION if held else Split.TRAIN
        place = None if held else at
        rows.append(Row(question, f"g{at}", at % 101 / 100, Band.HARD, split, place, place))
    return rows


@settings(max_examples=25)
@given(questions=st.lists(any_questions(), min_size=1, max_size=8, unique_by=lambda q: q.id))
def test_rows_come_back_equal_from_parquet_and_json(
    tmp_path_factory: pytest.TempPathFactory, questions: list[Question]
) -> None:
    """Train by position, then validation by id; every field, ids included."""
    folder = tmp_path_factory.mktemp("set")
    rows = rows_of(questions)
    write_rows(rows, folder)
    train = [row for row in rows if row.split is Split.TRAIN]
    held = sorted(
        (row for row in rows if row.split is Split.VALIDATION), key=lambda row: row.question.id
    )
    assert list(read_rows(folder)) == train + held
    assert list(read_json_rows(folder / "train.json")) == train
    assert list(read_json_rows(folder / "validation.json")) == held


def test_equal_rows_in_any_order_give_equal_bytes(tmp_path: Path) -> None:
    """Nothing of the clock, the machine or the order gets in."""
    rows = rows_of(make_questions(50))
    for name, given_rows in (("a", rows), ("b", rows[::-1])):
        write_rows(given_rows, tmp_path / name)
        write_rejects([Reject("f", 2, Reason.NO_ANSWER, "d", "e")], tmp_path / name)
    assert digest_folder(tmp_path / "a") == digest_folder(tmp_path / "b")


def test_the_columns_are_those_of_the_contract(tmp_path: Path) -> None:
    """Other rooms read these names and types."""
    import pyarrow.parquet as pq

    write_rows(rows_of(make_questions(3)), tmp_path)
    schema = pq.read_schema(tmp_path / "questions.parquet")
    types = {name: str(schema.field(name).type) for name in schema.names}
    assert tuple(schema.names) == COLUMNS
    assert {name: kind for name, kind in types.items() if kind != "string"} == {
        "choices": "list<element: string>",
        "answer": "int8",
        "difficulty": "float",
        "chunk": "int16",
        "converted": "bool",
        "position": "int32",
    }


def test_rejects_are_listed_by_file_and_row(tmp_path: Path) -> None:
    """One JSON line each, text as it is."""
    rejects = [
        Reject("b", 1, Reason.NO_ANSWER, "no key", "Café?"),
        Reject("a", 10, Reason.ONE_CHOICE, "1 choice", "x"),
        Reject("a", 9, Reason.ONE_CHOICE, "1 choice", "x"),
    ]
    write_rejects(rejects, tmp_path)
    lines = (tmp_path / "rejects.jsonl").read_text(encoding="utf-8").splitlines()
    assert [line[:22] for line in lines] == [
        '{"file": "a", "row": 9', '{"file": "a", "row": 1', '{"file": "b", "row": 1',
    ]  # fmt: skip
    assert lines[2] == (
        '{"file": "b", "row": 1, "reason": "no answer", "detail": "no key", "excerpt": "Café?"}'
    )


def test_a_changed_text_is_noticed() -> None:
    """A stored id that does not fit the text is damage, not data."""
    (row,) = rows_of(make_questions(1))
    assert from_fields(to_fields(row)) == row
    with pytest.raises(CorruptFileError, match=r"the id .* for this text"):
        from_fields({**to_fields(row), "text": "Another text?"})


def test_damaged_and_missing_sets_are_clear_errors(tmp_path: Path) -> None:
    """No set, a cut Parquet file, a cut JSON file, a file of another table."""
    with pytest.raises(InputError, match=r"a question set.*underdog data build PATH"):
        read_rows(tmp_path)
    content = to_parquet(rows_of(make_questions(3)))
    path = tmp_path / "questions.parquet"
    path.write_bytes(content[:-20])
    with pytest.raises(CorruptFileError, match="a whole question set"):
        read_rows(tmp_path)
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"x": [1]}), path)
    with pytest.raises(CorruptFileError, match="a whole question set"):
        read_rows(tmp_path)
    (tmp_path / "train.json").write_text("[{")
    with pytest.raises(CorruptFileError, match="a whole question set"):
        read_json_rows(tmp_path / "train.json")
