"""From a curriculum to an adapter on disk: `train` wires the parts and can always be repeated.

In: a TrainingJob. Out: a run folder with `manifest.json`, `metrics.jsonl`, `readings.log`,
`tensorboard/`, `checkpoints/`, `adapter/` and `result.json`, and `best/` and `retention/` where
questions are asked on the way. The same call on the same folder continues where the last one
stopped, and ends in the same weights, bit for bit on a CPU with the same packages and threads.
Never: a second result in a folder of another recipe.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from accelerate import Accelerator

from underdog.adapters.adapter import attach, parameter_groups, settle
from underdog.adapters.base import model_digest
from underdog.adapters.blocks import takes_trees
from underdog.adapters.crew import crew_of
from underdog.adapters.fused import fused_lora
from underdog.adapters.last_layer import last_layer_where_read
from underdog.adapters.lora import (
    adapter_tensors,
    put_tensors,
    tensors_from_bytes,
    tensors_to_bytes,
)
from underdog.adapters.recompute import recomputing
from underdog.adapters.settings import AdapterKind, AdapterSettings
from underdog.adapters.subspaces import SubspaceStore, default_folder
from underdog.adapters.unsloth import is_unsloth
from underdog.data.row import Row, Split
from underdog.errors import InputError
from underdog.runs.files import clean_partial, digest_value
from underdog.runs.lock import locked
from underdog.runs.manifest import Manifest, open_manifest
from underdog.runs.metrics import METRICS_NAME
from underdog.runs.progress import SILENT, Progress
from underdog.runs.recorder import recorded
from underdog.training.arithmetic import exact_arithmetic
from underdog.training.batches import Encoder, LeftOut, choose_rows
from underdog.training.checkpoint import Contents, Trained, put_contents, read_newest
from underdog.training.config import ExecutionConfig, TrainingConfig
from underdog.training.exams import Ask, Exams, make_exams
from underdog.training.loop import run_loop
from underdog.training.metrics import MetricsSink, MetricsWriter, Unwritten
from underdog.training.outcome import keep_adapter, make_result
from underdog.training.plan import Evaluate, LoopPlan, LoopTools
from underdog.training.processes import ALONE, Processes, join_processes
from underdog.training.record import (
    BEFORE,
    TrainingJob,
    TrainingResult,
    asked,
    make_manifest,
    read_result,
    write_result,
)
from underdog.training.remedies import Remedy, plan_steps
from underdog.training.schedule import Batch
from underdog.training.sharding import check_shardable, shard_base, unprepared
from underdog.training.state import LoopState
from underdog.training.storage import Disk, Storage
from underdog.training.trackers import check_trackers, tracking

LISTED_IDS = 20
"""Ids of left-out rows written into the metrics; the counts are always whole."""


THE_DISK = Disk()
"""Of this machine."""


def say_nothing(sentence: str) -> None:
    """Where nobody listens."""


def train(
    job: TrainingJob,
    *,
    ask: Ask | None = None,
    evaluate: Evaluate | None = None,
    progress: Progress = SILENT,
    say: Callable[[str], None] = say_nothing,
    clock: Callable[[], float] = time.perf_counter,
    disk: Disk = THE_DISK,
) -> TrainingResult:
    """Train, or continue, or just report a run that is complete.

    The base is used in place and is itself again afterwards. `ask` puts questions to the model:
    with it, validation and retention questions are asked on the way. `evaluate` is called at chunk
    borders; `say` gets sentences for the user (a damaged checkpoint, rows left out, a remedy).

    Raises RunMismatchError, RunError (what a guard stopped, another process in the folder),
    InputError, DiskFullError, and StoppedBySignal (a KeyboardInterrupt) after SIGINT or SIGTERM.
    Under the watch's "stop", a stall ends the process with the status of `guards.stall`.
    """
    rows = tuple(row for row in job.rows if row.split is Split.TRAIN)
    if not rows:
        raise InputError("rows of the train split are needed", got="none", where=job.out)
    check_trackers(job.config.execution.trackers)
    exams = None if ask is None else make_exams(job, ask)
    known = {} if exams is None else asked(exams.validation, exams.retention)
    execution = job.config.execution
    processes = join_processes(cpu=execution.device == "cpu", sharded=execution.sharding == "full")
    if processes.sharded:
        check_shardable(job.adapter)
    listeners = _Listeners(exams, evaluate, progress, say, clock, disk)
    if not processes.main:
        listeners = replace(listeners, progress=SILENT, say=say_nothing)
    manifest = make_manifest(job, rows, known, processes=processes.local_count)
    processes.agree(
        digest_value(manifest.identity),
        wanted="one recipe and one base in all processes are needed",
        hint="the same command, files and version of underdog on every machine",
    )
    with ExitStack() as held:
        done, threads = processes.from_main(lambda: _open(job, manifest, held, say))
        if done is not None:
            return done
        if processes.main:
            held.enter_context(recorded(job.out))
        with exact_arithmetic(threads, on_cpu=_on_cpu(job.config.execution)):
            return _train(job, rows, listeners, processes)


def _open(
    job: TrainingJob, manifest: Manifest, held: ExitStack, say: Callable[[str], None]
) -> tuple[TrainingResult | None, int]:
    """Take the folder: its result when it is complete, and the threads to compute with."""
    held.enter_context(locked(job.out))
    stored = open_manifest(job.out, manifest, before=BEFORE)
    done = read_result(job.out, say=say)
    if done is None:
        clean_partial(job.out)
    return done, job.config.execution.threads or stored.context["threads"]


@dataclass(frozen=True, slots=True)
class _Listeners:
    exams: Exams | None
    evaluate: Evaluate | None
    progress: Progress
    say: Callable[[str], None]
    clock: Callable[[], float]
    disk: Disk


def _train(
    job: TrainingJob, rows: tuple[Row, ...], listeners: _Listeners, processes: Processes
) -> TrainingResult:
    config = job.config
    encoder = Encoder(job.base.tokenizer, config.style, seed=config.seed, loss=config.loss)
    kept, lengths, left_out = choose_rows(rows, encoder, max_tokens=config.max_tokens)
    if not kept:
        raise InputError(
            f"rows with an answer and at most {config.max_tokens} tokens are needed",
            got=f"{len(left_out.too_long)} longer, {len(left_out.without_answer)} without answer",
            hint="a larger max_tokens",
        )
    plan = make_plan(kept, lengths, encoder, config)
    torch.manual_seed(config.seed)
    with adapted(job, say=listeners.say, processes=processes) as (trained, accelerator):
        found = processes.from_main(lambda: _find(job.out))
        state = start(found.contents, trained, processes)
        resumed_from = state.step if found.started else None
        with _metrics(job, resumed_from, processes, accelerator) as metrics:
            _tell(found.damaged, left_out, state.step, metrics, listeners.say)
            if state.remedies:
                plan = plan.revised(state.remedies)
            _run(plan, trained, state, _tools(job, listeners, accelerator, processes, metrics))

        def finish() -> TrainingResult:
            kept = keep_adapter(job, trained, state)
            result = make_result(
                job, state, listeners.exams, left_out, kept_step=kept, resumed_from=resumed_from
            )
            return write_result(job.out, result)

        return processes.from_main(finish)


class _Found(NamedTuple):
    """What earlier sittings left: whether there was one, the newest whole checkpoint, and a
    sentence for each damaged one.
    """

    started: bool
    contents: Contents | None
    damaged: list[str]


def _find(run: Path) -> _Found:
    damaged: list[str] = []
    started = (run / METRICS_NAME).exists()
    return _Found(started, read_newest(run, say=damaged.append), damaged)


def start(contents: Contents | None, trained: Trained, processes: Processes) -> LoopState:
    """Where the checkpoint was; or the beginning, with the main process's adapter in all."""
    if contents is not None:
        return put_contents(contents, trained)
    if processes.count > 1:
        fresh = processes.from_main(lambda: tensors_to_bytes(adapter_tensors(trained.model)))
        put_tensors(trained.model, tensors_from_bytes(fresh))
        settle(trained.model)
    return LoopState()


