"""What a training run is asked for, what came out, and how both are kept on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from underdog import __version__
from underdog.adapters.base import Base, model_digest
from underdog.adapters.settings import AdapterSettings
from underdog.data.row import Row
from underdog.errors import CorruptFileError
from underdog.hardware.machine import read_machine, usable_cores
from underdog.runs.files import check_digests, digest_folder, digest_value, read_json, write_json
from underdog.runs.manifest import Manifest
from underdog.training.config import TrainingConfig

ADAPTER_NAME, RESULT_NAME = "adapter", "result.json"
SMALL_MODEL_WEIGHTS = 10_000_000
"""Measured 2026-11 with the 2M base on 2 cores beside other work: the same 13 steps took 2.8 s on
one thread and 118 s on two, because OpenMP's threads spin at every barrier."""


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """What to train on what. Rows outside the train split are ignored. `identity` is anything
    more that decides the result and must not change between sittings (plain JSON values).
    """

    rows: tuple[Row, ...]
    base: Base
    config: TrainingConfig
    adapter: AdapterSettings
    out: Path
    identity: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What came out. `resumed_from` is the step this call started at, None for a fresh start;
    `elapsed_s` is training time over all sittings.
    """

    adapter: Path
    steps: int
    samples: int
    dropped_steps: int
    too_long: int
    without_answer: int
    elapsed_s: float
    resumed_from: int | None


def make_manifest(job: TrainingJob, rows: tuple[Row, ...]) -> Manifest:
    """The header of the run. Settings that cannot change the result are context, not identity."""
    recipe = asdict(job.config)
    execution = recipe.pop("execution")
    checkpoints = recipe.pop("checkpoints")
    for name in ("accumulation", "activation_checkpointing"):
        recipe[name] = execution.pop(name)
    identity = {
        **job.identity,
        "training": recipe,
        "adapter": {**asdict(job.adapter), "kind": job.adapter.kind.value},
        "data_digest": rows_digest(rows),
        "base_digest": model_digest(job.base.model),
        "base_dtype": str(job.base.model.dtype),
        "code_version": __version__,
    }
    context = {
        "threads": job.config.execution.threads or default_threads(job.base.model),
        "execution": execution,
        "checkpoints": checkpoints,
        "machine": read_machine().to_json(),
        "rows": len(rows),
    }
    return Manifest(identity, context)


def default_threads(model: Any) -> int:
    """One for a small model, where threads wait for each other more than they compute."""
    weights = sum(weight.numel() for weight in model.parameters())
    return 1 if weights < SMALL_MODEL_WEIGHTS else usable_cores()


def rows_digest(rows: tuple[Row, ...]) -> str:
    """SHA-256 over what training reads of the rows: questions, answers, chunks, order."""
    return digest_value(
        [
            [row.question.id, list(row.question.choices), row.question.answer, row.chunk]
            for row in rows
        ]
    )


def read_result(run: Path, *, say: Callable[[str], None]) -> TrainingResult | None:
    """The result of a run that is complete and whole, or None when there is work to do."""
    path = run / RESULT_NAME
    if not path.exists():
        return None
    try:
        stored = read_json(path)
        check_digests(run / ADAPTER_NAME, stored["digests"])
    except CorruptFileError as error:
        say(f"the finished adapter is damaged and is made again ({error})")
        path.unlink()
        return None
    return TrainingResult(adapter=run / ADAPTER_NAME, **stored["result"])


def write_result(run: Path, result: TrainingResult) -> TrainingResult:
    """Mark the run as complete; the adapter's digests are kept with the numbers."""
    numbers = asdict(result)
    del numbers["adapter"]
    digests = digest_folder(run / ADAPTER_NAME)
    write_json(run / RESULT_NAME, {"result": numbers, "digests": digests})
    return result
