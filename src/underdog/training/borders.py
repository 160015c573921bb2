"""What is asked at the start, at chunk borders and in between, and what is made of the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from underdog.runs.metrics import VALIDATION, ChunkMetrics
from underdog.training.checkpoint import Trained, put_random_state, random_state
from underdog.training.examination import examine
from underdog.training.guards.collapse import judge_collapse
from underdog.training.plan import Evaluate, LoopPlan, LoopTools
from underdog.training.reactions import calm_down
from underdog.training.schedule import Batch
from underdog.training.state import LoopState, Reading
from underdog.training.watchdog import Watchdog


def examine_start(trained: Trained, state: LoopState, tools: LoopTools, watch: Watchdog) -> None:
    """What the model knows before the first step."""
    if tools.exams is not None:
        by_main(state, tools, lambda: _examine_start(trained, state, tools, watch))


def by_main(state: LoopState, tools: LoopTools, work: Callable[[], None]) -> None:
    """The main process does what changes the state; the others wait, and follow."""

    def told() -> dict[str, Any]:
        work()
        return state.to_json() if tools.processes.count > 1 else {}

    changed = tools.processes.from_main(told)
    if not tools.processes.main:
        state.follow(changed)


def _examine_start(trained: Trained, state: LoopState, tools: LoopTools, watch: Watchdog) -> None:
    assert tools.exams is not None
    sitting = examine(
        tools.exams,
        trained,
        state,
        tools.run,
        metrics=tools.metrics,
        retention=True,
        beat=watch.beat,
    )
    tools.metrics.event(VALIDATION, 0, **sitting.numbers)
    watch.resume()


def examine_and_judge(
    plan: LoopPlan,
    batch: Batch,
    trained: Trained,
    state: LoopState,
    tools: LoopTools,
    watch: Watchdog,
) -> None:
    """Ask the fixed questions; at a chunk's border also what was known before, and whether the
    answers have collapsed.
    """
    by_main(state, tools, lambda: _examine_and_judge(plan, batch, trained, state, tools, watch))


def _examine_and_judge(
    plan: LoopPlan,
    batch: Batch,
    trained: Trained,
    state: LoopState,
    tools: LoopTools,
    watch: Watchdog,
) -> None:
    validation: dict[str, Any] = {}
    if batch.last_of_chunk and tools.evaluate is not None:
        validation |= _evaluate(tools.evaluate, trained.model)
    signs: tuple[str, ...] = ()
    if tools.exams is not None:
        sitting = examine(
            tools.exams,
            trained,
            state,
            tools.run,
            metrics=tools.metrics,
            retention=batch.last_of_chunk,
            beat=watch.beat,
        )
        validation |= sitting.numbers
        for sentence in sitting.told:
            tools.say(sentence)
        if batch.last_of_chunk and sitting.reading is not None:
            signs = _signs(sitting.reading, sitting.before, state, plan)
    if batch.last_of_chunk:
        shown = validation if tools.exams is not None or tools.evaluate is not None else None
        tools.metrics.chunk(ChunkMetrics(batch.chunk, state.step, shown))
    else:
        tools.metrics.event(VALIDATION, state.step, **validation)
    if signs:
        calm_down(signs, plan, batch, state, tools)


def _signs(now: Reading, best: Reading | None, state: LoopState, plan: LoopPlan) -> tuple[str, ...]:
    """Of a collapse, beside the start and the best of all readings before this one."""
    start = state.start
    if start is not None and start.better_than(best):
        best = start
    return judge_collapse(
        now.answers(),
        None if start is None else start.answers(),
        None if best is None else best.answers(),
        nats=plan.guard.collapse_nats,
    )


def _evaluate(evaluate: Evaluate, model: Any) -> Mapping[str, Any]:
    """Without a trace in the run's random numbers."""
    randomness = random_state()
    model.eval()
    with torch.no_grad():
        found = evaluate(model)
    model.train()
    put_random_state(randomness)
    return found
