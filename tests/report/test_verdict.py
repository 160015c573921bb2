"""The headline says what the numbers allow, and no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from underdog.pages.words import THIN
from underdog.report.verdict import make_verdict
from underdog.runs.files import read_json


@pytest.fixture
def results(finished_run: Path) -> dict[str, Any]:
    return dict(read_json(finished_run / "evaluation/results.json"))


def test_a_clear_gain_names_all_its_numbers(results: dict[str, Any]) -> None:
    """Both accuracies with bounds, the number of questions, p, and the verdict."""
    verdict = make_verdict(results)
    base, tuned = (f"{100 * model['accuracy']['value']:.1f}" for model in results["models"])
    assert verdict.short.replace(THIN, " ") == f"Tuning lifts accuracy from {base} % to {tuned} %"
    sentence = verdict.sentence.replace(THIN, " ")
    assert sentence.startswith(f"Base {base} % [")
    assert f"→ tuned {tuned} % [" in sentence
    assert "on 600 held-out questions" in sentence
    assert sentence.endswith(": separable, tuned is better.")
    assert "McNemar p = " in sentence
    assert [fact.name for fact in verdict.facts] == [
        "Difference",
        "Changed answers",
        "Held-out questions",
    ]


def test_a_loss_is_called_a_loss(results: dict[str, Any]) -> None:
    """Tuning that makes the model worse is not dressed up."""
    results["comparisons"][0]["winner"] = "base"
    assert make_verdict(results).short.startswith("Tuning lowers accuracy from")


@pytest.mark.parametrize(
    ("needed", "words"),
    [(1240, f"about 1{THIN}240 questions would be needed"), (None, "equally often right here")],
)
def test_what_cannot_be_told_apart_is_not_ranked(
    results: dict[str, Any], needed: int | None, words: str
) -> None:
    """Without a winner the title names none, and the sentence says what it would take."""
    results["comparisons"][0] |= {"winner": None, "questions_needed": needed, "p_value": 0.41}
    verdict = make_verdict(results)
    assert verdict.short == "Base and tuned cannot be told apart"
    assert "McNemar p = 0.410: not separable" in verdict.sentence
    assert words in verdict.sentence


def test_other_models_are_called_by_their_names(results: dict[str, Any]) -> None:
    """Only base and tuned are spoken of as tuning."""
    results["models"][1]["name"] = results["comparisons"][0]["winner"] = "qwen"
    assert make_verdict(results).short.startswith("Qwen answers ")


def test_a_single_model_stands_against_chance(results: dict[str, Any]) -> None:
    """Without a comparison there is no claim of one."""
    results["models"], results["comparisons"] = results["models"][:1], []
    verdict = make_verdict(results)
    assert verdict.short.startswith("Base answers ")
    assert verdict.sentence.endswith(f"chance is 25.0{THIN}%.")
    assert [fact.name for fact in verdict.facts] == ["Held-out questions"]