@contextmanager
def _metrics(
    job: TrainingJob, resumed_from: int | None, processes: Processes, accelerator: Accelerator
) -> Iterator[MetricsSink]:
    if not processes.main:
        yield Unwritten()
        return
    settings = {**asdict(job.config.schedule), **asdict(job.adapter), "seed": job.config.seed}
    with (
        tracking(accelerator, job.out, settings) as track,
        MetricsWriter(job.out, resumed_step=resumed_from, track=track) as metrics,
    ):
        yield metrics


def _tools(
    job: TrainingJob,
    listeners: _Listeners,
    accelerator: Accelerator,
    processes: Processes,
    metrics: MetricsSink,
) -> LoopTools:
    config = job.config
    return LoopTools(
        accelerator=accelerator,
        processes=processes,
        run=job.out,
        metrics=metrics,
        progress=listeners.progress,
        say=listeners.say,
        evaluate=listeners.evaluate,
        exams=listeners.exams,
        storage=Storage(
            job.out, config.checkpoints.keep, config.watch, listeners.disk, metrics, listeners.say
        ),
        clock=listeners.clock,
    )


def make_plan(
    rows: tuple[Row, ...], lengths: tuple[int, ...], encoder: Encoder, config: TrainingConfig
) -> LoopPlan:
    """Decide everything that will happen. `lengths` are the rows' tokens."""
    chunks = [row.chunk if row.chunk is not None else 0 for row in rows]

    def revise(remedies: Sequence[Remedy]) -> tuple[tuple[Batch, ...], tuple[float, ...]]:
        return plan_steps(chunks, lengths, config.schedule, seed=config.seed, remedies=remedies)

    batches, rates = revise(())
    return LoopPlan(
        batches=batches,
        learning_rates=rates,
        revise=revise,
        example=lambda shown: encoder.example(rows[shown.row].question, shown.showing),
        seed=config.seed,
        guard=config.guard,
        watch=config.watch,
        accumulation=config.execution.accumulation,
        checkpoint_every=config.checkpoints.every_steps,
    )


