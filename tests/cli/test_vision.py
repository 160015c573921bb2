"""The command for convolution without the vendor's library."""

from __future__ import annotations

import argparse
import json
from dataclasses import fields
from pathlib import Path

import pytest

from underdog.cli import detector
from underdog.cli.main import main
from underdog.vision.yolo.settings import Augmentation, YoloConfig


def test_doctor_proves_that_nothing_reaches_the_vendor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 0, zero operations left, and the proof as JSON."""
    path = tmp_path / "doctor.json"
    shape = ["--shape", "1", "3", "32", "32"]
    assert main(["vision", "doctor", *shape, "--json", str(path)]) == 0
    assert "still reach a vendor's library: 0" in capsys.readouterr().out
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["still_vendor"] == 0
    assert any(each["vendor"] for each in found["before"])


def test_a_model_that_cannot_be_had_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """No traceback: what was wanted and where."""
    assert main(["vision", "doctor", "--model", "no.such:thing"]) == 2
    assert "a model that can be imported" in capsys.readouterr().err


def test_stress_says_whether_all_was_well(capsys: pytest.CaptureFixture[str]) -> None:
    """At least one turn, also when the time is up at once."""
    assert main(["vision", "stress", "--minutes", "0"]) == 0
    assert "healthy: True" in capsys.readouterr().out


def test_every_setting_of_training_is_an_option_with_its_default() -> None:
    """No field of the settings is forgotten, and no default is stated twice."""
    parser = argparse.ArgumentParser()
    detector.add_actions(parser.add_subparsers())
    given = vars(parser.parse_args(["train", "--data", "d", "--out", "o"]))
    for settings in (YoloConfig(), Augmentation()):
        for field in fields(settings):
            assert given[field.name] == getattr(settings, field.name)
    changed = parser.parse_args(
        ["train", "--data", "d", "--out", "o", "--lr0", "0.5", "--precision", "float32"]
    )
    assert (changed.lr0, changed.precision.value) == (0.5, "float32")


def test_bench_draws_its_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Table, figures as JSON, and a page."""
    from underdog.vision.conv import bench

    monkeypatch.setattr(bench, "LAYERS", (bench.Layer("tiny", 2, 4, 1, 1, 8),))
    page, result = tmp_path / "bench.html", tmp_path / "bench.json"
    options = ["--rounds", "1", "--batch", "1", "--page", str(page), "--json", str(result)]
    assert main(["vision", "bench", *options]) == 0
    assert "tiny" in page.read_text(encoding="utf-8")
    assert json.loads(result.read_text(encoding="utf-8"))["vendor_ratio"] > 0
