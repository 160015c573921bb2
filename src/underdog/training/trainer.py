"""From a curriculum to an adapter on disk: `train` wires the parts and can always be repeated.

In: a TrainingJob. Out: a run folder with `manifest.json`, `metrics.jsonl`, `tensorboard/`,
`checkpoints/`, `adapter/` and `result.json`. The same call on the same folder continues where the
last one stopped, and ends in the same weights, bit for bit on a CPU with the same packages and
threads. Never: a second result in a folder of another recipe.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from underdog.adapters.adapter import attach, parameter_groups
from underdog.adapters.base import model_digest
from underdog.adapters.fused import fused_lora
from underdog.adapters.last_layer import last_layer_where_read
from underdog.adapters.lora import save_adapter
from underdog.adapters.settings import AdapterKind, AdapterSettings
from underdog.adapters.subspaces import SubspaceStore, default_folder
from underdog.data.row import Row, Split
from underdog.errors import InputError
from underdog.runs.files import clean_partial
from underdog.runs.lock import locked
from underdog.runs.manifest import open_manifest
from underdog.runs.metrics import METRICS_NAME
from underdog.runs.progress import SILENT, Progress
from underdog.training.batches import Encoder, LeftOut, choose_rows
from underdog.training.checkpoint import LoopState, Trained, restore_newest
from underdog.training.config import ExecutionConfig, TrainingConfig
from underdog.training.loop import Evaluate, LoopPlan, LoopTools, run_loop
from underdog.training.metrics import MetricsWriter
from underdog.training.record import (
    ADAPTER_NAME,
    TrainingJob,
    TrainingResult,
    make_manifest,
    read_result,
    write_result,
)
from underdog.training.schedule import cut_batches, learning_rates, make_schedule

LISTED_IDS = 20
"""Ids of left-out rows written into the metrics; the counts are always whole."""


def say_nothing(sentence: str) -> None:
    """Where nobody listens."""


def train(
    job: TrainingJob,
    *,
    evaluate: Evaluate | None = None,
    progress: Progress = SILENT,
    say: Callable[[str], None] = say_nothing,
    clock: Callable[[], float] = time.perf_counter,
) -> TrainingResult:
    """Train, or continue, or just report a run that is complete.

    The base is used in place and is itself again afterwards. `evaluate` is called at chunk borders;
    `say` gets sentences for the user (a damaged checkpoint, rows left out).

    Raises RunMismatchError, RunError (no finite steps, another process in the folder), InputError,
    DiskFullError, and StoppedBySignal (a KeyboardInterrupt) after SIGINT or SIGTERM.
    """
    rows = tuple(row for row in job.rows if row.split is Split.TRAIN)
    if not rows:
        raise InputError("rows of the train split are needed", got="none", where=job.out)
    with locked(job.out):
        stored = open_manifest(job.out, make_manifest(job, rows))
        done = read_result(job.out, say=say)
        if done is not None:
            return done
        clean_partial(job.out)
        threads = job.config.execution.threads or stored.context["threads"]
        with exact_arithmetic(threads, on_cpu=_on_cpu(job.config.execution)):
            return _train(job, rows, _Listeners(evaluate, progress, say, clock))


@dataclass(frozen=True, slots=True)
class _Listeners:
    evaluate: Evaluate | None
    progress: Progress
    say: Callable[[str], None]
    clock: Callable[[], float]


def _train(job: TrainingJob, rows: tuple[Row, ...], listeners: _Listeners) -> TrainingResult:
    config = job.config
    encoder = Encoder(job.base.tokenizer, config.style, seed=config.seed)
    kept, lengths, left_out = choose_rows(rows, encoder, max_tokens=config.max_tokens)
    if not kept:
        raise InputError(
            f"rows with an answer and at most {config.max_tokens} tokens are needed",
            got=f"{len(left_out.too_long)} longer, {len(left_out.without_answer)} without answer",
            hint="a larger max_tokens",
        )
    plan = make_plan(kept, lengths, encoder, config)
    torch.manual_seed(config.seed)
    with adapted(job, say=listeners.say) as (trained, accelerator):
        started = (job.out / METRICS_NAME).exists()
        damaged: list[str] = []
        state = restore_newest(job.out, trained, say=damaged.append)
        resumed_from = (state.step if state else 0) if started else None
        state = state or LoopState()
        with MetricsWriter(job.out, resumed_step=resumed_from) as metrics:
            _tell(damaged, left_out, state.step, metrics, listeners.say)
            tools = LoopTools(
                accelerator,
                job.out,
                metrics,
                listeners.progress,
                listeners.evaluate,
                listeners.clock,
            )
            _run(plan, trained, state, tools)
        save_adapter(trained.model, job.out / ADAPTER_NAME)
    result = TrainingResult(
        adapter=job.out / ADAPTER_NAME,
        steps=state.step,
        samples=state.samples,
        dropped_steps=state.dropped,
        too_long=len(left_out.too_long),
        without_answer=len(left_out.without_answer),
        elapsed_s=round(state.elapsed_s, 6),
        resumed_from=resumed_from,
    )
    return write_result(job.out, result)


def make_plan(
    rows: tuple[Row, ...], lengths: tuple[int, ...], encoder: Encoder, config: TrainingConfig
) -> LoopPlan:
    """Decide everything that will happen. `lengths` are the rows' tokens."""
    chunks = [row.chunk if row.chunk is not None else 0 for row in rows]
    schedule = make_schedule(chunks, config.schedule, seed=config.seed)
    batches = cut_batches(
        schedule, lengths, batch_size=config.schedule.batch_size, seed=config.seed
    )
    return LoopPlan(
        batches,
        learning_rates(batches, config.schedule),
        lambda shown: encoder.example(rows[shown.row].question, shown.showing),
        config.guard,
        config.execution.accumulation,
        config.checkpoints.every_steps,
        config.checkpoints.keep,
    )


