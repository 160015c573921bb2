"""The risk-coverage curve's points are the evaluation's."""

from __future__ import annotations

from pathlib import Path

import pytest

from underdog.report.coverage import make_coverage
from underdog.runs.files import read_json


def test_points_are_the_curve_on_disk(finished_run: Path) -> None:
    """Coverage across, share wrong up, from the top down in the drawing, on one scale for all
    models that holds every interval.
    """
    results = read_json(finished_run / "evaluation/results.json")
    view = make_coverage(results)
    top = float(view.up[-1].label) / 100
    assert view.up[0].label == "0"
    for model, curve in zip(results["models"], view.curves, strict=True):
        selective = model["calibration"]["selective"]
        assert float(curve.auroc) == pytest.approx(selective["auroc"], abs=5e-4)
        assert float(curve.aurc) == pytest.approx(selective["aurc"], abs=5e-4)
        half = next(each for each in selective["curve"] if each["coverage"] == 0.5)
        assert curve.surest_half == f"{100 * half['accuracy']['value']:.1f}\u202f%"
        for entry, point in zip(selective["curve"], curve.points, strict=True):
            risk = 1 - entry["accuracy"]["value"]
            assert point.x == pytest.approx(100 * entry["coverage"], abs=0.01)
            assert point.y == pytest.approx(100 - 100 * risk / top, abs=0.01)
            assert 0 <= point.high <= point.y <= point.low <= 100
        assert curve.spoken.startswith(f"{model['name']}: 10\u202f% answered, ")


def test_models_without_probabilities_have_no_curve(finished_run: Path) -> None:
    """A player that gives letters only is left out; so is an evaluation from before the curve."""
    results = read_json(finished_run / "evaluation/results.json")
    results["models"][0]["calibration"] = None
    assert [curve.model for curve in make_coverage(results).curves] == ["tuned"]
    del results["models"][1]["calibration"]["selective"]
    assert make_coverage(results).curves == ()


def test_answers_that_are_all_right_have_no_auroc(finished_run: Path) -> None:
    """A dash: there is nothing to tell apart."""
    results = read_json(finished_run / "evaluation/results.json")
    results["models"][0]["calibration"]["selective"]["auroc"] = None
    assert make_coverage(results).curves[0].auroc == "–"
