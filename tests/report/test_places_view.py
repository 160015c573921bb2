"""Where the answers stood, and what rotating the choices showed."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from read_page import Page
from underdog.report.folder import read_record
from underdog.report.page import render
from underdog.report.places import make_places
from underdog.runs.files import read_json, write_json

REPORT = {
    "how": "rotate",
    "questions": 600,
    "accuracy": {"value": 0.7, "low": 0.66, "high": 0.74, "n": 600, "method": "wilson"},
    "circular": {"value": 0.5, "low": 0.46, "high": 0.54, "n": 600, "method": "wilson"},
    "flips": {"value": 0.3, "low": 0.26, "high": 0.34, "n": 600, "method": "wilson"},
    "recall_std": 0.081,
    "log_priors": {"4": [math.log(each) for each in (0.4, 0.3, 0.2, 0.1)]},
}


def test_shares_are_the_counts_on_disk(finished_run: Path) -> None:
    """A dot per model and place, inside its interval, and a line where the keys stand."""
    results = read_json(finished_run / "evaluation/results.json")
    view = make_places(results)
    assert [row.letter for row in view.rows] == ["A", "B", "C", "D"]
    for place, row in enumerate(view.rows):
        for model, mark in zip(results["models"], row.marks, strict=True):
            counts = model["places"]["counts"]
            assert mark is not None
            assert mark.at == pytest.approx(100 * counts[place] / sum(counts), abs=0.01)
            assert mark.low < mark.at < mark.high
        keys = results["models"][0]["places"]["key_counts"]
        assert row.right == pytest.approx(100 * keys[place] / sum(keys), abs=0.01)
        assert row.spoken.startswith(f"{row.letter}: {row.right_share} of right choices; base ")
    assert view.rotated == ()


def test_a_model_without_an_answer_has_no_dot(finished_run: Path) -> None:
    """Every answer late or malformed: nothing stood anywhere."""
    results = read_json(finished_run / "evaluation/results.json")
    results["models"][1]["places"]["counts"] = [0, 0, 0, 0]
    assert all(row.marks[1] is None for row in make_places(results).rows)


def test_rotations_are_told_on_the_page(run_copy: Path) -> None:
    """Accuracy as shown and under every rotation, flips, spread, the letters' own probabilities."""
    path = run_copy / "evaluation/results.json"
    results = read_json(path)
    write_json(path, {**results, "position_bias": {"tuned": REPORT}})
    text = Page(render(read_record(run_copy))).text
    for wanted in (
        "70.0\u202f% [66.0, 74.0]",
        "50.0\u202f% [46.0, 54.0]",
        "30.0\u202f% [26.0, 34.0]",
        "8.1",
        "40.0\u202f%, 30.0\u202f%, 20.0\u202f%, 10.0\u202f%",
    ):
        assert wanted in text
    assert "--debias rotate" not in text


def test_without_rotations_the_page_says_how_to_get_them(finished_run: Path) -> None:
    """The flag that measures it; the drawings of places and of coverage are there."""
    page = Page(render(read_record(finished_run)))
    assert "--style letters --debias rotate" in page.text
    labels = [attributes.get("aria-label") or "" for attributes in page.all("svg")]
    assert any(label.startswith("Share of wrong answers when only") for label in labels)
    assert any(label.startswith("A: ") and "of right choices" in label for label in labels)
