"""Rows of dots stand where the numbers are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from underdog.pages.words import bounds, percent
from underdog.report.dots import UNNAMED, dot_table, roles, worst_topics
from underdog.runs.files import read_json


@pytest.fixture
def results(finished_run: Path) -> dict[str, Any]:
    return dict(read_json(finished_run / "evaluation/results.json"))


@pytest.mark.parametrize("key", ["by_topic", "by_band", "by_source"])
def test_every_group_of_every_model_is_a_dot(results: dict[str, Any], key: str) -> None:
    """Values, bounds and places are those on disk."""
    table = dot_table(results, key, "title", "noun")
    for row in (*table.rows, *table.rest):
        for model, mark in zip(results["models"], row.marks, strict=True):
            accuracy = next(g["accuracy"] for g in model[key] if g["name"] == row.label)
            assert mark is not None
            assert (mark.value, mark.bounds) == (percent(accuracy["value"]), bounds(accuracy))
            assert mark.at == pytest.approx(100 * accuracy["value"], abs=0.01)
            assert mark.low <= mark.at <= mark.high
            assert row.n == accuracy["n"]
    assert {row.label for row in table.rows} == {g["name"] for g in results["models"][0][key]}


def test_long_tables_keep_the_rest_behind_a_line(results: dict[str, Any]) -> None:
    """No row is lost."""
    group = results["models"][0]["by_topic"][0]
    for model in results["models"]:
        model["by_topic"] = [{**group, "name": f"topic {index}"} for index in range(40)]
    table = dot_table(results, "by_topic", "title", "topic")
    assert [row.label for row in (*table.rows, *table.rest)] == [f"topic {i}" for i in range(40)]
    assert table.rest


def test_roles_go_by_place() -> None:
    """First is the reference, last the subject; a single model is the subject."""
    three = {"models": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}
    assert roles(three) == (("a", "reference"), ("b", "other"), ("c", "subject"))
    assert roles({"models": [{"name": "a"}]}) == (("a", "subject"),)


def test_a_model_without_a_group_leaves_a_gap(results: dict[str, Any]) -> None:
    """The other model's dot is still drawn, and questions without a topic have a name."""
    results["models"][0]["by_topic"][0]["name"] = ""
    table = dot_table(results, "by_topic", "title", "topic")
    unnamed = next(row for row in table.rows if row.label == UNNAMED)
    assert unnamed.marks[0] is not None
    assert unnamed.marks[1] is None
    assert unnamed.spoken.startswith(f"{UNNAMED}: base ")


def test_weakest_topics_keep_the_evaluations_order(results: dict[str, Any]) -> None:
    """The rows are those of the evaluation, weakest first."""
    labels = [row.label for row in worst_topics(results).rows]
    assert labels == [entry["topic"] for entry in results["worst_topics"]]
