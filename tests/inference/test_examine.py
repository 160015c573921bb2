"""The whole examination on disk."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fakes import FakeClock, numbered_questions, save_base, save_random_adapter
from underdog.errors import InputError, RunMismatchError
from underdog.evaluation.predictions import LOG_NAME, read_predictions
from underdog.evaluation.results import Item, read_results
from underdog.inference.examine import Candidate, base_and_tuned, evaluate_models
from underdog.inference.latency import LatencyConfig
from underdog.inference.score import score
from underdog.inference.scorer import Scorer, ScoringConfig, open_scorer

ITEMS = tuple(Item(question, "easy") for question in numbered_questions(30))
QUESTIONS = [item.question for item in ITEMS]
CONFIG = ScoringConfig(batch_tokens=400)
PREDICTIONS = ("base/predictions.jsonl", "tuned/predictions.jsonl", "results.json")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("models")
    return save_base(root / "base"), save_random_adapter(root / "adapter")


def examine(models: tuple[Path, Path], out: Path, **changes: object) -> dict[str, object]:
    config = replace(CONFIG, **changes)  # type: ignore[arg-type]
    candidates = base_and_tuned(*models, config=config, device="cpu")
    return evaluate_models(ITEMS, candidates, out, clock=FakeClock())


class Killed(BaseException):
    """Stands for a process that ends here."""


def test_predictions_latency_and_results_are_on_disk(
    models: tuple[Path, Path], tmp_path: Path
) -> None:
    """Files of both candidates hold what scoring in memory gives."""
    candidates = base_and_tuned(*models, config=CONFIG, device="cpu")
    latency = LatencyConfig(questions=3, warmup=1)
    results = evaluate_models(
        ITEMS, candidates, tmp_path, clock=FakeClock([0.5] * 99), latency=latency
    )
    assert results == read_results(tmp_path)
    tuned = open_scorer(*models, config=CONFIG, device="cpu")
    for name, scorer in (("base", tuned.without_adapter()), ("tuned", tuned)):
        assert read_predictions(tmp_path / name / "predictions.jsonl") == score(QUESTIONS, scorer)
        stored = json.loads((tmp_path / name / "latency.json").read_text())
        assert (stored["p99_s"], stored["load_s"], stored["questions"]) == (0.5, 0.5, 3)
    stamp = (tmp_path / "base" / "latency.json").stat().st_mtime_ns
    evaluate_models(ITEMS, candidates, tmp_path, clock=FakeClock(), latency=latency)
    assert (tmp_path / "base" / "latency.json").stat().st_mtime_ns == stamp
    assert [model["name"] for model in results["models"]] == ["base", "tuned"]
    assert results["scoring"]["style"] == "texts"


def test_what_is_finished_is_not_scored_again(models: tuple[Path, Path], tmp_path: Path) -> None:
    """A second examination opens no model and writes the same results."""
    before = examine(models, tmp_path)

    def never() -> Scorer:
        raise AssertionError("the model was opened")

    candidates = base_and_tuned(*models, config=CONFIG, device="cpu")
    closed = [replace(each, open=never) for each in candidates]
    assert evaluate_models(ITEMS, closed, tmp_path, clock=FakeClock()) == before


@pytest.mark.parametrize("kill_after", [1, 3, 5])
def test_a_kill_between_batches_changes_no_byte_of_the_end(
    models: tuple[Path, Path], tmp_path: Path, kill_after: int
) -> None:
    """Continued, the files equal those of an examination that was never interrupted."""

    class Killer:
        def begin(self, task: str, total: int | None) -> None:
            self.left = kill_after

        def advance(self, steps: int = 1, note: str = "") -> None:
            self.left -= 1
            if self.left < 0:
                raise Killed

        def end(self) -> None:
            """Nothing to do."""

    examine(models, tmp_path / "straight")
    out = tmp_path / "killed"
    candidates = base_and_tuned(*models, config=CONFIG, device="cpu")
    with pytest.raises(Killed):
        evaluate_models(ITEMS, candidates, out, clock=FakeClock(), progress=Killer())
    assert (out / "base" / LOG_NAME).exists()
    examine(models, out)
    for name in PREDICTIONS:
        assert (out / name).read_bytes() == (tmp_path / "straight" / name).read_bytes()


def test_answers_of_another_exam_are_refused(models: tuple[Path, Path], tmp_path: Path) -> None:
    """Other questions, another way of asking or another model need another folder."""
    examine(models, tmp_path)
    with pytest.raises(RunMismatchError, match=r"scoring\.normalisation was 'sum'"):
        examine(models, tmp_path, normalisation="per_token")
    candidates = base_and_tuned(*models, config=CONFIG, device="cpu")
    with pytest.raises(RunMismatchError, match="questions was"):
        evaluate_models(ITEMS[:9], candidates, tmp_path, clock=FakeClock())
    other = save_base(tmp_path / "other", seed=4)
    with pytest.raises(RunMismatchError, match=r"model\.base\.model\.safetensors was"):
        examine((other, models[1]), tmp_path)


def test_a_base_may_be_examined_alone(models: tuple[Path, Path], tmp_path: Path) -> None:
    """No adapter, no comparison."""
    candidates = base_and_tuned(models[0], None, config=CONFIG, device="cpu")
    results = evaluate_models(ITEMS, candidates, tmp_path, clock=FakeClock())
    assert [model["name"] for model in results["models"]] == ["base"]
    assert results["comparisons"] == []


@pytest.mark.parametrize("name", ["", "a/b", ".."])
def test_a_name_is_also_a_folder_s(name: str) -> None:
    """Names cannot lead out of the folder."""
    with pytest.raises(InputError, match="a name that can be a folder's"):
        Candidate(name, {}, CONFIG, lambda: None)  # type: ignore[arg-type, return-value]


def test_two_candidates_of_one_name_are_refused(models: tuple[Path, Path], tmp_path: Path) -> None:
    """They would share a folder."""
    (base,) = base_and_tuned(models[0], None, config=CONFIG)
    for candidates in ([base, base], []):
        with pytest.raises(InputError, match="candidates with different names"):
            evaluate_models(ITEMS, candidates, tmp_path, clock=FakeClock())
