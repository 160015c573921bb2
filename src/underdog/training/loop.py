"""The training loop, in full view: one optimizer step per batch of the schedule.

In: a prepared model and optimizer, the schedule's batches with their learning rates, a state to
start from. Out: changed adapter weights; the state moves on. Never: a decision about the order of
rows, a number that is not finite in the weights, a step that no checkpoint or metric accounts for.

Guards judge (`guards/`), and what follows from a verdict is in `reactions`. After a remedy a
checkpoint is written at once: a continued run does not have to come to the same verdict again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from accelerate import Accelerator

from underdog.adapters.adapter import settle
from underdog.adapters.lora import adapter_tensors, tensors_to_bytes
from underdog.hardware.memory_errors import is_out_of_memory
from underdog.runs.metrics import StepMetrics
from underdog.runs.progress import Progress
from underdog.training.borders import examine_and_judge, examine_start
from underdog.training.checkpoint import Trained, put_random_state, random_state
from underdog.training.guards.config import Guard, GuardConfig
from underdog.training.guards.explosion import Growth, describe, judge_norm
from underdog.training.guards.finite import find_fault
from underdog.training.guards.memory import free_memory
from underdog.training.interrupts import StoppedBySignal, StopWish
from underdog.training.pace import Pace
from underdog.training.plan import LoopPlan, LoopTools
from underdog.training.reactions import go_back, make_room, stopped
from underdog.training.remedies import parts_of_step
from underdog.training.schedule import Batch
from underdog.training.sharding import keep_pace, most_passes, no_room_in_one
from underdog.training.snapshot import take_snapshot
from underdog.training.state import LoopState
from underdog.training.step import (
    Share,
    StepNumbers,
    clip,
    forward_and_backward,
    set_learning_rate,
    share_of,
    weights_of,
)
from underdog.training.watchdog import Watchdog

T = TypeVar("T")


def run_loop(plan: LoopPlan, trained: Trained, state: LoopState, tools: LoopTools) -> None:
    """Do every batch from `state.step` on. Raises StoppedBySignal, RunError, DiskFullError."""
    pace = Pace(tools.clock, state.elapsed_s)
    trained.model.train()
    if state.snapshot is None:
        state.snapshot = take_snapshot(trained.model, trained.optimizer, step=state.step)
    everyone = tools.processes
    with (
        StopWish() as wish,
        Watchdog(tools.run, plan.watch, tools.metrics, tools.say, awake=everyone.main) as watch,
    ):
        if state.step == 0:
            examine_start(plan, trained, state, tools, watch)
        while state.step < len(plan.batches):
            batch, remedies = plan.batches[state.step], len(state.remedies)
            set_learning_rate(trained.optimizer, plan.learning_rates[state.step])
            numbers = compute(plan, batch, trained, state, tools)
            fault, firing = judge(numbers, state, plan.guard)
            if fault is None:
                trained.optimizer.step()
                settle(trained.model)
            trained.optimizer.zero_grad(set_to_none=True)
            count(state, batch, numbers, fault, pace)
            record(plan, state, numbers, fault, pace, tools)
            go_back_or_remember(firing, fault, plan, batch, trained, state, tools)
            watch.step(state.step)
            if batch.last_of_chunk or _validation_due(tools, state.step):
                examine_and_judge(plan, batch, trained, state, tools, watch)
            signal_number = first(everyone.gather(wish.signal_number))
            changed = len(state.remedies) > remedies
            if changed:
                plan = plan.revised(state.remedies)
                show_progress(plan, state, tools.progress)
            if changed or signal_number is not None or _checkpoint_due(plan, batch, state):
                checkpoint(trained, state, tools, beat=watch.beat, hurry=wish.came)
            watch.resume()
            if signal_number is not None:
                raise StoppedBySignal(signal_number, state.step)


def compute(
    plan: LoopPlan, batch: Batch, trained: Trained, state: LoopState, tools: LoopTools
) -> StepNumbers:
    """The step's gradient, summed over the processes and clipped; where memory does not suffice in
    one of them, all try again in twice as many parts, with the same rows and the same random
    numbers, for this and all later steps.
    """
    everyone = tools.processes
    everyone.draw_anew(plan.seed, state.step)
    randomness = random_state()
    examples = [plan.example(shown) for shown in batch.rows]
    while True:
        parts = parts_of_step(plan.accumulation, state.remedies)
        share = share_of(examples, parts=parts, rank=everyone.rank, count=everyone.count)
        passes = most_passes(examples, parts=parts, count=everyone.count)
        idle = passes - len(share.parts) if everyone.sharded else 0
        mine = attempt(share, trained, tools.accelerator)
        if everyone.sharded and mine.lacking is not None:
            raise stopped(Guard.MEMORY, no_room_in_one(mine.lacking), state, tools)
        keep_pace(examples, trained, tools.accelerator, passes=idle)
        attempts = everyone.gather(mine)
        lacking = first([each.lacking for each in attempts])
        if lacking is None:
            everyone.sum_gradients(weights_of(trained))
            norm = clip(trained, tools.accelerator, max_norm=plan.guard.max_gradient_norm)
            loss = sum(each.loss for each in attempts)
            return StepNumbers(loss, norm, share.answer_tokens, share.input_tokens)
        trained.optimizer.zero_grad(set_to_none=True)
        put_random_state(randomness)
        free_memory()
        make_room(lacking, parts, plan, batch, state, tools)


def first(values: Iterable[T | None]) -> T | None:
    """The first that is not None: what one process met holds for all."""
    return next((each for each in values if each is not None), None)


class Attempt(NamedTuple):
    """One process's pass over its share: its part of the loss, or why memory did not suffice."""

    loss: float
    lacking: str | None


