"""Append-only logs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patience import PATIENCE_S
from underdog.errors import CorruptFileError
from underdog.runs.log import LogWriter, read_log

LIMITED = """
import resource, sys
from pathlib import Path
from underdog.errors import DiskFullError
from underdog.runs.log import LogWriter
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))
try:
    with LogWriter(Path(sys.argv[1])) as log:
        for number in range(100):
            log.append({"number": number, "text": "x" * 50}, durable=True)
except DiskFullError as error:
    print(error)
"""


@given(st.lists(st.dictionaries(st.text(max_size=3), st.integers() | st.text()), max_size=8))
def test_a_log_gives_back_what_was_appended(
    tmp_path_factory: pytest.TempPathFactory, entries: list[dict[str, int | str]]
) -> None:
    """In order, over two sittings, whatever line breaks the texts hold."""
    path = tmp_path_factory.getbasetemp() / "log.jsonl"
    path.unlink(missing_ok=True)
    half = len(entries) // 2
    for sitting in (entries[:half], entries[half:]):
        with LogWriter(path) as log:
            for entry in sitting:
                log.append(entry, durable=True)
    assert list(read_log(path)) == entries


@given(st.integers(0, 1000))
def test_a_kill_inside_a_line_loses_that_line_only(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    """Cut anywhere, the whole lines before the cut are read, and writing goes on after them."""
    path = tmp_path_factory.getbasetemp() / "cut.jsonl"
    content = b"".join(json.dumps({"n": number}).encode() + b"\n" for number in range(20))
    kept = content[: cut % (len(content) + 1)]
    path.write_bytes(kept)
    whole = kept.count(b"\n")
    assert [line["n"] for line in read_log(path)] == list(range(whole))
    with LogWriter(path) as log:
        log.append({"n": whole})
    assert [line["n"] for line in read_log(path)] == list(range(whole + 1))


def test_a_damaged_line_in_the_middle_is_named(tmp_path: Path) -> None:
    """Only an unfinished end is forgiven; the message says which line."""
    path = tmp_path / "log.jsonl"
    path.write_text('{"a": 1}\n{"a": \n{"a": 3}\n')
    with pytest.raises(CorruptFileError, match="a JSON line is needed") as caught:
        list(read_log(path))
    assert caught.value.where == f"{path}:2"


def test_a_full_disk_leaves_whole_lines_and_one_clear_error(tmp_path: Path) -> None:
    """The line that did not fit is taken back, and closing does not fail a second time."""
    path = tmp_path / "log.jsonl"
    command = [sys.executable, "-c", LIMITED, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr
    assert "room to write is needed" in done.stdout
    lines = list(read_log(path))
    assert [line["number"] for line in lines] == list(range(len(lines)))
    assert len(lines) > 5
    assert path.read_bytes().endswith(b"\n")


def test_folders_are_made_and_closing_twice_is_harmless(tmp_path: Path) -> None:
    """A writer needs no prepared place."""
    log = LogWriter(tmp_path / "x" / "log.jsonl")
    log.append({})
    log.close()
    log.close()
    assert list(read_log(log.path)) == [{}]
