"""What happens while a detector trains, as lines of `metrics.jsonl` in the shape of `runs.metrics`.

A step is an optimizer step, a chunk is an epoch, a sample is an image; there are no tokens. A line
is written at every step, so the file's last change is the run's heartbeat.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from underdog.runs.log import LogWriter
from underdog.runs.metrics import METRICS_NAME, RESUMED, ChunkMetrics, StepMetrics

SCORES = {
    "metrics/mAP50(B)": "map50",
    "metrics/mAP50-95(B)": "map50_95",
    "metrics/precision(B)": "precision",
    "metrics/recall(B)": "recall",
}
"""Ultralytics' names of what validation measures, and ours."""


class Journal:
    """One sitting's writer; `resumed_step` is the last step that holds from earlier ones."""

    def __init__(self, run: Path, *, resumed_step: int | None) -> None:
        self._log = LogWriter(run / METRICS_NAME)
        if resumed_step is not None:
            self.event(RESUMED, resumed_step)

    def step(
        self,
        number: int,
        *,
        epoch: int,
        loss: float,
        learning_rate: float,
        grad_norm: float,
        images: int,
        elapsed: tuple[float, float],
    ) -> None:
        """One optimizer step; `elapsed` is the run's time and this step's, in seconds."""
        line = StepMetrics(
            step=number,
            chunk=epoch,
            loss=loss,
            learning_rate=learning_rate,
            grad_norm=grad_norm,
            samples=images,
            answer_tokens=0,
            input_tokens=0,
            replayed=0,
            elapsed_s=round(elapsed[0], 3),
            samples_per_s=round(images / max(elapsed[1], 1e-9), 3),
        )
        self._log.append(line.to_line())

    def epoch(self, number: int, step: int, scores: Mapping[str, float]) -> None:
        """An epoch's end and what validation measured."""
        known = {SCORES[name]: float(scores[name]) for name in SCORES if name in scores}
        self._log.append(ChunkMetrics(number, step, known or None).to_line())

    def event(self, kind: str, step: int, **details: Any) -> None:
        """Anything else worth keeping; on the disk when this returns."""
        self._log.append({"kind": kind, "step": step, **details}, durable=True)

    def close(self) -> None:
        """Close the file."""
        self._log.close()
