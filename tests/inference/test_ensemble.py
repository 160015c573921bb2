"""An ensemble as a file, in memory, and on questions."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from fakes import FakeClock, numbered_questions, save_base, save_random_adapter
from underdog.errors import CorruptFileError, InputError
from underdog.evaluation.pool import Pool, Rule
from underdog.evaluation.predictions import read_scored
from underdog.evaluation.results import Item, read_results
from underdog.inference.ensemble import member_digest, open_ensemble, scoring_config, scoring_table
from underdog.inference.ensemble_examine import examine_ensemble
from underdog.inference.ensemble_file import (
    Ensemble,
    EnsembleMember,
    read_ensemble,
    write_ensemble,
)
from underdog.inference.evidence_cache import EvidenceCache
from underdog.inference.latency import LatencyConfig
from underdog.inference.score import score
from underdog.inference.scorer import ScoringConfig, model_identity, open_scorer

QUESTIONS = numbered_questions(12)
SCORING = scoring_table(ScoringConfig(shots=numbered_questions(14)[12:]), "float32")
WEIGHTS = (0.7, 0.5, 0.0)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """base/, one/, two/, ensemble.json: two adapters with weights, and the base with none."""
    home = tmp_path_factory.mktemp("ensemble")
    base = save_base(home / "base")
    folders = [save_random_adapter(home / name, seed=n) for n, name in enumerate(("one", "two"))]
    members = tuple(
        EnsembleMember(
            "base" if path is None else path.name,
            path,
            member_digest({"dtype": "float32", **model_identity(base, path)}),
        )
        for path in (*folders, None)
    )
    pool = Pool(Rule.LOG, WEIGHTS, (1.0,) * 3, topics={"arts": (0.0, 2.0, 0.0)})
    write_ensemble(home / "ensemble.json", Ensemble(str(base), members, pool, SCORING, {"n": 1}))
    return home


def test_a_file_comes_back_and_may_move(home: Path, tmp_path: Path) -> None:
    """Equal values, equal bytes; with its folders it can be carried to another place."""
    first = read_ensemble(home / "ensemble.json")
    write_ensemble(tmp_path / "again.json", first)
    assert read_ensemble(tmp_path / "again.json") == first
    assert str(home) not in (home / "ensemble.json").read_text()
    shutil.copytree(home, tmp_path / "moved")
    moved = read_ensemble(tmp_path / "moved" / "ensemble.json")
    assert moved.members[0].adapter == tmp_path / "moved" / "one"
    assert Path(moved.base) == tmp_path / "moved" / "base"


def test_it_answers_as_its_members_weighed(home: Path) -> None:
    """The weighted sum of the log-probabilities of each member loaded alone, normalised; arts
    questions by the second member squared; the member without weight is not loaded.
    """
    opened = open_ensemble(home / "ensemble.json", device="cpu")
    assert opened.members.names == ("one", "two")
    config = scoring_config(opened.ensemble)
    assert len(config.shots) == 2
    alone = [
        score(QUESTIONS, open_scorer(home / "base", home / name, config=config, device="cpu"))
        for name in ("one", "two")
    ]
    for question, found, one, two in zip(QUESTIONS, opened.score(QUESTIONS), *alone, strict=True):
        weights = (0.0, 2.0) if question.topic == "arts" else WEIGHTS[:2]
        assert one.log_probs is not None
        assert two.log_probs is not None
        raw = [
            weights[0] * a + weights[1] * b
            for a, b in zip(one.log_probs, two.log_probs, strict=True)
        ]
        total = math.log(sum(map(math.exp, raw)))
        assert found.log_probs == pytest.approx([each - total for each in raw], abs=1e-5)
        assert found.question_id == question.id


def test_a_changed_member_is_refused(home: Path, tmp_path: Path) -> None:
    """Other weights in its folder, and the fitted weight belongs to no one."""
    shutil.copytree(home, tmp_path / "home")
    shutil.rmtree(tmp_path / "home" / "two")
    save_random_adapter(tmp_path / "home" / "two", seed=9)
    with pytest.raises(CorruptFileError, match="member two as it was when its weight was fitted"):
        open_ensemble(tmp_path / "home" / "ensemble.json", device="cpu")


def test_a_file_that_is_no_ensemble_is_named(home: Path, tmp_path: Path) -> None:
    """None there, something else, a part missing, names twice."""
    with pytest.raises(InputError, match="an ensemble file is needed"):
        read_ensemble(tmp_path / "none.json")
    other = tmp_path / "other.json"
    other.write_text('{"kind": "underdog evaluation"}')
    with pytest.raises(CorruptFileError, match="of kind 'underdog ensemble'"):
        read_ensemble(other)
    value = json.loads((home / "ensemble.json").read_text())
    other.write_text(json.dumps({**value, "rule": "sum"}))
    with pytest.raises(CorruptFileError, match="'sum' is not a valid Rule"):
        read_ensemble(other)
    first = read_ensemble(home / "ensemble.json")
    with pytest.raises(InputError, match="3 members with different names"):
        replace(first, members=(first.members[0],) * 3)


def test_members_and_whole_are_examined_together(home: Path, tmp_path: Path) -> None:
    """Best member first, the ensemble last; the second call asks nobody and gives equal bytes."""
    items = [Item(question, "easy", question.id) for question in QUESTIONS]
    ensemble = read_ensemble(home / "ensemble.json")
    arguments = {"clock": FakeClock([1.0] * 99), "latency": LatencyConfig(2, 0)}
    results = examine_ensemble(items, ensemble, tmp_path, **arguments)
    names = [model["name"] for model in results["models"]]
    assert set(names[:-1]) == {"one", "two"}
    assert names[-1] == "ensemble"
    values = [model["accuracy"]["value"] for model in results["models"][:-1]]
    assert values == sorted(values, reverse=True)
    assert len(results["comparisons"]) == 2
    assert results["ensemble"]["weights"] == {"one": 0.7, "two": 0.5, "base": 0.0}
    assert len(read_scored(tmp_path / "ensemble" / "predictions.jsonl")) == 12
    assert (tmp_path / "ensemble" / "latency.json").is_file()
    before = (tmp_path / "results.json").read_bytes()
    examine_ensemble(items, ensemble, tmp_path, **arguments)
    assert (tmp_path / "results.json").read_bytes() == before
    assert read_results(tmp_path) == json.loads(before)


def test_an_ensemble_that_is_known_loads_no_model(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In another folder, the same bytes; a member whose files changed is refused all the same."""
    items = [Item(question, "easy", question.id) for question in QUESTIONS]
    shutil.copytree(home, tmp_path / "home")
    ensemble = read_ensemble(tmp_path / "home" / "ensemble.json")
    cache, clock = EvidenceCache(tmp_path / "cache"), FakeClock([1.0] * 99)
    examine_ensemble(items, ensemble, tmp_path / "one", clock=clock, cache=cache)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a model was opened")

    monkeypatch.setattr("underdog.inference.ensemble_examine.open_ensemble", refuse)
    examine_ensemble(items, ensemble, tmp_path / "two", clock=clock, cache=cache)
    results = [(tmp_path / name / "results.json").read_bytes() for name in ("one", "two")]
    assert results[0] == results[1]
    shutil.rmtree(tmp_path / "home" / "two")
    save_random_adapter(tmp_path / "home" / "two", seed=9)
    with pytest.raises(CorruptFileError, match="member two as it was"):
        examine_ensemble(items, ensemble, tmp_path / "three", clock=clock, cache=cache)
