"""What is asked at the start, at chunk borders and in between, and what is made of the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from underdog.adapters.adapter import alignments
from underdog.hardware.memory_errors import is_out_of_memory
from underdog.mcq.prediction import Prediction
from underdog.mcq.question import Question
from underdog.runs.metrics import ALIGNMENT, VALIDATION, ChunkMetrics
from underdog.training.agreement import ask_agreed
from underdog.training.checkpoint import Trained
from underdog.training.examination import examine, undisturbed
from underdog.training.guards.collapse import judge_collapse
from underdog.training.guards.memory import free_memory
from underdog.training.plan import Evaluate, LoopPlan, LoopTools
from underdog.training.reactions import ask_fewer, calm_down
from underdog.training.schedule import Batch
from underdog.training.state import LoopState, Reading
from underdog.training.watchdog import Watchdog

AskAll = Callable[[tuple[Question, ...]], list[Prediction]]
"""Puts a set of questions to the model of a run."""


def examine_start(
    plan: LoopPlan, trained: Trained, state: LoopState, tools: LoopTools, watch: Watchdog
) -> None:
    """What the model knows before the first step."""
    if tools.exams is not None:
        ask = asking(plan, trained, state, tools, watch, retention=True)
        by_main(state, tools, lambda: _examine_start(ask, trained, state, tools, watch))


def by_main(state: LoopState, tools: LoopTools, work: Callable[[], None]) -> None:
    """The main process does what changes the state; the others wait, and follow."""

    def told() -> dict[str, Any]:
        work()
        return state.to_json() if tools.processes.count > 1 else {}

    changed = tools.processes.from_main(told)
    if not tools.processes.main:
        state.follow(changed)


def _examine_start(
    ask: AskAll, trained: Trained, state: LoopState, tools: LoopTools, watch: Watchdog
) -> None:
    assert tools.exams is not None
    sitting = examine(
        tools.exams,
        trained,
        state,
        tools.run,
        metrics=tools.metrics,
        retention=True,
        ask=ask,
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
    ask = asking(plan, trained, state, tools, watch, retention=batch.last_of_chunk)
    evaluated: Mapping[str, Any] = {}
    everyone = tools.processes
    if batch.last_of_chunk and tools.evaluate is not None and (everyone.sharded or everyone.main):
        evaluated = _evaluate(tools.evaluate, trained.model)
    by_main(
        state, tools, lambda: _examine_and_judge(plan, batch, trained, state, tools, ask, evaluated)
    )


def _examine_and_judge(
    plan: LoopPlan,
    batch: Batch,
    trained: Trained,
    state: LoopState,
    tools: LoopTools,
    ask: AskAll,
    evaluated: Mapping[str, Any],
) -> None:
    validation = dict(evaluated)
    signs: tuple[str, ...] = ()
    if tools.exams is not None:
        sitting = examine(
            tools.exams,
            trained,
            state,
            tools.run,
            metrics=tools.metrics,
            retention=batch.last_of_chunk,
            ask=ask,
        )
        validation |= sitting.numbers
        for sentence in sitting.told:
            tools.say(sentence)
        if batch.last_of_chunk and sitting.reading is not None:
            signs = _signs(sitting.reading, sitting.before, state, plan)
    if batch.last_of_chunk:
        tell_alignment(trained, state, tools)
        shown = validation if tools.exams is not None or tools.evaluate is not None else None
        tools.metrics.chunk(ChunkMetrics(batch.chunk, state.step, shown))
    else:
        tools.metrics.event(VALIDATION, state.step, **validation)
    if signs:
        calm_down(signs, plan, batch, state, tools)


def asking(
    plan: LoopPlan,
    trained: Trained,
    state: LoopState,
    tools: LoopTools,
    watch: Watchdog,
    *,
    retention: bool,
) -> AskAll:
    """How `examine` asks. With a base cut up over the processes no process can ask alone: all ask
    now, and the main one reads its answers later.
    """

    def ask(questions: tuple[Question, ...]) -> list[Prediction]:
        return ask_in_slices(questions, plan, trained, state, tools, watch)

    if tools.exams is None or not tools.processes.sharded:
        return ask
    sets = (tools.exams.validation, tools.exams.retention)[: 1 + retention]
    with undisturbed(trained.model):
        answers = {questions: ask(questions) for questions in sets}
    return answers.__getitem__


def tell_alignment(trained: Trained, state: LoopState, tools: LoopTools) -> None:
    """OPLoRA's rho_k, layer by layer, into the metrics; nothing for the other kinds."""
    found = alignments(trained.model)
    shares = [share for share in found.values() if share is not None]
    if shares:
        sentence = (
            f"Of what OPLoRA has changed by step {state.step}, at most a share of "
            f"{max(shares):.1e} lies in the protected directions of a layer (rho_k)."
        )
        tools.metrics.event(ALIGNMENT, state.step, sentence=sentence, layers=found)


def ask_in_slices(
    questions: Sequence[Question],
    plan: LoopPlan,
    trained: Trained,
    state: LoopState,
    tools: LoopTools,
    watch: Watchdog,
) -> list[Prediction]:
    """One prediction per question, in order. A slice that does not fit into memory is asked again
    in halves, as are all later ones; with a base that is cut up, in all processes.
    """
    assert tools.exams is not None
    found: list[Prediction] = []
    while len(found) < len(questions):
        asked = questions[len(found) : len(found) + state.asked_at_once]
        put = partial(tools.exams.ask, trained.model, asked)
        lacking: str | None = None
        try:
            together = tools.processes.sharded
            found += ask_agreed(put, trained.model, tools.processes) if together else put()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            lacking = str(error) or type(error).__name__
        if lacking is not None:  # outside of the handler: the traceback holds the pass's tensors
            free_memory()
            ask_fewer(lacking, len(asked), plan, state, tools)
        watch.beat()
    return found


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
    with undisturbed(model):
        return evaluate(model)
