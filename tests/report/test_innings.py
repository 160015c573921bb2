"""The scoreboard repeats the referee."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from underdog.report.innings import make_match
from underdog.runs.files import read_json


@pytest.fixture
def result(finished_run: Path) -> dict[str, Any]:
    return dict(read_json(finished_run / "match/result.json"))


def test_points_are_the_referees(result: dict[str, Any]) -> None:
    """Totals, parts, counts and accuracies equal those on disk."""
    view = make_match(result)
    for name, side in zip("AB", view.sides, strict=True):
        team = result["teams"][name]
        assert float(side.total) == pytest.approx(team["official"]["total"], abs=0.05)
        assert float(side.asking) == pytest.approx(team["official"]["asking"], abs=0.05)
        assert side.answered == f"{team['accuracy']['correct']} of {team['accuracy']['questions']}"
    assert [len(side.identity) for side in view.sides] == [1, 0]
    assert view.headline == "tuned wins, decided by points."
    assert "edition 2026-02, 20 questions per innings, seed 7" in view.rules


def test_every_slot_of_both_innings_is_a_row(result: dict[str, Any]) -> None:
    """Right, wrong, left out and unanswered are told apart."""
    view = make_match(result)
    assert [len(innings.rows) for innings in view.innings] == [20, 20]
    rows = view.innings[0].rows
    assert rows[3].verdict == "left out"
    assert rows[3].question == "too long: 143 tokens, at most 130"
    assert rows[11].answer == "no answer (late)"
    assert (rows[11].verdict, rows[11].sure) == ("wrong", "")
    shown = result["innings"][0]["table"][0]
    assert rows[0].answer in shown["choices"]
    assert rows[0].key[0] == shown["key"]
    for innings, own in zip(view.innings, result["innings"], strict=True):
        assert sum(row.verdict == "right" for row in innings.rows) == own["correct"]


def test_a_small_match_is_not_oversold(result: dict[str, Any]) -> None:
    """Overlapping intervals are said to overlap; separate ones are said to be separate."""
    for name, low, high in (("A", 0.8, 0.9), ("B", 0.1, 0.2)):
        result["teams"][name]["accuracy"] |= {"low": low, "high": high}
    assert "do not overlap" in make_match(result).caution
    result["teams"]["B"]["accuracy"] |= {"low": 0.1, "high": 0.85}
    assert "do not tell these players apart" in make_match(result).caution


def test_both_results_are_shown_where_they_differ(result: dict[str, Any]) -> None:
    """The strict score stands beside the official one only where it is another one; a result from
    before there was a strict total has none to show.
    """
    assert make_match(result).strict == ""
    totals = [result["teams"][name]["official"]["total"] for name in "AB"]
    result["teams"]["A"]["strict_total"] = totals[0] + 5
    told = make_match(result).strict
    assert told.endswith(
        f"strict, with answers in any form, it is {totals[0] + 5:.1f} : {totals[1]:.1f}."
    )


def test_ties_and_faults_are_told(result: dict[str, Any]) -> None:
    """Nobody wins a tie; disqualification and lost answers are remarks."""
    result |= {"winner": None, "reason": "tie"}
    team = result["teams"]["B"]
    team |= {"disqualified": True, "lost_to_format": 2}
    team["accuracy"] |= {"questions": 0, "correct": 0, "value": None, "low": None, "high": None}
    view = make_match(result)
    assert view.headline == "Nobody wins: equal points."
    assert view.caution == ""
    assert view.sides[1].mark is None
    assert view.sides[1].remarks == (
        "disqualified: fewer than half of its questions were valid",
        "answers not clean: late 1",
        "lost to the format alone: 2",
    )
