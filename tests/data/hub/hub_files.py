"""Files in exactly the schema that the hub has, a few rows each, and the records they become.

Features as the cards of the sets state them (`dataset_info`): class labels,
structs, lists, and lists of structs, which the library stores as a struct of lists.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import datasets
import pyarrow as pa
import pyarrow.parquet as pq

TEXT = datasets.Value("string")
TEXTS = datasets.Sequence(TEXT)
LABELLED = datasets.Sequence({"text": TEXT, "label": TEXT})
ARC = {"id": TEXT, "question": TEXT, "choices": LABELLED, "answerKey": TEXT}


class Example(NamedTuple):
    """Rows of one split of a set, and the records they must become (without source, licence)."""

    name: str
    split: str
    path: str
    features: dict[str, Any] | None
    """None: the hub has JSON Lines."""
    rows: list[dict[str, Any]]
    records: list[dict[str, Any]]


def write_example(root: Path, example: Example) -> None:
    """The file where the hub has it."""
    path = root / example.path
    path.parent.mkdir(parents=True, exist_ok=True)
    if example.features is None:
        path.write_text("".join(json.dumps(row) + "\n" for row in example.rows))
        return
    schema = datasets.Features(example.features).arrow_schema
    pq.write_table(pa.Table.from_pylist(example.rows, schema=schema), path)


def edited(example: Example, edit: Callable[[dict[str, Any]], object]) -> Example:
    """The same with every row edited, and the schema that the edited rows have of themselves."""
    rows: list[dict[str, Any]] = json.loads(json.dumps(example.rows))
    for row in rows:
        edit(row)
    path = str(Path(example.path).with_suffix(".jsonl"))
    return example._replace(features=None, rows=rows, path=path)


def expected(example: Example, title: str, licence: str) -> list[dict[str, Any]]:
    """The records with source and licence. Where the right answer stands apart ("right"), it is
    left out, because its place is drawn: `without_drawn_place` takes it out of what came.
    """
    return [{**record, "source": title, "licence": licence} for record in example.records]


def without_drawn_place(record: dict[str, Any]) -> dict[str, Any]:
    """A record of a set that names its right answer apart: the choices that are wrong, in order."""
    place = record["answer_index"]
    choices = list(record["choices"])
    right = choices.pop(place)
    rest = {name: value for name, value in record.items() if name != "answer_index"}
    return {**rest, "choices": choices, "right": right}
