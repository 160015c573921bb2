"""The diagram's points are the evaluation's bins."""

from __future__ import annotations

from pathlib import Path

import pytest

from underdog.report.reliability import make_reliability
from underdog.runs.files import read_json


def test_points_are_the_bins_on_disk(finished_run: Path) -> None:
    """Confidence across, share right up (so from the top down in the drawing)."""
    results = read_json(finished_run / "evaluation/results.json")
    view = make_reliability(results)
    for model, curve in zip(results["models"], view.curves, strict=True):
        calibration = model["calibration"]
        assert float(curve.ece) == pytest.approx(calibration["ece"], abs=5e-4)
        assert float(curve.brier) == pytest.approx(calibration["brier"], abs=5e-4)
        assert float(curve.nll) == pytest.approx(calibration["nll"], abs=5e-4)
        for entry, point in zip(calibration["bins"], curve.bins, strict=True):
            assert point.x == pytest.approx(100 * entry["confidence"], abs=0.01)
            assert point.y == pytest.approx(100 - 100 * entry["accuracy"]["value"], abs=0.01)
            assert point.high <= point.y <= point.low
        assert curve.spoken.startswith(f"{model['name']}: ")


def test_models_without_probabilities_have_no_curve(finished_run: Path) -> None:
    """A remote player that gives letters only is left out."""
    results = read_json(finished_run / "evaluation/results.json")
    results["models"][0]["calibration"] = None
    assert [curve.model for curve in make_reliability(results).curves] == ["tuned"]