@contextmanager
def adapted(
    job: TrainingJob, *, say: Callable[[str], None] = say_nothing, processes: Processes = ALONE
) -> Iterator[tuple[Trained, Accelerator]]:
    """The base with fresh adapters and their optimizer, on the device; taken off afterwards. A base
    that was cut up stays so.
    """
    config, model = job.config, job.base.model
    with unprepared():
        accelerator = Accelerator(
            cpu=config.execution.device == "cpu",
            mixed_precision="no",
            log_with=list(config.execution.trackers) or None,
            project_dir=job.out,
        )
    if accelerator.num_processes != processes.count:
        raise InputError(
            f"{processes.count} processes are needed", got=f"{accelerator.num_processes}"
        )
    was_trainable = [weight.requires_grad for weight in model.parameters()]
    base_weights = list(model.parameters())
    bases = open_bases(job, say)
    # Subspaces are computed by the main process, and found on the disk by those that wait for it.
    turns = processes if bases is not None else ALONE
    if not turns.main:
        turns.gather(None)
    model_with_adapter = attach(model, job.adapter, seed=config.seed, bases=bases)
    if turns.main:
        turns.gather(None)
    if bases is not None:
        say(bases.sentence())
    if processes.sharded:
        shard_base(model_with_adapter, count=processes.count, device=accelerator.device)
    every_n_layers = config.execution.activation_checkpointing
    try:
        # Prepared as for evaluation: without DistributedDataParallel, whose work `processes` does.
        prepared = accelerator.prepare_model(model_with_adapter, evaluation_mode=True)
        optimizer = accelerator.prepare_optimizer(make_optimizer(prepared, job.adapter, config))
        with ExitStack() as shortcuts:
            shortcuts.enter_context(recomputing(model, every_n_layers=every_n_layers))
            trained = Trained(prepared, optimizer)
            if not is_unsloth(model):  # whose kernels replace these layers as a whole
                trained = _with_shortcuts(trained, job, shortcuts, processes)
            yield trained, accelerator
    finally:
        model_with_adapter.unload()
        for weight, trainable in zip(base_weights, was_trainable, strict=True):
            weight.requires_grad_(trainable)
        model.eval()
        accelerator.free_memory()


