"""Runs of a few dozen steps, and what a child process needs to do one."""

from __future__ import annotations

import os
import resource
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path

from fakes import numbered_questions
from patience import until
from underdog.adapters.base import load_base
from underdog.adapters.settings import AdapterSettings
from underdog.data.row import Band, Row, Split
from underdog.errors import UnderdogError
from underdog.runs.files import digest_folder
from underdog.training.config import CheckpointConfig, ExecutionConfig, TrainingConfig
from underdog.training.guards.config import OnGuard, WatchConfig
from underdog.training.interrupts import StoppedBySignal
from underdog.training.record import TrainingJob
from underdog.training.schedule import ScheduleConfig
from underdog.training.trainer import train

QUICK = TrainingConfig(
    seed=3,
    schedule=ScheduleConfig(batch_size=4, learning_rate=(1e-2, 5e-3)),
    checkpoints=CheckpointConfig(every_steps=3, keep=3),
    execution=ExecutionConfig(threads=1, device="cpu"),
)
"""On 48 rows in 3 chunks: 4 steps, then 5 and 5 with replay; checkpoints at 3, 4, 6, 9, 12, 14."""
STEPS = 14


def make_rows(count: int, *, chunks: int) -> tuple[Row, ...]:
    """Numbered questions in equal chunks."""
    return tuple(
        Row(question, question.id, at / count, Band.EASY, Split.TRAIN, at * chunks // count, at)
        for at, question in enumerate(numbered_questions(count))
    )


def small_job(base_folder: Path, out: Path, *, dropout: float = 0.0) -> TrainingJob:
    """The run that every test of stopping and continuing does."""
    settings = AdapterSettings(rank=4, alpha=8, dropout=dropout)
    return TrainingJob(make_rows(48, chunks=3), load_base(base_folder), QUICK, settings, out, {})


@dataclass
class Signaller:
    """A listener that sends this process a signal when it hears of a step. With `hold` it stands
    still at the first report after so many (`reports`) until that file is there.
    """

    step: int
    number: int = signal.SIGKILL
    pause_s: float = 0.0
    heard: int = 0
    hold: Path | None = None
    reports: int = 0

    def begin(self, task: str, total: int | None) -> None:
        """A task starts."""

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Steps were done, possibly many at once after a continuation."""
        before, self.heard = self.heard, self.heard + steps
        time.sleep(self.pause_s)
        self.reports -= 1
        if self.hold is not None and self.reports < 0:
            until(self.hold.exists)
        if before < self.step <= self.heard:
            os.kill(os.getpid(), self.number)

    def end(self) -> None:
        """The task is over."""


def child(
    base_folder: Path,
    out: Path,
    signaller: Signaller,
    dropout: float = 0.0,
    largest_file: int | None = None,
) -> None:
    """Train in a process of its own; known errors go to `error.txt` beside the run folder."""
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    job = small_job(base_folder, out, dropout=dropout)
    if largest_file is not None:  # nobody makes room, so that waiting for it would only take time
        job = replace(job, config=replace(job.config, watch=WatchConfig(on_guard=OnGuard.STOP)))
    try:
        train(job, progress=signaller)
    except (UnderdogError, StoppedBySignal) as error:
        out.with_name("error.txt").write_text(f"{type(error).__name__}: {error}")
        os._exit(getattr(error, "exit_status", 2))


def adapter_digests(out: Path) -> dict[str, str]:
    """Of the finished adapter's files."""
    return digest_folder(out / "adapter")
