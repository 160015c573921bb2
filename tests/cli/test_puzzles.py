"""``underdog puzzles``, and its file as a source of training data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from underdog.cli.main import main
from underdog.data.quality import DEFAULT_RULES, Checked, check
from underdog.data.sources.find import find_files
from underdog.data.sources.read import FileRows, read_file
from underdog.protocol.filters import filter_questions
from underdog.protocol.tokens import estimate_tokens


@pytest.mark.parametrize("name", ["p.json", "p.jsonl"])
def test_every_kind_takes_turns_and_every_row_is_official(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same seed writes the same bytes; all pass the official filter."""
    out = tmp_path / "new" / name
    assert main(["puzzles", "--n", "9", "--out", str(out)]) == 0
    text = out.read_text("utf-8")
    rows = json.loads(text) if name == "p.json" else list(map(json.loads, text.splitlines()))
    assert len(filter_questions(rows, estimate_tokens)) == 9
    assert len({row["topic"] for row in rows}) == 6
    assert "9 puzzles" in capsys.readouterr().out
    assert main(["puzzles", "--n", "9", "--out", str(out)]) == 0
    assert out.read_text("utf-8") == text


def test_a_build_takes_every_row_of_the_file(tmp_path: Path) -> None:
    """By its own reader and its rules: none is refused, and keys, topics and order stay. (A whole
    build costs seconds of imports and is tested with other files.)
    """
    out = tmp_path / "truth.jsonl"
    assert main(["puzzles", "--kind", "truth", "--n", "30", "--out", str(out)]) == 0
    found = read_file(find_files([out])[0])
    assert isinstance(found, FileRows)
    judged = [check(row, file="truth.jsonl", rules=DEFAULT_RULES) for row in found.rows]
    taken = [each.question for each in judged if isinstance(each, Checked)]
    written = list(map(json.loads, out.read_text("utf-8").splitlines()))
    assert len(taken) == len(judged) == len(written) == 30
    for question, row in zip(taken, written, strict=True):
        assert "ABCD"[question.answer] == row["answer"]
        assert row["choices"][question.answer] == f"{row['answer']}) {question.answer_text}"
        assert (question.text, question.topic) == (row["question"], row["topic"])


def test_an_unknown_kind_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the nearest one."""
    assert main(["puzzles", "--kind", "sylogism", "--out", str(tmp_path / "x.json")]) == 2
    assert "Try: syllogism" in capsys.readouterr().err


def test_a_match_is_played_with_puzzles(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All questions of both innings are put, and the stored match replays to the same result."""
    out = str(tmp_path / "match")
    command = ["play", "--a", "random", "--b", "longest", "--puzzles", "0.4", "--questions", "4"]
    assert main([*command, "--out", out]) == 0
    assert main(["play", "--replay", out]) == 0
    shown = capsys.readouterr().out
    assert "4 questions per innings" in shown
    assert "dropped" not in shown
    assert "The stored result is the same." in shown


def test_puzzles_and_a_built_set_exclude_each_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which of the two to ask from is the user's to say."""
    command = ["play", "--a", "random", "--b", "longest", "--out", str(tmp_path / "match")]
    assert main([*command, "--puzzles", "0.4", "--data", str(tmp_path)]) == 2
    assert "questions from one place; got --data and --puzzles" in capsys.readouterr().err
