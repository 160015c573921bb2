"""Paths to files: each once, by short names, in one order."""

from __future__ import annotations

from pathlib import Path

import pytest

from underdog.data.sources.find import find_files
from underdog.errors import SourceError


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    return path


def test_folders_stand_for_their_files_in_name_order(tmp_path: Path) -> None:
    """Hidden files and unfinished writes are left out; topics are folders or stems."""
    for name in ("b/two", "b/one.json", "b/.hidden", "b/x.partial-1", "b/.git/config"):
        touch(tmp_path / name)
    single = touch(tmp_path / "alone.csv")
    files = find_files([tmp_path / "b", single])
    assert [(each.name, each.topic, each.named) for each in files] == [
        ("alone.csv", "alone", True),
        ("b/one.json", "b", False),
        ("b/two", "b", False),
    ]


def test_the_order_of_paths_and_repeats_change_nothing(tmp_path: Path) -> None:
    """A file reached twice is read once, whichever way it came first."""
    one, two = touch(tmp_path / "d/one"), touch(tmp_path / "e/two")
    paths = [one.parent, two.parent]
    assert find_files(paths) == find_files([*paths[::-1], two.parent, "bank"])
    assert len(find_files([one.parent, one])) == 1


def test_equal_short_names_become_whole_paths(tmp_path: Path) -> None:
    """Two folders of one name do not hide each other."""
    for parent in ("x", "y"):
        touch(tmp_path / parent / "data" / "q.json")
    names = [each.name for each in find_files([tmp_path / "x/data", tmp_path / "y/data"])]
    assert names == [str(tmp_path / parent / "data/q.json") for parent in ("x", "y")]


def test_a_built_set_stands_for_its_questions_alone(tmp_path: Path) -> None:
    """Its train.json and rejects are copies and leftovers, not sources."""
    for name in ("questions.parquet", "manifest.json", "train.json", "rejects.jsonl"):
        touch(tmp_path / "set" / name)
    assert [each.name for each in find_files([tmp_path / "set"])] == ["set/questions.parquet"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing", "a file or a folder with questions; got nothing there"),
        ("empty", "no files in it"),
    ],
)
def test_missing_paths_and_empty_folders_are_errors(
    tmp_path: Path, name: str, message: str
) -> None:
    """One error that names the path."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match=message) as caught:
        find_files([tmp_path / name])
    assert str(tmp_path / name) in str(caught.value)
