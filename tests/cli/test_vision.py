"""The command for convolution without the vendor's library."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from underdog.cli.main import main


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
