"""Entrants on questions outside the games, and what the summary makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes import numbered_questions
from underdog.cli.held_out import read_items, recorded
from underdog.cli.main import main
from underdog.cli.play import Spec
from underdog.errors import InputError
from underdog.interval import wilson
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question
from underdog.protocol.official import write_question
from underdog.runs.files import write_json

EASY = tuple(
    Question(
        f"Which is longest, {number}?", ("a", "bb", "cc", "the longest of all"), 3, topic="arts"
    )
    for number in range(60)
)


def file_of(path: Path, questions: tuple[Question, ...]) -> Path:
    write_json(path, [write_question(each, Presentation.identity(4)) for each in questions])
    return path


def test_the_summary_says_whether_the_ranking_agrees(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Questions that the longest choice answers, in the games and outside: who takes it is first in
    both; measured once, told by run, status and export; a resumed tournament measures nothing.
    """
    out, file = tmp_path / "cup", file_of(tmp_path / "easy.json", EASY)
    command = ["tournament", "run", "--out", str(out), "--questions", "20", "--q", f"file:{file}"]
    entrants = ("--entrants", "longest", "random", "always-b", "--held-out", str(file))
    assert main([*command, *entrants, "--engine", "in-process"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "The ranking by theta agrees with held-out accuracy within intervals: " in told
    assert main(["tournament", "status", str(out), "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    known = {each["name"]: each for each in summary["held_out"]}
    assert known["longest"]["value"] == 1.0
    assert known["random"]["n"] == 60
    assert known["random"]["source"] == str(file)
    assert summary["agreement"]["agrees"] is True
    assert summary["agreement"]["told_apart"] >= 2
    assert summary["agreement"]["sentence"] in told
    file.unlink()
    assert main(["tournament", "resume", str(out)]) == 0


def test_without_held_out_questions_nothing_is_claimed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Baselines know nothing of themselves."""
    out = tmp_path / "cup"
    command = ["tournament", "run", "--out", str(out), "--questions", "2", "--single"]
    assert main([*command, "--entrants", "random", "longest", "--engine", "in-process"]) == 0
    assert "held-out" not in capsys.readouterr().out
    assert main(["tournament", "status", str(out), "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["held_out"], summary["agreement"]) == ([], None)


def test_hidden_questions_of_a_qualifying_are_held_out_questions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nothing else is known."""
    out = tmp_path / "cup"
    command = ["tournament", "run", "--out", str(out), "--questions", "6", "--qualifiers", "2"]
    assert main([*command, "--entrants", "random", "longest", "--engine", "in-process"]) == 0
    capsys.readouterr()
    assert main(["tournament", "status", str(out), "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert {each["source"] for each in summary["held_out"]} == {"qualifying"}
    assert summary["agreement"]["questions"] == 6


def test_runs_know_the_accuracy_of_their_adapters(tmp_path: Path) -> None:
    """From their own evaluation; a run without one knows nothing."""
    spec = Spec("run", base="tiny-base", run=tmp_path)
    assert recorded(spec) is None
    accuracy = wilson(60, 100)
    models = [{"accuracy": wilson(1, 100).to_json()}, {"accuracy": accuracy.to_json()}]
    (tmp_path / "evaluation").mkdir()
    write_json(tmp_path / "evaluation" / "results.json", {"models": models})
    assert recorded(spec) == (accuracy, str(tmp_path / "evaluation"))


def test_held_out_questions_need_keys(tmp_path: Path) -> None:
    """A file without any is refused."""
    bare = Question("?a", ("a", "b", "c", "d"), None)
    file = file_of(tmp_path / "bare.json", (bare,))
    with pytest.raises(InputError, match="held-out questions with keys; got none"):
        read_items(file)
    assert len(read_items(file_of(tmp_path / "all.json", numbered_questions(7)))) == 7
