"""The question set's numbers are the build's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from underdog.report.dataset import make_dataset
from underdog.runs.files import read_json


@pytest.fixture
def summary(finished_run: Path) -> dict[str, Any]:
    return dict(read_json(finished_run / "data/summary.json"))


def test_counts_are_those_on_disk(summary: dict[str, Any]) -> None:
    """Every table of the build is there; bands run from easy to hard, others by size."""
    view = make_dataset(summary)
    tables = {table.title: table for table in view.counts}
    assert [bar.name for bar in tables["By difficulty"].bars] == ["easy", "medium", "hard"]
    assert tables["By topic"].bars[0] == ("geography", "1\u202f200", 100.0)
    assert {bar.name for bar in tables["By licence"].bars} == set(summary["licences"])
    assert dict(view.figures)["Rows read"] == "6\u202f600"
    assert dict(view.figures)["Left out"] == "40"
    assert view.order == "The training rows are in 10 chunks of 596 rows each."
    assert [file.name for file in view.files] == ["bank", "science/train.csv"]


def test_the_check_of_the_split_is_told(summary: dict[str, Any]) -> None:
    """A clean check says so; a pair that was found is counted."""
    view = make_dataset(summary)
    assert view.clean
    assert "found no pair that is too alike (highest likeness 0.58 by words" in view.split
    assert view.split.endswith("these were compared with other rows only.")
    summary["check"]["settled"] = sum(summary["splits"].values())
    assert "none was compared with another" in make_dataset(summary).split
    summary["check"]["settled"] = 0
    assert make_dataset(summary).split.endswith("limit 0.8).")
    summary["check"]["character_pairs"] = 3
    assert not make_dataset(summary).clean
    assert "found 3 pairs" in make_dataset(summary).split


def test_what_the_build_found_is_told(summary: dict[str, Any]) -> None:
    """Its verdicts in its order, with words for their levels; where its card is. Sets of older
    builds have neither.
    """
    summary["verdicts"] = [
        {"level": "worry", "title": "Licences not stated", "text": "10 rows.", "place": "origins"},
        {"level": "good", "title": "Enough", "text": "600 rows.", "place": "steps"},
    ]
    view = make_dataset(summary, "data/card.html")
    assert view.card == "data/card.html"
    assert view.verdicts == (
        ("worry", "To worry about", "Licences not stated", "10 rows."),
        ("good", "Checked and good", "Enough", "600 rows."),
    )
    del summary["verdicts"]
    assert (make_dataset(summary).verdicts, make_dataset(summary).card) == ((), None)


def test_uneven_chunks_unnamed_licences_and_many_topics(summary: dict[str, Any]) -> None:
    """A range of sizes, a word for an empty name, and the rest behind a line."""
    summary["chunks"] = [10, 11]
    summary["licences"] = {"": 5}
    summary["topics"] = {f"topic {index:02d}": 1 for index in range(30)}
    summary["reasons"] = {}
    view = make_dataset(summary)
    tables = {table.title: table for table in view.counts}
    assert view.order.endswith("in 2 chunks of 10 to 11 rows.")
    assert tables["By licence"].bars[0].name == "(not stated)"
    assert len(tables["By topic"].bars) + len(tables["By topic"].rest) == 30
    assert "Left out, by reason" not in tables
    assert make_dataset({**summary, "chunks": []}).order == "No row is for training."