def attempt(share: Share, trained: Trained, accelerator: Accelerator) -> Attempt:
    """The error is left behind here: its traceback holds the tensors of the failed pass."""
    try:
        return Attempt(forward_and_backward(share, trained, accelerator), None)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return Attempt(0.0, str(error) or type(error).__name__)


def checkpoint(
    trained: Trained,
    state: LoopState,
    tools: LoopTools,
    *,
    beat: Callable[[], None],
    hurry: Callable[[], bool],
) -> None:
    """Written by the main process, after all have shown that they have the same adapter."""
    if tools.processes.count > 1:
        weights = tensors_to_bytes(adapter_tensors(trained.model))
        tools.processes.agree(
            hashlib.sha256(weights).hexdigest(),
            wanted=f"equal adapters in all processes are needed after step {state.step}",
            hint="machines of one kind with the same packages; the checkpoints before are whole",
        )
    tools.metrics.flush()
    tools.processes.from_main(lambda: tools.storage.save(trained, state, beat=beat, hurry=hurry))


def judge(
    numbers: StepNumbers, state: LoopState, config: GuardConfig
) -> tuple[str | None, Guard | None]:
    """Why the step must not reach the weights, or None; and the guard that asks for more."""
    fault = find_fault(numbers.loss, numbers.gradient_norm)
    if fault is not None:
        enough = state.dropped_in_a_row + 1 >= config.patience
        return fault, Guard.NON_FINITE if enough else None
    before = state.norms
    growth, state.norms = judge_norm(numbers.gradient_norm, before, config)
    if growth is Growth.EXPLODING:
        return describe(numbers.gradient_norm, before, config), Guard.EXPLOSION
    return None, None


def go_back_or_remember(
    firing: Guard | None,
    fault: str | None,
    plan: LoopPlan,
    batch: Batch,
    trained: Trained,
    state: LoopState,
    tools: LoopTools,
) -> None:
    """To the last copy in memory when a guard asks for it; a new copy in calm, when one is due."""
    if firing is not None and fault is not None:
        go_back(firing, fault, plan, batch, trained, state, tools)
        return
    calm = not (state.dropped_in_a_row or state.norms.suspicious_in_a_row)
    due = batch.last_of_chunk or state.step % plan.guard.snapshot_every == 0
    if calm and due:
        state.snapshot = take_snapshot(trained.model, trained.optimizer, step=state.step)


def count(
    state: LoopState, batch: Batch, numbers: StepNumbers, fault: str | None, pace: Pace
) -> None:
    """The step is behind us, taken or dropped."""
    state.step += 1
    state.samples += len(batch.rows)
    state.dropped += fault is not None
    state.dropped_in_a_row = 0 if fault is None else state.dropped_in_a_row + 1
    if fault is None:
        state.losses = (state.losses[0] + numbers.loss, state.losses[1] + 1)
    pace.step(len(batch.rows))
    state.elapsed_s = pace.elapsed_s


def show_progress(plan: LoopPlan, state: LoopState, progress: Progress) -> None:
    """Start the bar anew: a remedy may have changed the number of steps."""
    progress.end()
    progress.begin("training", len(plan.batches))
    progress.advance(state.step)


def _validation_due(tools: LoopTools, step: int) -> bool:
    every = None if tools.exams is None else tools.exams.every_steps
    return every is not None and step % every == 0


def _checkpoint_due(plan: LoopPlan, batch: Batch, state: LoopState) -> bool:
    return batch.last_of_chunk or state.step % plan.checkpoint_every == 0


def record(
    plan: LoopPlan,
    state: LoopState,
    numbers: StepNumbers,
    fault: str | None,
    pace: Pace,
    tools: LoopTools,
) -> None:
    """A line of metrics and a note for the progress."""
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
    tools.progress.advance(1, pace.note(numbers.loss, len(plan.batches) - state.step))
