"""A model that always gives the same place is called out."""

from __future__ import annotations

from pathlib import Path

from underdog.report.answers import make_answers
from underdog.runs.files import read_json


def test_places_and_outcomes_are_those_on_disk(finished_run: Path) -> None:
    """One row per model, one column per place."""
    results = read_json(finished_run / "evaluation/results.json")
    view = make_answers(results)
    assert view.letters == ("A", "B", "C", "D")
    assert view.keys == tuple(results["models"][0]["places"]["key_counts"])
    for model, row in zip(results["models"], view.models, strict=True):
        assert row.places == tuple(model["places"]["counts"])
        assert row.outcomes == "600 clean"
    assert not view.warnings


def test_a_collapsed_model_is_warned_about(finished_run: Path) -> None:
    """The share is in the warning."""
    results = read_json(finished_run / "evaluation/results.json")
    results["models"][1]["places"] |= {"constant": True, "largest_share": 0.97}
    results["models"][1]["answer_mass"] = None
    view = make_answers(results)
    assert view.warnings == (
        "tuned gives the same place in 97.0\u202f% of its answers: it has collapsed.",
    )
    assert view.models[1].mass == "–"