def _with_shortcuts(
    trained: Trained, job: TrainingJob, held: ExitStack, processes: Processes
) -> Trained:
    """All that makes a step cheaper and does not change it, as far as the model allows."""
    held.enter_context(fused_lora(trained.model))
    reading = held.enter_context(last_layer_where_read(trained.model))
    execution = job.config.execution
    trees = (
        execution.packing == "tree"
        and job.adapter.dropout == 0
        and takes_trees(trained.model, longest=job.config.max_tokens)
    )
    crew = None
    if trees and _on_cpu(execution) and not processes.sharded and torch.get_num_threads() > 1:
        crew = held.enter_context(crew_of(torch.get_num_threads()))
    return trained._replace(reading=reading, trees=trees, crew=crew)


def open_bases(job: TrainingJob, say: Callable[[str], None]) -> SubspaceStore | None:
    """Where OPLoRA's subspaces of this base are kept; None for the other kinds."""
    if job.adapter.kind is not AdapterKind.OPLORA:
        return None
    chosen = job.config.execution.subspace_folder
    folder = default_folder() if chosen is None else Path(chosen).expanduser()
    return SubspaceStore(folder, model_digest(job.base.model), say)


def make_optimizer(
    model: Any, adapter: AdapterSettings, config: TrainingConfig
) -> torch.optim.AdamW:
    """AdamW over the adapter's groups, each with its own rate and decay, parameters by name."""
    optimizer, first_rate = config.optimizer, config.schedule.learning_rate[0]
    groups = [
        {
            "params": list(group.parameters),
            "name": group.name,
            "rate_factor": group.rate_factor,
            "lr": first_rate * group.rate_factor,
            "weight_decay": optimizer.weight_decay
            if group.weight_decay is None
            else group.weight_decay,
        }
        for group in parameter_groups(model, adapter)
    ]
    return torch.optim.AdamW(
        groups,
        betas=(optimizer.beta1, optimizer.beta2),
        eps=optimizer.epsilon,
        fused=True,
    )


def _run(plan: LoopPlan, trained: Trained, state: LoopState, tools: LoopTools) -> None:
    tools.progress.begin("training", len(plan.batches))
    try:
        if state.step:
            tools.progress.advance(state.step, f"continued after step {state.step}")
        run_loop(plan, trained, state, tools)
    finally:
        tools.progress.end()


def _tell(
    damaged: list[str],
    left_out: LeftOut,
    step: int,
    metrics: MetricsSink,
    say: Callable[[str], None],
) -> None:
    for sentence in damaged:
        metrics.event("corrupt_checkpoint", step, message=sentence)
        say(sentence)
    if damaged:
        say(f"continuing after step {step}" if step else "no whole checkpoint: from the start")
    for reason in ("too_long", "without_answer"):
        ids = getattr(left_out, reason)
        if ids:
            metrics.event("left_out", step, reason=reason, count=len(ids), ids=ids[:LISTED_IDS])
            say(f"{len(ids)} rows left out: {reason.replace('_', ' ')}")


def _on_cpu(execution: ExecutionConfig) -> bool:
    return execution.device == "cpu" or torch.accelerator.device_count() == 0
