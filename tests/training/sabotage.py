"""Runs that meet trouble at chosen steps, in this process or in a child that is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from small_runs import small_job

from fakes import even_log_probs, numbered_questions
from underdog.data.row import Band, Row, Split
from underdog.mcq.prediction import Outcome, Prediction
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question
from underdog.training.guards.config import GuardConfig, OnGuard, WatchConfig
from underdog.training.record import TrainingJob
from underdog.training.trainer import train

HELD_OUT = numbered_questions(160)[100:]
"""60 questions that no small run trains on."""
STEPS = 28
"""Of a sabotaged run: two passes over 48 rows in 3 chunks, with replay; borders at 8, 18, 28."""


@dataclass
class Saboteur:
    """A progress listener that knows the step, and hooks on the base that act on it.

    `nan` and `wild` are steps (from 1) whose logits are not finite or 60 times too large; passes
    of more than `rows` rows do not fit into memory; answers given after step `constant_from` all
    stand at place 1. A kill comes when step `kill` is done.
    """

    nan: Sequence[int] = ()
    wild: Sequence[int] = ()
    rows: int | None = None
    constant_from: int | None = None
    kill: int = 0
    heard: int = 0
    totals: list[int | None] = field(default_factory=list)

    def begin(self, task: str, total: int | None) -> None:
        """A task starts, or starts anew after a remedy."""
        self.heard = 0
        self.totals.append(total)

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Steps were done."""
        before, self.heard = self.heard, self.heard + steps
        if before < self.kill <= self.heard:
            os.kill(os.getpid(), signal.SIGKILL)

    def end(self) -> None:
        """The task is over."""

    @contextmanager
    def at_work(self, model: Any) -> Iterator[None]:
        """The hooks are on the base for as long as this lasts."""
        hooks = [
            model.get_output_embeddings().register_forward_hook(self._spoil),
            model.base_model.register_forward_pre_hook(self._check_memory, with_kwargs=True),
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _spoil(self, head: Any, _inputs: Any, logits: torch.Tensor) -> torch.Tensor:
        if not head.training:
            return logits
        if self.heard + 1 in self.nan:
            return logits * float("nan")
        return logits * 60 if self.heard + 1 in self.wild else logits

    def _check_memory(self, decoder: Any, _inputs: Any, named: dict[str, Any]) -> None:
        if not decoder.training or self.rows is None:
            return
        tree = named.get("prefix_tree")
        rows = named["input_ids"] if tree is None else tree.nodes
        if len(rows) > self.rows:
            raise torch.OutOfMemoryError("HIP out of memory. Tried to allocate 2.00 GiB")

    def ask(self, model: Any, questions: Sequence[Question]) -> tuple[Prediction, ...]:
        """Half right at places all over; after `constant_from` steps all at place 1."""
        assert not model.training
        torch.rand(3)
        late = self.constant_from is not None and self.heard > self.constant_from
        return tuple(
            answer(question, 1 if late or at % 2 else question.answer)
            for at, question in enumerate(questions)
        )


def answer(question: Question, choice: int | None) -> Prediction:
    """Chosen without conviction."""
    size = len(question.choices)
    order = Presentation.identity(size)
    return Prediction(question.id, order, Outcome.CLEAN, choice, even_log_probs(size))


def held_out_rows(count: int) -> tuple[Row, ...]:
    """The first of HELD_OUT, as rows of the validation split."""
    return tuple(
        Row(question, question.id, 0.5, Band.EASY, Split.VALIDATION, None, None)
        for question in HELD_OUT[:count]
    )


def sabotaged_job(
    base_folder: Path, out: Path, *, on_guard: OnGuard = OnGuard.REMEDY, dropout: float = 0.0
) -> TrainingJob:
    """The small run twice over, with held-out rows, a short patience and close snapshots."""
    job = small_job(base_folder, out, dropout=dropout)
    held_out = held_out_rows(len(HELD_OUT))
    config = replace(
        job.config,
        schedule=replace(job.config.schedule, epochs=2),
        guard=GuardConfig(patience=3, snapshot_every=4),
        watch=WatchConfig(on_guard=on_guard, disk_wait_s=20),
    )
    return replace(job, rows=(*job.rows, *held_out), config=config)


def sabotaged_child(base_folder: Path, out: Path, saboteur: Saboteur) -> None:
    """Train in a process of its own, until the kill."""
    torch.set_num_threads(1)
    job = sabotaged_job(base_folder, out, dropout=0.2)
    with saboteur.at_work(job.base.model):
        train(job, ask=saboteur.ask, progress=saboteur)
