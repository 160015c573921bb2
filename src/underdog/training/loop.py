"""The training loop, in full view: one optimizer step per batch of the schedule.

In: a prepared model and optimizer, the schedule's batches with their learning rates, a state to
start from. Out: changed adapter weights; the state moves on. Never: a decision about the order of
rows, a number that is not finite in the weights, a step that no checkpoint or metric accounts for.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from underdog.adapters.adapter import settle
from underdog.runs.metrics import ChunkMetrics, StepMetrics
from underdog.runs.progress import Progress
from underdog.training.batches import BatchTensors, Example, answer_loss, collate, cut_evenly
from underdog.training.checkpoint import (
    LoopState,
    Trained,
    put_random_state,
    random_state,
    save_checkpoint,
)
from underdog.training.guard import GuardConfig, check_patience, find_fault
from underdog.training.interrupts import StoppedBySignal, StopWish
from underdog.training.metrics import MetricsWriter
from underdog.training.schedule import Batch, ScheduleRow

Evaluate = Callable[[Any], Mapping[str, Any]]
"""Takes the model in evaluation mode; gives JSON values for the metrics of a chunk's end."""
RATE_WINDOW = 20
"""Steps over which throughput is averaged."""


@dataclass(frozen=True, slots=True)
class LoopPlan:
    """What will be done. `learning_rates` has one entry per batch."""

    batches: tuple[Batch, ...]
    learning_rates: tuple[float, ...]
    example: Callable[[ScheduleRow], Example]
    guard: GuardConfig
    accumulation: int
    checkpoint_every: int
    checkpoints_kept: int


@dataclass(frozen=True, slots=True)
class LoopTools:
    """What it is done with. `run` is the run's folder, `clock` gives seconds."""

    accelerator: Accelerator
    run: Path
    metrics: MetricsWriter
    progress: Progress
    evaluate: Evaluate | None
    clock: Callable[[], float]


@dataclass(frozen=True, slots=True)
class StepNumbers:
    """What one forward and backward pass gave; `loss` is a mean in nats."""

    loss: float
    gradient_norm: float
    answer_tokens: int
    input_tokens: int


def run_loop(plan: LoopPlan, trained: Trained, state: LoopState, tools: LoopTools) -> None:
    """Do every batch from `state.step` on. Raises StoppedBySignal, RunError, DiskFullError."""
    pace = Pace(tools.clock, state.elapsed_s)
    trained.model.train()
    with StopWish() as wish:
        for number in range(state.step, len(plan.batches)):
            batch = plan.batches[number]
            set_learning_rate(trained.optimizer, plan.learning_rates[number])
            numbers = forward_and_backward(plan, batch.rows, trained, tools.accelerator)
            fault = find_fault(numbers.loss, numbers.gradient_norm)
            if fault is None:
                trained.optimizer.step()
                settle(trained.model)
            trained.optimizer.zero_grad(set_to_none=True)
            state.step = number + 1
            state.samples += len(batch.rows)
            state.dropped += fault is not None
            state.dropped_in_a_row = 0 if fault is None else state.dropped_in_a_row + 1
            pace.step(len(batch.rows))
            state.elapsed_s = pace.elapsed_s
            _record(plan, state, numbers, fault, pace, tools)
            if fault is not None:
                check_patience(state.dropped_in_a_row, fault, step=state.step, config=plan.guard)
            if batch.last_of_chunk:
                finish_chunk(batch.chunk, trained, state, tools)
            if wish.signal_number is not None or _checkpoint_due(plan, batch, state.step):
                tools.metrics.flush()
                save_checkpoint(tools.run, trained, state, keep=plan.checkpoints_kept)
            if wish.signal_number is not None:
                raise StoppedBySignal(wish.signal_number, state.step)


def forward_and_backward(
    plan: LoopPlan, rows: Sequence[ScheduleRow], trained: Trained, accelerator: Accelerator
) -> StepNumbers:
    """Leave the clipped gradient of the mean loss over the rows' answer tokens."""
    parts = [
        collate([plan.example(shown) for shown in part])
        for part in cut_evenly(rows, plan.accumulation)
    ]
    answer_tokens = sum(len(part.targets) for part in parts)
    loss = sum(_part_loss(part, answer_tokens, trained, accelerator) for part in parts)
    weights = [weight for group in trained.optimizer.param_groups for weight in group["params"]]
    norm = accelerator.clip_grad_norm_(weights, plan.guard.max_gradient_norm)
    input_tokens = sum(part.input_tokens for part in parts)
    return StepNumbers(float(loss), float(norm), answer_tokens, input_tokens)


