"""What a verdict leads to: the remedy of each guard, or the end of the run.

In: a guard's verdict. Out: changed weights, scale or plan; one more remedy in the state; one event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from underdog.adapters.adapter import rescale
from underdog.errors import RunError
from underdog.training.checkpoint import Trained
from underdog.training.guards.config import Guard, OnGuard
from underdog.training.guards.explosion import NormHistory
from underdog.training.guards.memory import more_parts, no_room
from underdog.training.plan import LoopPlan, LoopTools
from underdog.training.remedies import Remedy, choose_remedy, told
from underdog.training.schedule import Batch
from underdog.training.snapshot import put_snapshot
from underdog.training.state import LoopState


def go_back(
    guard: Guard,
    cause: str,
    plan: LoopPlan,
    batch: Batch,
    trained: Trained,
    state: LoopState,
    tools: LoopTools,
) -> None:
    """Go back to the snapshot and change what `remedies` says; RunError when the run must end."""
    if guard is Guard.NON_FINITE:
        cause = f"{state.dropped_in_a_row} dropped in a row, the last at step {state.step}: {cause}"
    remedy = choose(guard, cause, plan, batch, state, tools)
    snapshot = state.snapshot
    assert snapshot is not None, "a snapshot is taken before the first step"
    state.remedies.append(remedy)
    put_snapshot(snapshot, trained.model, trained.optimizer)
    rescale(trained.model, remedy.scale_factor)
    # The weights are the snapshot's now, so it is as good as one of this step.
    state.snapshot = replace(snapshot, step=state.step)
    state.dropped_in_a_row = 0
    state.norms = NormHistory(state.norms.calm, state.norms.peak, 0)
    alpha = None
    if remedy.scale_factor != 1:
        alpha = float(trained.model.peft_config["default"].lora_alpha)
    what = told(remedy, restored_step=snapshot.step, alpha=alpha)
    tell(remedy, state.step, cause, tools, what, restored_step=snapshot.step)


def make_room(
    cause: str, parts: int, plan: LoopPlan, batch: Batch, state: LoopState, tools: LoopTools
) -> None:
    """Twice the parts from now on; RunError at one row per part, or when the policy is to stop."""
    in_use = max(parts, tools.processes.count)  # no process has less than one part
    step, more = state.step + 1, more_parts(in_use, len(batch.rows))
    if more is None:
        raise stopped(Guard.MEMORY, no_room(cause, step=step), state, tools)
    first_line = cause.splitlines()[0][:200]
    remedy = Remedy(Guard.MEMORY.value, state.step, batch.chunk, parts_factor=more / parts)
    if plan.watch.on_guard is OnGuard.STOP:
        error = RunError(
            "memory for a step is needed",
            got=f"step {step}: {first_line}",
            hint=f'an accumulation of {more}, or on_guard "remedy", which finds it',
        )
        raise stopped(Guard.MEMORY, error, state, tools)
    tell(remedy, step, f"out of memory: {first_line}", tools, f"{more} parts per step")
    state.remedies.append(remedy)


def ask_fewer(cause: str, asked: int, plan: LoopPlan, state: LoopState, tools: LoopTools) -> None:
    """Half as many questions at once from now on; RunError at one question, or when the policy is
    to stop. The answers are the same but for the rounding of another batch.
    """
    first_line = cause.splitlines()[0][:200]
    if asked == 1 or plan.watch.on_guard is OnGuard.STOP:
        error = RunError(
            "memory for the questions asked on the way is needed",
            got=f"after step {state.step}, {asked} at once: {first_line}",
            hint="validation_questions of 0, a 16-bit base, or shorter questions"
            if asked == 1
            else 'on_guard "remedy", which asks fewer at once',
        )
        raise stopped(Guard.MEMORY, error, state, tools)
    state.asked_at_once = -(-asked // 2)
    what = f"{state.asked_at_once} questions at once"
    sentence = f"Step {state.step}, examination, out of memory: {first_line}. Remedy: {what}."
    tools.metrics.event(
        "remedy", state.step, guard=Guard.MEMORY.value, sentence=sentence, asked=state.asked_at_once
    )
    tools.say(sentence)


def calm_down(
    signs: Sequence[str], plan: LoopPlan, batch: Batch, state: LoopState, tools: LoopTools
) -> None:
    """Lower the learning rate and raise the replay of the chunks to come."""
    cause = f"the answers have collapsed: {'; '.join(signs)}"
    remedy = choose(Guard.COLLAPSE, cause, plan, batch, state, tools)
    state.remedies.append(remedy)
    what = told(remedy, restored_step=None, alpha=None)
    tell(remedy, state.step, cause, tools, what)


def choose(
    guard: Guard, cause: str, plan: LoopPlan, batch: Batch, state: LoopState, tools: LoopTools
) -> Remedy:
    """By the policy; a run that must end is recorded first."""
    try:
        return choose_remedy(
            guard,
            cause,
            at=(state.step, batch.chunk),
            earlier=state.remedies,
            config=plan.guard,
            on_guard=plan.watch.on_guard,
        )
    except RunError as error:
        raise stopped(guard, error, state, tools) from None


def stopped(guard: Guard, error: RunError, state: LoopState, tools: LoopTools) -> RunError:
    """Record why the run ends."""
    tools.metrics.event("stopped", state.step, guard=guard.value, sentence=str(error))
    return error


def tell(
    remedy: Remedy, step: int, cause: str, tools: LoopTools, what: str, **details: Any
) -> None:
    """Record a remedy, and say it."""
    sentence = f"Step {step}, {cause}. Remedy: {what}."
    tools.metrics.event(
        "remedy", step, guard=remedy.guard, chunk=remedy.chunk, sentence=sentence, **details
    )
    tools.say(sentence)
