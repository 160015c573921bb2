"""What a training run is asked for, what came out, and how both are kept on disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from underdog import __version__
from underdog.adapters.base import Base, model_digest
from underdog.adapters.settings import AdapterSettings
from underdog.data.row import Row
from underdog.errors import CorruptFileError
from underdog.hardware.machine import read_machine, usable_cores
from underdog.hardware.rocm import in_effect
from underdog.mcq.question import Question
from underdog.runs.files import check_digests, digest_folder, digest_value, read_json, write_json
from underdog.runs.manifest import Manifest
from underdog.training.config import TrainingConfig

ADAPTER_NAME, RESULT_NAME = "adapter", "result.json"
BEFORE = {"training": {"packing": "padded", "loss": "vocabulary"}}
"""What the header of a run that began before these keys existed stands for."""
SMALL_MODEL_WEIGHTS = 10_000_000
"""Measured 2026-11 with the 2M base on 2 cores beside other work: the same 13 steps took 2.8 s on
one thread and 118 s on two, because OpenMP's threads spin at every barrier."""


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """What to train on what. Rows of the validation split are asked at chunk borders, `retention`
    are questions that the model should not forget. `identity` is anything more that decides the
    result and must not change between sittings (plain JSON values).
    """

    rows: tuple[Row, ...]
    base: Base
    config: TrainingConfig
    adapter: AdapterSettings
    out: Path
    identity: Mapping[str, Any]
    retention: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What came out. `resumed_from` is the step this call started at, None for a fresh start;
    `elapsed_s` is training time over all sittings.

    The rest are plain JSON values. `adapters` are the folders that can be used, or go on to an
    ensemble: {"adapter", "step", "accuracy", "loss", "questions"}, numbers None where that step was
    not validated; the first is adapter/ itself. `start_accuracy` is that of the untouched base on
    the same questions. `overfitting_since` is a step or None; `forgetting` as in
    `evaluation.forgetting.Forgetting.to_json`, or None without a retention set.
    """

    adapter: Path
    steps: int
    samples: int
    dropped_steps: int
    too_long: int
    without_answer: int
    elapsed_s: float
    resumed_from: int | None
    remedies: list[dict[str, Any]] = field(default_factory=list)
    adapters: list[dict[str, Any]] = field(default_factory=list)
    start_accuracy: float | None = None
    overfitting_since: int | None = None
    forgetting: dict[str, Any] | None = None

    @property
    def best(self) -> dict[str, Any] | None:
        """The best validated adapter that is kept, or None."""
        found = [each for each in self.adapters if each["accuracy"] is not None]
        return min(found, key=_rank, default=None)


def _rank(entry: Mapping[str, Any]) -> tuple[float, float, int]:
    loss = entry["loss"]
    return (-entry["accuracy"], float("inf") if loss is None else loss, entry["step"])


def make_manifest(
    job: TrainingJob, rows: tuple[Row, ...], asked: Mapping[str, Any], *, processes: int = 1
) -> Manifest:
    """The header of the run. Settings that cannot change the result are context, not identity.

    `rows` are those trained on, `asked` says which questions are asked on the way: remedies and
    the best adapter follow from their answers. `processes` are those on this machine.
    """
    recipe = asdict(job.config)
    execution = recipe.pop("execution")
    checkpoints = recipe.pop("checkpoints")
    watch = recipe.pop("watch")
    for name in ("accumulation", "activation_checkpointing", "packing"):
        recipe[name] = execution.pop(name)
    identity = {
        **job.identity,
        "training": recipe,
        "adapter": {**asdict(job.adapter), "kind": job.adapter.kind.value},
        "data_digest": rows_digest(rows),
        "data_rows": len(rows),
        "data_chunks": len({row.chunk for row in rows}),
        **asked,
        "base_digest": model_digest(job.base.model),
        "base_dtype": str(job.base.model.dtype),
        "code_version": __version__,
    }
    context = {
        "threads": job.config.execution.threads
        or default_threads(job.base.model, processes=processes),
        "execution": execution,
        "checkpoints": checkpoints,
        "watch": watch,
        "machine": read_machine().to_json(),
        "environment": in_effect(os.environ),
    }
    return Manifest(identity, context)


def default_threads(model: Any, *, processes: int = 1) -> int:
    """One for a small model, where threads wait for each other more than they compute; else the
    cores, divided over the run's processes on this machine.
    """
    weights = sum(weight.numel() for weight in model.parameters())
    return 1 if weights < SMALL_MODEL_WEIGHTS else max(1, usable_cores() // processes)


def rows_digest(rows: tuple[Row, ...]) -> str:
    """SHA-256 over what training reads of the rows: questions, answers, chunks, order."""
    return digest_value(
        [
            [row.question.id, list(row.question.choices), row.question.answer, row.chunk]
            for row in rows
        ]
    )


def asked(
    validation: Sequence[Question], retention: Sequence[Question]
) -> dict[str, dict[str, Any]]:
    """The questions asked on the way, for the header."""
    return {
        name: {
            "questions": len(questions),
            "digest": digest_value(
                [[each.id, list(each.choices), each.answer] for each in questions]
            ),
        }
        for name, questions in (("validation", validation), ("retention", retention))
        if questions
    }


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
