"""Trackers get the numbers of metrics.jsonl, and a missing one is named with its install line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from accelerate.tracking import LOGGER_TYPE_TO_CLASS, GeneralTracker, get_available_trackers

from underdog.errors import InputError, MissingExtraError
from underdog.runs.metrics import read_metrics
from underdog.training.record import TrainingJob
from underdog.training.trackers import check_trackers
from underdog.training.trainer import train


class Notebook(GeneralTracker):
    """A tracker of one's own, as accelerate wants it."""

    name = "notebook"
    requires_logging_directory = False
    settings: dict[str, Any]
    lines: list[tuple[int | None, dict[str, float]]]
    finished: int

    def __init__(self, project: str, **_kwargs: Any) -> None:
        super().__init__()
        assert project == "underdog"
        Notebook.settings, Notebook.lines, Notebook.finished = {}, [], 0

    @property
    def tracker(self) -> Any:
        return self

    def store_init_configuration(self, values: dict[str, Any]) -> None:
        Notebook.settings = values

    def log(self, values: dict[str, float], step: int | None = None, **_kwargs: Any) -> None:
        Notebook.lines.append((step, values))

    def finish(self) -> None:
        Notebook.finished += 1


def with_trackers(job: TrainingJob, *names: str) -> TrainingJob:
    """The same run, told elsewhere too."""
    execution = replace(job.config.execution, trackers=names)
    return replace(job, config=replace(job.config, execution=execution))


def test_a_tracker_gets_the_numbers_of_the_metrics(
    job: TrainingJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every step's loss, rate, norm and speed; the settings once; finished at the end."""
    monkeypatch.setitem(LOGGER_TYPE_TO_CLASS, "notebook", Notebook)
    train(with_trackers(job, "notebook"), evaluate=lambda _model: {"accuracy": 0.5})
    steps = read_metrics(job.out).steps
    curves = [(step, each) for step, each in Notebook.lines if "train/loss" in each]
    assert [(step, each["train/loss"]) for step, each in curves] == [
        (step.step, step.loss) for step in steps
    ]
    borders = [each for _, each in Notebook.lines if "train/loss" not in each]
    assert borders == [{"validation/accuracy": 0.5}] * 3
    assert Notebook.settings["batch_size"] == 4
    assert Notebook.settings["rank"] == 4
    assert Notebook.finished == 1


@pytest.mark.skipif("wandb" in map(str, get_available_trackers()), reason="wandb is installed")
def test_a_missing_package_is_named_before_anything_is_done(job: TrainingJob) -> None:
    """With the line that installs it."""
    with pytest.raises(MissingExtraError, match=r"with wandb needs .* Try: pip install wandb"):
        train(with_trackers(job, "wandb"))
    assert not job.out.exists()


@pytest.mark.parametrize("name", ["notes", "tensorboard", "all"])
def test_other_names_are_refused(name: str) -> None:
    """TensorBoard's too: it would get every curve twice."""
    with pytest.raises(InputError, match=r"mlflow.*wandb.*always written"):
        check_trackers([name])
