"""What a run will do, and what it does it with: the two values that the loop is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from accelerate import Accelerator

from underdog.runs.progress import Progress
from underdog.training.batches import Example
from underdog.training.exams import Exams
from underdog.training.guards.config import GuardConfig, WatchConfig
from underdog.training.metrics import MetricsSink
from underdog.training.processes import Processes
from underdog.training.remedies import Remedy
from underdog.training.schedule import Batch, ScheduleRow
from underdog.training.storage import Storage

Evaluate = Callable[[Any], Mapping[str, Any]]
"""Takes the model in evaluation mode; gives JSON values for the metrics of a chunk's end."""
Steps = tuple[tuple[Batch, ...], tuple[float, ...]]
"""Batches, and the learning rate of each."""


@dataclass(frozen=True, slots=True)
class LoopPlan:
    """What will be done. `learning_rates` has one entry per batch; `revise` gives both anew, with
    the remedies so far.
    """

    batches: tuple[Batch, ...]
    learning_rates: tuple[float, ...]
    revise: Callable[[Sequence[Remedy]], Steps]
    example: Callable[[ScheduleRow], Example]
    seed: int
    guard: GuardConfig
    watch: WatchConfig
    accumulation: int
    checkpoint_every: int

    def revised(self, remedies: Sequence[Remedy]) -> LoopPlan:
        """The same run with these remedies."""
        batches, rates = self.revise(remedies)
        return replace(self, batches=batches, learning_rates=rates)


@dataclass(frozen=True, slots=True)
class LoopTools:
    """What it is done with. `run` is the run's folder, `clock` gives seconds. In a process that is
    not the main one, `metrics`, `progress` and `say` go nowhere.
    """

    accelerator: Accelerator
    processes: Processes
    run: Path
    metrics: MetricsSink
    progress: Progress
    say: Callable[[str], None]
    evaluate: Evaluate | None
    exams: Exams | None
    storage: Storage
    clock: Callable[[], float]
