"""CSV and Parquet: one record per row, named by the header or by the schema."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from underdog.data.reject import Reason, shorten
from underdog.data.sources.candidate import Broken, Candidate
from underdog.data.sources.fields import TEXT_NAMES
from underdog.data.sources.lines import LONGEST_LINE_BYTES, Line, read_lines
from underdog.data.sources.record import read_record
from underdog.errors import MissingExtraError, SourceError

DELIMITERS = (",", "\t", ";", "|")
_BATCH_ROWS = 4096


def split_header(line: str) -> tuple[str, list[str]]:
    """The delimiter that gives the most columns, and their names."""
    parted = [(mark, next(csv.reader([line], delimiter=mark), [])) for mark in DELIMITERS]
    delimiter, names = max(parted, key=lambda pair: len(pair[1]))
    return delimiter, [name.strip().casefold() for name in names]


def has_question_column(names: list[str]) -> bool:
    """Whether one of the columns may hold the question's text."""
    return len(names) > 1 and not set(names).isdisjoint(TEXT_NAMES)


def read_csv_file(path: Path) -> Iterator[Candidate | Broken]:
    """Every row below the header; `row` is the number of its last line."""
    lines = read_lines(path)
    first = next(lines, Line(1, b"", cut=False)).content.decode("utf-8", "replace")
    delimiter, names = split_header(first)
    if not has_question_column(names):
        raise SourceError(
            f"a header with a column called {' or '.join(TEXT_NAMES[:2])}",
            got=f"the first line {shorten(first, 80)!r}",
            where=path,
            hint='put a first line such as "question,A,B,C,D,answer"',
        )
    faults: dict[int, Broken] = {}
    reader = csv.reader(_decoded(lines, faults), delimiter=delimiter)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            row = reader.line_num + 1
            yield _take_fault(faults) or Broken(row, Reason.NOT_A_RECORD, str(error), "")
            continue
        fault = _take_fault(faults)
        if fault is not None or cells:
            yield fault or _read_cells(reader.line_num + 1, names, cells=cells)


def _take_fault(faults: dict[int, Broken]) -> Broken | None:
    """The first fault among the lines of the row just read, all of which are forgotten."""
    first = next(iter(faults.values()), None)
    faults.clear()
    return first


def _decoded(lines: Iterator[Line], faults: dict[int, Broken]) -> Iterator[str]:
    """Text lines for the csv module. A line that cannot be one is noted and stands as a mark."""
    for line in lines:
        start = shorten(line.content[:400].decode("utf-8", "replace"))
        if line.cut:
            detail = f"a line of more than {LONGEST_LINE_BYTES >> 20} MiB"
            faults[line.number] = Broken(line.number, Reason.TOO_LONG, detail, start)
        try:
            text = "" if line.cut else line.content.decode("utf-8")
        except UnicodeDecodeError as error:
            detail = f"byte {error.object[error.start]:#04x} at column {error.start + 1}"
            faults[line.number] = Broken(line.number, Reason.NOT_UTF8, detail, start)
            text = ""
        yield f"{text}\n"


def _read_cells(row: int, names: list[str], *, cells: list[str]) -> Candidate | Broken:
    if len(cells) != len(names):
        detail = f"{len(cells)} fields, the header has {len(names)}"
        return Broken(row, Reason.NOT_A_RECORD, detail, shorten(" | ".join(cells)[:400]))
    return read_record(row, dict(zip(names, cells, strict=True)))


def read_parquet_file(path: Path) -> Iterator[Candidate | Broken]:
    """Every row of a Parquet file, in batches; `row` counts from 1."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError.of("reading Parquet", "data") from error
    row = 0
    try:
        with pq.ParquetFile(path) as table:
            for batch in table.iter_batches(batch_size=_BATCH_ROWS):
                for value in batch.to_pylist():
                    row += 1
                    yield read_record(row, value)
    except (pa.ArrowException, OSError) as error:
        raise SourceError(
            "a whole Parquet file",
            got=shorten(str(error), 120),
            where=path,
            hint="copy or download it again",
        ) from error
