"""A built question set on disk: Parquet for programs, JSON for people, both byte-reproducible.

Rows come back equal to what was written, ids included (a stored id is checked against its text).
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from underdog.data.reject import Reject
from underdog.data.row import Band, Row, Split
from underdog.errors import CorruptFileError, InputError, MissingExtraError
from underdog.mcq.question import Question
from underdog.runs.files import write_bytes

QUESTIONS_NAME = "questions.parquet"
TRAIN_NAME = "train.json"
VALIDATION_NAME = "validation.json"
REJECTS_NAME = "rejects.jsonl"
COLUMNS = (
    "id",
    "text",
    "choices",
    "answer",
    "topic",
    "source",
    "licence",
    "explanation",
    "group",
    "difficulty",
    "band",
    "split",
    "chunk",
    "position",
    "converted",
)


def write_rows(rows: Sequence[Row], folder: Path) -> None:
    """Write questions.parquet, train.json and validation.json: train by position, then the rest."""
    ordered = sorted(rows, key=_place)
    write_bytes(folder / QUESTIONS_NAME, to_parquet(ordered))
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False).encode
    for name, split in ((TRAIN_NAME, Split.TRAIN), (VALIDATION_NAME, Split.VALIDATION)):
        lines = [encode(to_fields(row)) for row in ordered if row.split is split]
        write_bytes(folder / name, ("[\n" + ",\n".join(lines) + "\n]\n").encode("utf-8"))


def _place(row: Row) -> tuple[bool, int, str]:
    return (row.position is None, row.position or 0, row.question.id)


def write_rejects(rejects: Iterable[Reject], folder: Path) -> None:
    """Write rejects.jsonl, by file and row."""
    lines = [
        f"{_json_line(each.to_json())}\n"
        for each in sorted(rejects, key=lambda each: (each.file, each.row, each.reason))
    ]
    write_bytes(folder / REJECTS_NAME, "".join(lines).encode("utf-8"))


def _json_line(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, allow_nan=False)


def to_fields(row: Row) -> dict[str, Any]:
    """A row as plain values, by the names of COLUMNS."""
    question = row.question
    values = (
        question.id,
        question.text,
        list(question.choices),
        question.answer,
        question.topic,
        question.source,
        question.licence,
        question.explanation,
        row.group,
        row.difficulty,
        row.band.value,
        row.split.value,
        row.chunk,
        row.position,
        row.converted,
    )
    return dict(zip(COLUMNS, values, strict=True))


def from_fields(fields: dict[str, Any]) -> Row:
    """The row that `to_fields` was given; CorruptFileError when the id does not fit the text."""
    question = Question(
        fields["text"],
        tuple(fields["choices"]),
        fields["answer"],
        topic=fields["topic"],
        source=fields["source"],
        licence=fields["licence"],
        explanation=fields["explanation"],
    )
    if question.id != fields["id"]:
        raise CorruptFileError(f"the id {question.id} for this text", got=str(fields["id"]))
    return Row(
        question,
        fields["group"],
        round(fields["difficulty"], 4),  # float32 in Parquet
        Band(fields["band"]),
        Split(fields["split"]),
        fields["chunk"],
        fields["position"],
        fields.get("converted", False),  # sets built before open questions were converted
    )


def to_parquet(rows: Sequence[Row]) -> bytes:
    """The bytes of questions.parquet."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError.of("question sets", "data") from error
    special = {
        "choices": pa.list_(pa.string()),
        "answer": pa.int8(),
        "difficulty": pa.float32(),
        "chunk": pa.int16(),
        "position": pa.int32(),
        "converted": pa.bool_(),
    }
    schema = pa.schema([(name, special.get(name, pa.string())) for name in COLUMNS])
    # Column by column: pa.Table.from_pylist looks every name up in every row.
    values = zip(*(to_fields(row).values() for row in rows), strict=True)
    columns = dict(zip(COLUMNS, values, strict=True)) if rows else dict.fromkeys(COLUMNS, ())
    arrays = [pa.array(columns[field.name], type=field.type) for field in schema]
    table = pa.Table.from_arrays(arrays, schema=schema)
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", row_group_size=1 << 16)
    return sink.getvalue()


def read_rows(folder: Path) -> tuple[Row, ...]:
    """Every row of a set made by `underdog data build`: train by position, then validation."""
    path = folder / QUESTIONS_NAME
    if not path.is_file():
        raise InputError(
            f"a question set ({QUESTIONS_NAME})",
            got="none in this folder",
            where=folder,
            hint=f"underdog data build PATH... --out {folder}",
        )
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError.of("question sets", "data") from error
    try:
        with pq.ParquetFile(path) as table:
            values = table.read().to_pylist()
        return tuple(from_fields(fields) for fields in values)
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise CorruptFileError("a whole question set", got=str(error), where=path) from error


def read_json_rows(path: Path) -> tuple[Row, ...]:
    """The rows of a train.json or validation.json."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return tuple(from_fields(fields) for fields in values)
    except (OSError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise CorruptFileError("a whole question set", got=str(error), where=path) from error
