"""Models by name: what they are called, and probabilities that mean what they say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from fakes import numbered_questions
from real_server import tiny_scorer
from underdog.errors import InputError
from underdog.inference.evidence import tempered
from underdog.inference.score import score
from underdog.inference.scorer import Scorer
from underdog.inference.server.resident import ResidentEngine, Voice
from underdog.inference.server.voices import base_name, calibrated, named_adapters
from underdog.mcq.prediction import Prediction
from underdog.mcq.question import Question


def test_adapters_are_named_as_given_or_by_their_folder(tmp_path: Path) -> None:
    """A run's adapter has the run's name; a name that comes twice is refused with the way out."""
    found = named_adapters(["geo=out/x", str(tmp_path / "history/train/adapter")], taken="base")
    assert list(found) == ["geo", "history"]
    for given in (["a/x", "b/x"], ["base=a"], ["=a"]):
        with pytest.raises(InputError, match=r"adapters with different names.*--adapter NAME=DIR"):
            named_adapters(given, taken="base")


def test_a_base_is_called_by_its_hub_name_or_its_folder(tmp_path: Path) -> None:
    """What a client would expect to type."""
    assert base_name("Qwen/Qwen2.5-7B-Instruct") == "Qwen/Qwen2.5-7B-Instruct"
    assert base_name("tiny-base") == "tiny-base"
    (tmp_path / "my-model").mkdir()
    assert base_name(tmp_path / "my-model") == "my-model"


def loss(questions: Sequence[Question], predictions: Sequence[Prediction]) -> float:
    pairs = zip(questions, predictions, strict=True)
    return -math.fsum(
        each.log_probs[question.answer]
        for question, each in pairs
        if each.log_probs is not None and question.answer is not None
    )


def test_a_fitted_temperature_makes_the_keys_most_probable(scorer: Scorer) -> None:
    """No temperature nearby has a smaller loss on the questions it was fitted on, and no choice
    changes.
    """
    questions = numbered_questions(24)
    plain = score(questions, scorer)
    fitted = calibrated({"tiny": Voice(scorer)}, questions)["tiny"].temperature
    best = loss(questions, [tempered(each, fitted) for each in plain])
    for factor in (0.8, 1.25):
        near = min(max(fitted * factor, 0.05), 20.0)
        assert best <= loss(questions, [tempered(each, near) for each in plain]) + 1e-6
    answered = ResidentEngine({"tiny": Voice(scorer, temperature=fitted)}).answer("tiny", questions)
    assert [each.choice for each in answered] == [each.choice for each in plain]
    with pytest.raises(InputError, match="questions with known answers to calibrate on"):
        calibrated({"tiny": Voice(scorer)}, [Question("open?", ("a", "b"), None)])


def test_what_answers_by_itself_is_asked_and_makes_no_text() -> None:
    """An ensemble stands in for the scorer's answers; its card says that it does not generate."""
    scorer = tiny_scorer()
    questions = numbered_questions(2)

    class Last:
        def score(self, asked: Sequence[Question]) -> Sequence[Prediction]:
            return [
                Prediction(each.question_id, each.presentation, each.outcome, 3, each.log_probs)
                for each in score(asked, scorer)
            ]

    engine = ResidentEngine({"pool": Voice(scorer, asked=Last()), "tiny": Voice(scorer)})
    assert [each.choice for each in engine.answer("pool", questions)] == [3, 3]
    assert {name: card.generates for name, card in engine.cards.items()} == {
        "pool": False,
        "tiny": True,
    }
