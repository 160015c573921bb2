"""Which adapters were kept, what guards changed, what was forgotten: as on disk."""

from __future__ import annotations

from pathlib import Path

from underdog.report.folder import read_record
from underdog.report.keeping import make_keeping
from underdog.report.page import render
from underdog.runs.files import read_json, write_json


def test_adapters_warnings_and_forgetting_are_those_of_the_result(finished_run: Path) -> None:
    """Two adapters, two warnings, the sentence and its four figures, the topics that lost."""
    stored = read_json(finished_run / "train" / "result.json")
    view = make_keeping(stored)
    assert [(row.folder, row.step, row.meaning) for row in view.adapters] == [
        ("adapter", "640", "the run's result"),
        ("best", "576", "best of the validated ones"),
    ]
    assert view.start == "42.0\u202f%"
    assert view.warnings[0] == "Guards changed this run: 2 remedies (explosion, memory)."
    assert view.warnings[1].startswith("Overfitting since step 600")
    found = stored["result"]["forgetting"]
    assert view.forgetting == found["sentence"]
    assert dict(view.figures)["Forgotten"] == str(found["forgotten"])
    assert {row.topic for row in view.topics} == {each["topic"] for each in found["topics"]}


def test_the_page_shows_them(finished_run: Path) -> None:
    """Warnings, the table of adapters and the sentence stand on the page."""
    page = render(read_record(finished_run))
    for part in ("Guards changed this run", "Which adapter", "What was forgotten", "net \u2212"):
        assert part.replace("net \u2212", "net -") in page


def test_a_quiet_run_and_an_older_one_have_their_page_too(
    finished_run: Path, tmp_path: Path
) -> None:
    """Nothing measured: no section. A result of another form: no error."""
    quiet = {
        "result": {
            "remedies": [],
            "adapters": [
                {"adapter": "adapter", "step": 9, "accuracy": None, "loss": None, "questions": None}
            ],
            "start_accuracy": None,
            "overfitting_since": None,
            "forgetting": None,
        }
    }
    view = make_keeping(quiet)
    assert (view.warnings, view.figures, view.topics, view.forgetting) == ((), (), (), "")
    assert view.adapters[0].accuracy == ""
    path = finished_run / "train" / "result.json"
    before = path.read_bytes()
    write_json(path, {"result": {"steps": 3}})
    try:
        assert "Which adapter" not in render(read_record(finished_run))
    finally:
        path.write_bytes(before)
