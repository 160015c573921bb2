"""underdog compare."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes import numbered_questions, save_base, save_random_adapter
from underdog.cli.compare import show
from underdog.cli.main import main
from underdog.data.row import Band, Row, Split
from underdog.data.store import write_rows
from underdog.evaluation.sequential import rank


def test_bases_and_adapters_are_ranked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two bases, one with an adapter: asked one question per group, ranked, resumable."""
    rows = [
        Row(question, f"g{n // 2}", 0.5, Band.EASY, Split.VALIDATION, None, None)
        for n, question in enumerate(numbered_questions(24))
    ]
    write_rows(rows, tmp_path)
    save_base(tmp_path / "one")
    save_base(tmp_path / "two", seed=3)
    save_random_adapter(tmp_path / "tuned")
    models = [
        str(tmp_path / "one"),
        f"b={tmp_path / 'two'}",
        f"{tmp_path / 'one'}:{tmp_path / 'tuned'}",
    ]
    command = ["compare", *models, "--data", str(tmp_path), "--out", str(tmp_path / "out")]
    assert main(command) == 0
    shown = capsys.readouterr().out
    ranking = json.loads((tmp_path / "out" / "compare.json").read_text())
    assert {each["name"] for each in ranking["places"]} == {"one", "b", "tuned"}
    assert {each["offered"] for each in ranking["places"]} == {12}
    assert "answers were not needed" in shown
    assert main(command) == 0
    assert capsys.readouterr().out == shown
    assert main([*command[:2], models[0], *command[4:]]) == 2
    assert "models with different names" in capsys.readouterr().err


def test_what_is_said_about_winners_and_ties() -> None:
    """A winner is named with the level; ties with what would settle them."""
    clear = rank({"good": [True] * 40, "poor": [False] * 40}, offered=100)
    said = [part for part in show(clear) if isinstance(part, str)]
    assert said[0] == "good is the best of 2 (all claims together hold with probability 95 %)."
    assert said[-1] == "120 of 200 answers were not needed."
    near = rank(
        {"a": [True, False] * 20, "b": [True] * 5 + [True, False] * 17 + [False]}, offered=40
    )
    said = [part for part in show(near) if isinstance(part, str)]
    assert said[0].startswith("Not separable: b, a share first place")
    assert "are a tie after 40 questions" in said[1]
    assert "needs about" in said[1]
