"""results.json."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes import ChosenScorer, numbered_questions
from underdog.errors import CorruptFileError, InputError
from underdog.evaluation.predictions import Scored
from underdog.evaluation.results import Item, read_results, summarise, write_results

BANDS = ("easy", "medium", "hard")
ITEMS = tuple(
    Item(question, BANDS[number % 3]) for number, question in enumerate(numbered_questions(60))
)
QUESTIONS = [item.question for item in ITEMS]
KNOWING = ChosenScorer(
    {
        question.id: [-0.1 if index == question.answer else -3.45 for index in range(4)]
        for question in QUESTIONS[:45]
    }
)
MODELS = {
    "base": [Scored(each, -1.0) for each in ChosenScorer()(QUESTIONS)],
    "tuned": [Scored(each, None) for each in KNOWING(QUESTIONS)],
}


def test_everything_the_report_needs_is_there() -> None:
    """Accuracy whole and by label, comparison, calibration, places, worst topics, examples."""
    results = summarise(ITEMS, MODELS, scoring={"style": "texts"})
    base, tuned = results["models"]
    assert (base["name"], tuned["name"]) == ("base", "tuned")
    assert base["accuracy"]["value"] == 0.25
    assert tuned["accuracy"]["n"] == results["questions"] == 60
    assert [group["name"] for group in tuned["by_band"]] == list(BANDS)
    assert {group["name"] for group in tuned["by_topic"]} == {"geography", "elements", "arts"}
    assert {group["name"] for group in tuned["by_source"]} == {"source 0", "source 1"}
    assert base["answer_mass"] == pytest.approx(0.36787944)
    assert tuned["answer_mass"] is None
    assert base["places"]["constant"]
    assert base["outcomes"] == {"clean": 60}
    assert results["chance"] == 0.25
    assert results["comparisons"][0]["winner"] == "tuned"
    assert len(results["worst_topics"]) == 3
    assert results["worst_topics"][0]["reference"]["value"] < 0.5
    assert {each["kind"] for each in results["examples"]} == {"right", "wrong", "gained"}


def test_equal_answers_give_equal_bytes(tmp_path: Path) -> None:
    """The object is plain JSON, comes back equal, and holds no clock."""
    for name in ("one", "two"):
        write_results(tmp_path / name, summarise(ITEMS, MODELS, scoring={"style": "texts"}))
    one, two = ((tmp_path / name / "results.json").read_bytes() for name in ("one", "two"))
    assert one == two
    assert read_results(tmp_path / "one") == json.loads(one)
    assert read_results(tmp_path / "one") == summarise(ITEMS, MODELS, scoring={"style": "texts"})


def test_one_model_has_nothing_to_be_compared_with() -> None:
    """No comparison, no reference, no flips."""
    results = summarise(ITEMS, {"base": MODELS["base"]}, scoring={})
    assert results["comparisons"] == []
    assert {each["reference"] for each in results["worst_topics"]} == {None}
    assert {each["kind"] for each in results["examples"]} == {"right", "wrong"}


@pytest.mark.parametrize(("items", "models"), [((), MODELS), (ITEMS, {})])
def test_nothing_gives_no_results(items: tuple[Item, ...], models: dict[str, list[Scored]]) -> None:
    """At least one question and one model."""
    with pytest.raises(InputError, match="at least one question and one model"):
        summarise(items, models, scoring={})


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    """The report learns which file to make again."""
    (tmp_path / "results.json").write_text("{")
    with pytest.raises(CorruptFileError, match="a JSON file is needed"):
        read_results(tmp_path)
