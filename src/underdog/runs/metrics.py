"""The metrics of a training run, as lines of `metrics.jsonl` and as values.

In: a training run's folder. Out: its steps, chunk borders and events, each once, in order. Never:
torch, a plot, a judgement.

A run that was continued from step s first writes a line of kind "resumed": whatever earlier lines
say about steps after s was done again, so it is dropped here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from underdog.errors import CorruptFileError, InputError
from underdog.runs.log import read_log

METRICS_NAME = "metrics.jsonl"
STEP, CHUNK, RESUMED = "step", "chunk", "resumed"
VALIDATION, ALIGNMENT = "validation", "alignment"
"""Kinds of lines. "alignment" has OPLoRA's rho_k by layer. Every other kind is an event, with a
"sentence" where a guard speaks: "dropped",
"remedy", "stopped", "overfitting", "left_out", "corrupt_checkpoint"."""


@dataclass(frozen=True, slots=True)
class StepMetrics:
    """One optimizer step. `step` counts from 1; counts are of this step alone; `loss` is the mean
    over its answer tokens in nats; `elapsed_s` counts training time over all sittings.
    """

    step: int
    chunk: int
    loss: float
    learning_rate: float
    grad_norm: float
    samples: int
    answer_tokens: int
    input_tokens: int
    replayed: int
    elapsed_s: float
    samples_per_s: float

    def to_line(self) -> dict[str, Any]:
        """As the object of one line."""
        return {"kind": STEP, **asdict(self)}


@dataclass(frozen=True, slots=True)
class ChunkMetrics:
    """A chunk's end, after `step`. `validation` is what the evaluation returned, or None."""

    chunk: int
    step: int
    validation: Mapping[str, Any] | None

    def to_line(self) -> dict[str, Any]:
        """As the object of one line."""
        line = {"kind": CHUNK, "chunk": self.chunk, "step": self.step}
        return line if self.validation is None else {**line, "validation": dict(self.validation)}


@dataclass(frozen=True, slots=True)
class Metrics:
    """`events` are all other lines as they stand, each with its "kind" and "step"."""

    steps: tuple[StepMetrics, ...]
    chunks: tuple[ChunkMetrics, ...]
    events: tuple[Mapping[str, Any], ...]


def read_metrics(folder: Path) -> Metrics:
    """Read a training run's metrics; a last line that a kill left unfinished is left out.

    Raises InputError when there are none, CorruptFileError when a line is not one of ours.
    """
    path = folder / METRICS_NAME
    if not path.is_file():
        raise InputError(f"a training run with {METRICS_NAME} is needed", got="none", where=folder)
    lines = effective_lines(read_log(path))
    try:
        return Metrics(
            tuple(_step(line) for line in lines if line["kind"] == STEP),
            tuple(_chunk(line) for line in lines if line["kind"] == CHUNK),
            tuple(line for line in lines if line["kind"] not in {STEP, CHUNK}),
        )
    except (KeyError, TypeError) as error:
        raise CorruptFileError(
            "lines of metrics are needed", got=repr(error), where=path
        ) from error


def effective_lines(lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What still holds: lines about steps that were done again are dropped."""
    kept: list[dict[str, Any]] = []
    for line in lines:
        if line.get("kind") == RESUMED:
            kept = [earlier for earlier in kept if earlier.get("step", 0) <= line["step"]]
        kept.append(line)
    return kept


def _step(line: Mapping[str, Any]) -> StepMetrics:
    return StepMetrics(**{field.name: line[field.name] for field in fields(StepMetrics)})


def _chunk(line: Mapping[str, Any]) -> ChunkMetrics:
    return ChunkMetrics(line["chunk"], line["step"], line.get("validation"))
