"""``underdog report`` writes a page and says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from underdog.cli.main import EXIT_ERROR, main
from underdog.runs.files import write_json


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A run that was stopped right after its header."""
    folder = tmp_path / "run"
    header = {"identity": {"recipe": {"name": "tiny"}, "seed": 3}, "context": {}}
    write_json(folder / "manifest.json", header)
    return folder


def test_the_page_lands_in_the_run_folder(
    run_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --out it is RUN/report.html, and its path is printed."""
    assert main(["report", str(run_dir)]) == 0
    assert capsys.readouterr().out.strip() == str(run_dir / "report.html")
    assert "tiny" in (run_dir / "report.html").read_text(encoding="utf-8")


def test_the_page_lands_where_it_is_asked_for(run_dir: Path, tmp_path: Path) -> None:
    """--out names another file, whose folder is made."""
    target = tmp_path / "pages" / "tiny.html"
    assert main(["report", str(run_dir), "--out", str(target)]) == 0
    assert target.exists()
    assert not (run_dir / "report.html").exists()


def test_a_wrong_path_is_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that is not there ends with status 2 and says what is needed."""
    assert main(["report", str(tmp_path / "no")]) == EXIT_ERROR
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "a run folder is needed; got nothing at that path" in error