def _part_loss(
    part: BatchTensors, answer_tokens: int, trained: Trained, accelerator: Accelerator
) -> float:
    batch = part.to(accelerator.device)
    if trained.reading is not None:
        trained.reading.wanted = batch.answers
    loss = answer_loss(trained.model, batch) / answer_tokens
    accelerator.backward(loss)
    return loss.item()


def set_learning_rate(optimizer: Any, rate: float) -> None:
    """For every group of parameters, times its `rate_factor`."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group.get("rate_factor", 1.0)


def finish_chunk(chunk: int, trained: Trained, state: LoopState, tools: LoopTools) -> None:
    """Evaluate, when asked to, without a trace in the run's random numbers."""
    validation = None
    if tools.evaluate is not None:
        randomness = random_state()
        trained.model.eval()
        with torch.no_grad():
            validation = tools.evaluate(trained.model)
        trained.model.train()
        put_random_state(randomness)
    tools.metrics.chunk(ChunkMetrics(chunk, state.step, validation))


class Pace:
    """Training time over all sittings, and throughput over the last RATE_WINDOW steps."""

    def __init__(self, clock: Callable[[], float], elapsed_before_s: float) -> None:
        self._clock, self._before_s, self._start_s = clock, elapsed_before_s, clock()
        self._recent: deque[tuple[float, int]] = deque([(self._start_s, 0)], RATE_WINDOW + 1)

    def step(self, samples: int) -> None:
        """A step is over."""
        self._recent.append((self._clock(), samples))

    @property
    def elapsed_s(self) -> float:
        """Seconds, earlier sittings included."""
        return self._before_s + self._recent[-1][0] - self._start_s

    @property
    def steps_per_s(self) -> float:
        """Steps per second lately; 0 when no time passed."""
        seconds = self._recent[-1][0] - self._recent[0][0]
        return (len(self._recent) - 1) / seconds if seconds > 0 else 0.0

    @property
    def samples_per_s(self) -> float:
        """Rows per second lately; 0 when no time passed."""
        seconds = self._recent[-1][0] - self._recent[0][0]
        samples = sum(count for _, count in list(self._recent)[1:])
        return samples / seconds if seconds > 0 else 0.0


def _checkpoint_due(plan: LoopPlan, batch: Batch, step: int) -> bool:
    return batch.last_of_chunk or step % plan.checkpoint_every == 0


def _record(
    plan: LoopPlan,
    state: LoopState,
    numbers: StepNumbers,
    fault: str | None,
    pace: Pace,
    tools: LoopTools,
) -> None:
    batch = plan.batches[state.step - 1]
    if fault is not None:
        questions = [shown.row for shown in batch.rows]
        tools.metrics.event("dropped", state.step, chunk=batch.chunk, reason=fault, rows=questions)
        tools.progress.advance(1, f"step {state.step} dropped: {fault}")
        return
    tools.metrics.step(
        StepMetrics(
            step=state.step,
            chunk=batch.chunk,
            loss=numbers.loss,
            learning_rate=plan.learning_rates[state.step - 1],
            grad_norm=numbers.gradient_norm,
            samples=len(batch.rows),
            answer_tokens=numbers.answer_tokens,
            input_tokens=numbers.input_tokens,
            replayed=sum(shown.replayed for shown in batch.rows),
            elapsed_s=round(pace.elapsed_s, 6),
            samples_per_s=round(pace.samples_per_s, 3),
        )
    )
    tools.progress.advance(1, _note(plan, state, numbers, pace))


def _note(plan: LoopPlan, state: LoopState, numbers: StepNumbers, pace: Pace) -> str:
    note = f"loss {numbers.loss:.3f}, {pace.samples_per_s:.0f} samples/s"
    left = len(plan.batches) - state.step
    if left == 0 or pace.steps_per_s == 0:
        return note
    return f"{note}, {_duration(left / pace.steps_per_s)} left"


def _duration(seconds: float) -> str:
    whole = math.ceil(seconds)
    if whole < 120:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 7200 else f"{whole / 3600:.1f} h"
