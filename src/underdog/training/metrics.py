"""Writes what happens in training: lines in `metrics.jsonl`, curves for TensorBoard and trackers.

The lines are the truth (`underdog.runs.metrics` reads them back); the TensorBoard events are a copy
for those who watch with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from torch.utils.tensorboard import SummaryWriter

from underdog.runs.files import disk_full_named
from underdog.runs.log import LogWriter
from underdog.runs.metrics import METRICS_NAME, RESUMED, ChunkMetrics, StepMetrics
from underdog.training.trackers import Track, track_nothing

TENSORBOARD_NAME = "tensorboard"
_CURVES = ("loss", "learning_rate", "grad_norm", "samples_per_s")


class MetricsSink(Protocol):
    """What the loop tells of itself."""

    def step(self, metrics: StepMetrics) -> None:
        """One optimizer step that changed the weights."""

    def chunk(self, metrics: ChunkMetrics) -> None:
        """A chunk's end."""

    def event(self, kind: str, step: int, **details: Any) -> None:
        """Anything else worth keeping."""

    def flush(self) -> None:
        """What was told should be on disk."""


class Unwritten:
    """In a process that is not the main one: the main one has the same numbers."""

    def step(self, metrics: StepMetrics) -> None:
        """Ignore."""

    def chunk(self, metrics: ChunkMetrics) -> None:
        """Ignore."""

    def event(self, kind: str, step: int, **details: Any) -> None:
        """Ignore."""

    def flush(self) -> None:
        """Ignore."""


class MetricsWriter:
    """Opened once per sitting. `resumed_step` is the last step that holds from earlier sittings,
    or None when this is the first.
    """

    def __init__(
        self, folder: Path, *, resumed_step: int | None, track: Track = track_nothing
    ) -> None:
        self._log = LogWriter(folder / METRICS_NAME)
        self._folder, self._track = folder / TENSORBOARD_NAME, track
        # TensorBoard drops events of purge_step and later that were written before.
        purge_step = None if resumed_step is None else resumed_step + 1
        with disk_full_named(self._folder):
            self._board = SummaryWriter(str(self._folder), purge_step=purge_step)
        if resumed_step is not None:
            self.event(RESUMED, resumed_step)

    def step(self, metrics: StepMetrics) -> None:
        """One optimizer step that changed the weights."""
        self._log.append(metrics.to_line())
        self._draw({f"train/{name}": getattr(metrics, name) for name in _CURVES}, metrics.step)

    def chunk(self, metrics: ChunkMetrics) -> None:
        """A chunk's end."""
        self._log.append(metrics.to_line())
        numbers = {
            f"validation/{name}": value
            for name, value in sorted((metrics.validation or {}).items())
            if isinstance(value, (int, float)) and not isinstance(value, bool)
        }
        self._draw(numbers, metrics.step)

    def _draw(self, numbers: Mapping[str, float], step: int) -> None:
        with disk_full_named(self._folder):
            for name, value in numbers.items():
                self._board.add_scalar(name, value, step)
        if numbers:
            self._track(numbers, step)

    def event(self, kind: str, step: int, **details: Any) -> None:
        """Anything else worth keeping."""
        self._log.append({"kind": kind, "step": step, **details}, durable=True)

    def flush(self) -> None:
        """Put the curves on disk; the lines are there already."""
        with disk_full_named(self._folder):
            self._board.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._log.close()
        with disk_full_named(self._folder):
            self._board.close()
