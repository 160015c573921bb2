"""What is on disk is read as it is; what is not becomes a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from underdog.errors import InputError
from underdog.report.folder import KNOWN_FILES, Part, read_record
from underdog.runs.files import read_json


def test_a_finished_run_is_read_whole(finished_run: Path) -> None:
    """Every part has its file's value and no note."""
    record = read_record(finished_run)
    parts = [record.manifest, record.stages, record.data, record.metrics, record.results]
    assert [part.note for part in parts] == [""] * len(parts)
    assert record.results.value == read_json(finished_run / "evaluation/results.json")
    assert list(record.latencies) == ["base", "tuned"]


def test_a_path_without_a_run_is_refused(tmp_path: Path) -> None:
    """Nothing there, a file, an empty folder: each is an error that says what came."""
    file = tmp_path / "file"
    file.write_text("x", encoding="utf-8")
    empty = tmp_path / "empty"
    empty.mkdir()
    for path, got in ((tmp_path / "no", "nothing at that path"), (file, "a file"), (empty, "none")):
        with pytest.raises(InputError, match=f"a run folder is needed.*{got}"):
            read_record(path)


def test_a_damaged_file_is_a_note(run_copy: Path) -> None:
    """A file cut off in the middle, or not UTF-8, is named."""
    (run_copy / "stages.json").write_text("[{", encoding="utf-8")
    (run_copy / "match/result.json").write_bytes(b"\xff\xfe")
    record = read_record(run_copy)
    assert record.stages.value is None
    assert "stages.json could not be read" in record.stages.note
    assert "match/result.json could not be read" in record.match.note


def test_a_match_in_play_is_told_from_none(run_copy: Path) -> None:
    """Events without a result are a match that was stopped."""
    (run_copy / "match/result.json").unlink()
    assert read_record(run_copy).match.note == "The match was not played to its end."
    (run_copy / "match/events.jsonl").unlink()
    assert read_record(run_copy).match.note == "No match has been played."


def test_files_are_listed_in_the_order_of_the_stages(finished_run: Path) -> None:
    """Only files that are there are listed."""
    files = read_record(finished_run).files
    assert files == tuple(name for name, _ in KNOWN_FILES if (finished_run / name).exists())
    assert files[0] == "manifest.json"


def test_a_part_of_another_form_becomes_a_note() -> None:
    """What a maker raises on strange values is told, and a missing part keeps its note."""
    strange = Part({"a": 1}).then(lambda value: value["b"])
    assert strange.value is None
    assert strange.note.endswith("(KeyError: 'b').")
    absent: Part[int] = Part(None, "Not there.")
    assert absent.then(lambda value: value + 1) == Part(None, "Not there.")
