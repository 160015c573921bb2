"""Our part of the training loop, put before a plain stand-in for Ultralytics' trainer."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from underdog.errors import RunError
from underdog.runs.metrics import read_metrics
from underdog.runs.progress import SILENT
from underdog.vision.yolo.folder import YoloFolder
from underdog.vision.yolo.hooks import DROPPED_IN_A_ROW, Hooks, Surroundings, epoch_seed
from underdog.vision.yolo.journal import Journal
from underdog.vision.yolo.settings import YoloConfig, YoloJob
from underdog.vision.yolo.watchdog import Watchdog


class Trainer:
    """As much of Ultralytics' trainer as the hooks touch; one weight, plain SGD."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.model: Any = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.BatchNorm1d(1))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)
        self.scaler = torch.amp.GradScaler("cpu", enabled=False)
        self.epoch, self.epochs, self.batch_size = 0, 2, 4
        self.train_loader = Loader()
        self.loss_items: dict[str, torch.Tensor] = {}
        self.callbacks: dict[str, list[Any]] = {}
        self.steps = 0

    def add_callback(self, event: str, callback: Any) -> None:
        self.callbacks.setdefault(event, []).append(callback)

    def optimizer_step(self) -> None:
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.steps += 1


class Loader:
    """Ten images in batches of four."""

    def __init__(self) -> None:
        self.dataset, self.generator = Images(), torch.Generator()

    def __len__(self) -> int:
        return 3

    def reset(self) -> None:
        """Nothing to start again."""


class Images:
    def __init__(self) -> None:
        self.buffer, self.ims, self.im_hw0, self.im_hw = [1], [0, "image"], [0, 1], [0, 1]

    def __len__(self) -> int:
        return 10


class Detector(Hooks, Trainer):
    """What `trainer_class` makes, on the stand-in."""


_OPEN: list[Journal] = []


@pytest.fixture(autouse=True)
def closed_journals() -> Iterator[None]:
    yield
    while _OPEN:
        _OPEN.pop().close()


def make(run: Path, **config: Any) -> Any:
    journal = Journal(run, resumed_step=None)
    _OPEN.append(journal)
    job = YoloJob(Path("set"), "yolov8n.yaml", run, YoloConfig(batch=4, **config))
    folder = YoloFolder(Path("data.yaml"), Path("a"), Path("b"), ("thing",))
    dog = Watchdog(run, lambda *_: None, stall_s=60)
    clock = itertools.count(0.0, 1.0)
    made: Any = Detector()
    made.around = Surroundings(
        job=job,
        folder=folder,
        journal=journal,
        watchdog=dog,
        progress=SILENT,
        state=None,
        channels_last=False,
        threads=1,
        clock=lambda: next(clock),
    )
    made.prepare()
    return made


def epoch(trainer: Any, losses: list[float]) -> None:
    """An epoch in the order in which Ultralytics calls."""
    Hooks._begin_epoch(trainer)
    for loss in losses:
        Hooks._begin_batch(trainer)
        made = trainer.model[0](torch.ones(2, 2)).sum() * loss
        trainer.loss_items = {"box": torch.tensor(loss), "cls": torch.tensor(1.0)}
        made.backward()
        trainer.optimizer_step()
        Hooks._end_batch(trainer)


def events(run: Path) -> list[dict[str, Any]]:
    lines = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_passes_are_summed_and_the_last_sum_ends_with_the_epoch(tmp_path: Path) -> None:
    """Two passes a step: batches of 4, 4 and 2 make a step of 8 and one of 2 images."""
    trainer = make(tmp_path, nominal_batch=8)
    epoch(trainer, [1.0, 3.0, 5.0])
    steps = read_metrics(tmp_path).steps
    assert [(each.step, each.samples, each.loss) for each in steps] == [(1, 8, 3.0), (2, 2, 6.0)]
    assert [each.chunk for each in steps] == [0, 0]
    # d loss / d bias: 2 rows, times the sum of the factors 1 + 3; weights the same twice.
    assert steps[0].grad_norm == pytest.approx(8 * math.sqrt(3))


def test_a_step_that_is_not_finite_never_reaches_the_weights(tmp_path: Path) -> None:
    """It is dropped and told; the next one counts again."""
    trainer = make(tmp_path, nominal_batch=4)
    before = [each.clone() for each in trainer.model.parameters()]
    epoch(trainer, [float("nan")])
    assert all(map(torch.equal, before, trainer.model.parameters()))
    epoch(trainer, [1.0])
    assert (trainer.steps, trainer.step, trainer.dropped) == (1, 1, 1)
    dropped = [each for each in events(tmp_path) if each["kind"] == "dropped"]
    assert len(dropped) == 1
    assert "Epoch 1, batch 1: the loss is nan" in dropped[0]["sentence"]


def test_a_run_of_dropped_steps_is_the_end(tmp_path: Path) -> None:
    """The message says what to try; the record says why."""
    trainer = make(tmp_path, nominal_batch=4)
    with pytest.raises(RunError, match="--precision float32") as caught:
        epoch(trainer, [float("inf")] * (DROPPED_IN_A_ROW + 1))
    assert f"{DROPPED_IN_A_ROW} steps in a row" in str(caught.value)
    assert events(tmp_path)[-1]["kind"] == "stopped"


def test_a_norm_that_took_the_nan_in_is_the_end_at_once(tmp_path: Path) -> None:
    """Batch norm's running statistics have no step that could be dropped."""
    trainer = make(tmp_path, nominal_batch=4)
    trainer.model[1].running_mean.fill_(float("nan"))
    with pytest.raises(RunError, match=r"1\.running_mean"):
        epoch(trainer, [float("nan")])


def test_an_exhausted_memory_is_told_not_answered_with_half_a_batch(tmp_path: Path) -> None:
    """Ultralytics builds its pipeline again with half the batch; the user is asked instead."""
    trainer = make(tmp_path)
    trainer.batch_size = 2
    with pytest.raises(RunError, match="--batch 2 and another --out") as caught:
        trainer._build_train_pipeline()
    assert "memory for 4 images" in str(caught.value)


def test_an_epoch_begins_alike_whatever_came_before(tmp_path: Path) -> None:
    """Random states follow from seed and epoch; mosaic's partners are forgotten."""
    trainer = make(tmp_path)
    Hooks._begin_epoch(trainer)
    first = torch.rand(3)
    assert trainer.train_loader.dataset.buffer == []
    assert trainer.train_loader.dataset.ims == [0, None]
    torch.rand(100)
    Hooks._begin_epoch(trainer)
    assert torch.equal(first, torch.rand(3))
    seeds = {epoch_seed(seed, number) for seed in range(20) for number in range(50)}
    assert len(seeds) == 1000
