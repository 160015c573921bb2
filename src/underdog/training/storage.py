"""Checkpoints with room made sure of: this one must fit, and after it the next.

The size of a checkpoint is that of the newest one on disk, or an estimate before the first. Without
room the run waits (the remedy) a bounded time for someone to make some, then stops with what could
be deleted; where one checkpoint still fits, it is written first. Nothing is ever deleted here
beyond the old checkpoints that `save_checkpoint` lets go.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from underdog.adapters.lora import trainable_parameters
from underdog.errors import DiskFullError
from underdog.training.checkpoint import Trained, list_checkpoints, save_checkpoint
from underdog.training.examination import CANDIDATES_NAME
from underdog.training.guards.config import Guard, OnGuard, WatchConfig
from underdog.training.guards.disk import (
    estimate_bytes,
    fits,
    largest_first,
    megabytes,
    size_of,
    what_to_delete,
)
from underdog.training.metrics import TENSORBOARD_NAME, MetricsSink
from underdog.training.state import LoopState

LOOK_AGAIN_S = 5.0
"""Between two looks for room."""


def free_bytes(folder: Path) -> int:
    """What this user may still write on the folder's disk."""
    return shutil.disk_usage(folder).free


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk as the guard sees it: a look, and a way to wait (seconds)."""

    free_bytes: Callable[[Path], int] = free_bytes
    wait: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Storage:
    """Where checkpoints go. `beat` is called while waiting: a pause is no stall."""

    run: Path
    keep: int
    watch: WatchConfig
    disk: Disk
    metrics: MetricsSink
    say: Callable[[str], None]

    def save(
        self,
        trained: Trained,
        state: LoopState,
        *,
        beat: Callable[[], None],
        hurry: Callable[[], bool],
    ) -> None:
        """Write the checkpoint of the present step, and see that the next one will fit too.

        `hurry` says that the run has been asked to end: then nothing is waited for. DiskFullError
        when there stays no room for one of the two.
        """
        size = self.checkpoint_bytes(trained, state)
        written, waited_s = False, 0.0
        refused: DiskFullError | None = None
        while True:
            if not written and self._fits(size):
                refused = self._write(trained, state)
                written = refused is None
            if written and (hurry() or self._fits(size)):
                return
            impatient = self.watch.on_guard is OnGuard.STOP or hurry()
            if impatient or waited_s >= self.watch.disk_wait_s:
                raise self._stop(size, state, written=written) from refused
            if waited_s == 0.0:
                self._pause(size, state)
            self.disk.wait(LOOK_AGAIN_S)
            waited_s += LOOK_AGAIN_S
            beat()

    def checkpoint_bytes(self, trained: Trained, state: LoopState) -> int:
        """Of the next checkpoint: as the newest one, or estimated; more when a snapshot of another
        step has to go with it.
        """
        weights = trainable_parameters(trained.model).values()
        estimate = estimate_bytes(sum(each.numel() * each.element_size() for each in weights))
        if state.snapshot is not None and state.snapshot.step != state.step:
            estimate *= 2
        stored = list_checkpoints(self.run)
        return max(size_of(stored[-1]), estimate) if stored else estimate

    def _fits(self, size: int) -> bool:
        return fits(self.disk.free_bytes(self.run), size)

    def _write(self, trained: Trained, state: LoopState) -> DiskFullError | None:
        """The disk may fill up between the look and the last byte: that is told, not raised."""
        try:
            save_checkpoint(self.run, trained, state, keep=self.keep)
        except DiskFullError as error:
            return error
        return None

    def _pause(self, size: int, state: LoopState) -> None:
        sentence = (
            f"No room for the next two checkpoints ({megabytes(size)} each): waiting up to "
            f"{self.watch.disk_wait_s:.0f} s; {self._hint()}"
        )
        self._event("remedy", state.step, sentence)
        self.say(sentence)

    def _stop(self, size: int, state: LoopState, *, written: bool) -> DiskFullError:
        free = self.disk.free_bytes(self.run)
        error = DiskFullError(
            f"room to write the next two checkpoints ({megabytes(size)} each) is needed",
            got=f"{megabytes(free)} free; step {state.step} is "
            + ("saved" if written else "not saved, the checkpoint before it is whole"),
            where=self.run,
            hint=self._hint(),
        )
        self._event("stopped", state.step, str(error))
        return error

    def _event(self, kind: str, step: int, sentence: str) -> None:
        """On a disk so full that not even a line fits, the sentence is said without it."""
        try:
            self.metrics.event(kind, step, guard=Guard.DISK.value, sentence=sentence)
        except DiskFullError:
            self.say("the event could not be recorded: no room for a line")

    def _hint(self) -> str:
        unneeded = [*list_checkpoints(self.run)[:-1], self.run / TENSORBOARD_NAME]
        return what_to_delete(largest_first([*unneeded, self.run / CANDIDATES_NAME]))
