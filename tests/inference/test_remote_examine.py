"""An evaluation of a model behind a server is kept, continued, and never paid for twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes import numbered_questions
from real_server import serving, tiny_scorer
from underdog.errors import RunMismatchError
from underdog.evaluation.predictions import read_scored
from underdog.evaluation.results import Item
from underdog.inference.remote import Way, open_remote
from underdog.inference.remote_client import RemoteConfig
from underdog.inference.remote_examine import evaluate_remote
from underdog.inference.score import score
from underdog.inference.scorer import ScoringConfig
from underdog.inference.server.resident import ResidentEngine, Voice


def test_answers_are_kept_and_only_missing_ones_are_asked(tmp_path: Path) -> None:
    """The same accuracy as in process; a second sitting asks nothing; another set is refused."""
    questions = numbered_questions(6)
    items = [Item(each) for each in questions]
    scorer = tiny_scorer()
    with serving(ResidentEngine({"tiny": Voice(scorer)})) as running:
        config = RemoteConfig(f"{running.address}/v1", "tiny", concurrency=2)
        remote = open_remote(config, ScoringConfig())
        first = evaluate_remote(items, remote, tmp_path)
        again = open_remote(config, ScoringConfig(), way=Way.ECHO)
        assert evaluate_remote(items, again, tmp_path) == first
        with pytest.raises(RunMismatchError):
            evaluate_remote(items[:3], again, tmp_path)
    kept = read_scored(tmp_path / "remote" / "predictions.jsonl")
    expected = score(questions, scorer)
    assert [each.prediction.choice for each in kept] == [each.choice for each in expected]
    right = sum(
        each.choice == item.question.answer for each, item in zip(expected, items, strict=True)
    )
    assert first["models"][0]["accuracy"]["value"] == pytest.approx(right / 6)
    assert remote.cost.calls == 6
    assert again.cost.calls == 0
    assert json.loads((tmp_path / "remote" / "cost.json").read_text())["calls"] == 0