@contextmanager
def adapted(
    job: TrainingJob, *, say: Callable[[str], None] = say_nothing
) -> Iterator[tuple[Trained, Accelerator]]:
    """The base with fresh adapters and their optimizer, on the device; taken off afterwards."""
    config, model = job.config, job.base.model
    accelerator = Accelerator(cpu=config.execution.device == "cpu", mixed_precision="no")
    if accelerator.num_processes != 1:
        raise InputError("a single process is needed", got=f"{accelerator.num_processes} processes")
    was_trainable = [weight.requires_grad for weight in model.parameters()]
    base_weights = list(model.parameters())
    bases = open_bases(job, say)
    model_with_adapter = attach(model, job.adapter, seed=config.seed, bases=bases)
    if bases is not None:
        say(bases.sentence())
    if config.execution.activation_checkpointing:
        _named(model, "checkpointing_enable")({"use_reentrant": False})
    try:
        prepared = accelerator.prepare_model(model_with_adapter)
        optimizer = accelerator.prepare_optimizer(make_optimizer(prepared, job.adapter, config))
        with fused_lora(prepared), last_layer_where_read(prepared) as reading:
            yield Trained(prepared, optimizer, reading), accelerator
    finally:
        if config.execution.activation_checkpointing:
            _named(model, "checkpointing_disable")()
        model_with_adapter.unload()
        for weight, trainable in zip(base_weights, was_trainable, strict=True):
            weight.requires_grad_(trainable)
        model.eval()
        accelerator.free_memory()


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


def _named(model: Any, action: str) -> Callable[..., None]:
    """A method that transformers 5.17 calls gradient_... and later versions activation_..."""
    for kind in ("activation", "gradient"):
        method: Callable[..., None] | None = getattr(model, f"{kind}_{action}", None)
        if method is not None:
            return method
    raise InputError("a model that can compute activations again", got=type(model).__name__)


@contextmanager
def exact_arithmetic(threads: int, *, on_cpu: bool) -> Iterator[None]:
    """Repeatable kernels on a fixed number of threads; put back afterwards.

    On an accelerator some kernels have no repeatable form: there it is a preference, and resuming
    is exact in the order of rows and in the optimizer's state, not in the last bit.
    """
    before = torch.get_num_threads()
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    filling = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=not on_cpu)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    try:
        with warnings.catch_warnings():
            if not on_cpu:
                warnings.filterwarnings("ignore", message=".*deterministic.*")
            yield
    finally:
        torch.set_num_threads(before)
        torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
        torch.utils.deterministic.fill_uninitialized_memory = filling  # type: ignore[attr-defined]


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
    metrics: MetricsWriter,
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
