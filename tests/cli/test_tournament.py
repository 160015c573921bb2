"""``underdog tournament``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from underdog.cli.main import main

TOML = """
format = "gauntlet"
questions = 4
seed = 2
tie_breaks = ["benchmark"]
[[entrants]]
spec = "longest"
name = "ours"
benchmark = 0.5
[[entrants]]
spec = "random"
benchmark = 0.2
[[entrants]]
spec = "random"
benchmark = 0.3
"""


def test_a_tournament_from_a_file_is_played_shown_and_exported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The TOML file decides format, names and tie-breaks; running and resuming again play nothing;
    status and export agree; every event is one line of JSON.
    """
    settings, out = tmp_path / "cup.toml", tmp_path / "cup"
    settings.write_text(TOML)
    run = ["tournament", "run", str(settings), "--out", str(out), "--engine", "in-process"]
    assert main(run) == 0
    assert "gauntlet, 2 games (finished), 4 questions" in " ".join(capsys.readouterr().out.split())
    assert main(["tournament", "status", str(out), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["entrants"] == ["ours", "random", "random-2"]
    assert {each["name"] for each in shown["strengths"]} == {"ours", "random", "random-2"}
    assert main(["tournament", "resume", str(out)]) == 0
    assert "The tournament is over." in capsys.readouterr().out
    results, events = tmp_path / "results.json", tmp_path / "events.jsonl"
    export = ["tournament", "export", str(out), "--json", str(results), "--events", str(events)]
    assert main(export) == 0
    assert json.loads(results.read_text()) == shown
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert (lines[0]["kind"], lines[-1]["kind"]) == ("tournament_started", "tournament_ended")


def test_faults_of_a_file_are_told_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown key with the nearest known one, and a wrong type; nothing is written."""
    settings = tmp_path / "cup.toml"
    settings.write_text('fromat = "swiss"\nquestions = "many"\n')
    out = tmp_path / "cup"
    assert main(["tournament", "run", str(settings), "--out", str(out)]) == 2
    told = capsys.readouterr().err
    assert "fromat is not known (did you mean format?)" in told
    assert "questions is to be int, not 'many'" in told
    assert not out.exists()


def test_a_folder_without_a_tournament_says_how_to_start_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status, resume and export name the folder and the command."""
    for action in ("status", "resume", "export"):
        flags = ["--json", str(tmp_path / "x")] if action == "export" else []
        assert main(["tournament", action, str(tmp_path), *flags]) == 2
        told = capsys.readouterr().err
        assert f"{tmp_path}: a tournament; got no tournament.db" in told
        assert "underdog tournament run --entrants" in told
