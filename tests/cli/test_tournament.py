"""``underdog tournament``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from entries import entry
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


def test_keys_judged_by_a_panel_are_shown_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rule is a flag; the store remembers it for `status`; an impossible one is refused."""
    out = tmp_path / "cup"
    run = ["tournament", "run", "--entrants", "random", "longest", "--questions", "4", "--single"]
    run += ["--out", str(out), "--engine", "in-process"]
    assert main([*run, "--keys", "panel"]) == 2
    assert "Try: --panel SPEC SPEC SPEC" in capsys.readouterr().err
    panel = ["--panel", "random", "random", "longest"]
    assert main([*run, *panel]) == 2
    assert "no panel where keys are trusted; got 3 solvers" in capsys.readouterr().err
    assert main([*run, *panel, "--keys", "void", "--agree", "3"]) == 0
    capsys.readouterr()
    assert main(["tournament", "status", str(out)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Keys: a panel of random, random-2, longest; a key is disputed when 3 of 3" in told
    assert "of 8 are" in told
    assert "count for nobody" in told


def test_a_withdrawn_entrant_may_be_gone_and_paths_may_be_relative(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Begun in one working folder and stopped, the tournament goes on in another one, without the
    entry whose folder was removed after it was withdrawn.
    """
    from underdog.tournament import league

    entry(tmp_path / "one" / "adders")
    (tmp_path / "two").mkdir()
    monkeypatch.chdir(tmp_path / "one")
    out = str(tmp_path / "cup")
    run = ["tournament", "run", "--entrants", "adders", "random", "longest", "--single"]

    def no_games(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(league.League, "_play", no_games)
        assert main([*run, "--questions", "4", "--out", out]) != 0
    monkeypatch.chdir(tmp_path / "two")
    withdraw = ["tournament", "withdraw", out, "adders", "--reason", "no GPU left"]
    assert main(withdraw) == 0
    assert main(withdraw) == 2
    assert "an entrant that still plays; got adders, out since no GPU left" in (
        capsys.readouterr().err
    )
    shutil.rmtree(tmp_path / "one" / "adders")
    assert main(["tournament", "resume", out]) == 0
    assert "adders forfeits: no GPU left." in " ".join(capsys.readouterr().out.split())
    assert main(["tournament", "status", out, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["forfeits"] == {"adders": "no GPU left"}
    lost = [each for each in shown["results"] if "adders" in (each["one"], each["other"])]
    assert [sum(each["forfeited"]) for each in lost] == [1, 1]
    assert {each["played"] for each in shown["standings"]} == {2}
