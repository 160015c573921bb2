"""Example questions show the models' own probabilities."""

from __future__ import annotations

from pathlib import Path

import pytest

from underdog.report.cards import make_examples
from underdog.runs.files import read_json


def test_flips_come_first_and_bars_are_the_probabilities(finished_run: Path) -> None:
    """Each bar is as long as its probability; the key and the given answers are marked."""
    results = read_json(finished_run / "evaluation/results.json")
    groups = make_examples(results)
    assert [group.kind for group in groups] == ["gained", "lost", "right", "wrong"]
    cards = {card.id: card for group in groups for card in group.cards}
    assert set(cards) == {example["question_id"] for example in results["examples"]}
    for example in results["examples"]:
        options = cards[example["question_id"]].options
        assert [option.text for option in options] == example["choices"]
        assert [option.key for option in options].index(True) == example["answer"]
        for place, answer in enumerate(example["answers"]):
            bars = [option.bars[place] for option in options]
            assert [bar.width for bar in bars] == pytest.approx(
                [100 * share for share in answer["probabilities"]], abs=0.01
            )
            assert [bar.chosen for bar in bars].index(True) == answer["choice"]


def test_an_answer_that_did_not_come_is_told(finished_run: Path) -> None:
    """No bars, no guess; one sentence."""
    results = read_json(finished_run / "evaluation/results.json")
    example = results["examples"][0]
    example["answers"][1] |= {"outcome": "late", "choice": None, "probabilities": None}
    results["examples"] = [example]
    (group,) = make_examples(results)
    assert group.cards[0].failures == ("tuned gave no answer: late",)
    assert all(option.bars[1].width is None for option in group.cards[0].options)


def test_one_model_has_no_flips(finished_run: Path) -> None:
    """Right and wrong are then about that model alone."""
    results = read_json(finished_run / "evaluation/results.json")
    results["models"] = results["models"][1:]
    results["examples"] = [e for e in results["examples"] if e["kind"] in ("right", "wrong")]
    for example in results["examples"]:
        example["answers"] = example["answers"][1:]
    assert [group.remark for group in make_examples(results)] == [
        "answered right",
        "answered wrong",
    ]
