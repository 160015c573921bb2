"""What the writer writes, the reader reads."""

from __future__ import annotations

from pathlib import Path

from underdog.runs.metrics import ChunkMetrics, StepMetrics, read_metrics
from underdog.training.metrics import MetricsWriter


def step(number: int, loss: float = 1.0) -> StepMetrics:
    return StepMetrics(number, 0, loss, 1e-4, 0.5, 4, 8, 100, 0, 0.1 * number, 40.0)


def test_lines_come_back_as_values(tmp_path: Path) -> None:
    """Steps, borders and events, each in its place."""
    with MetricsWriter(tmp_path, resumed_step=None) as writer:
        writer.step(step(1))
        writer.event("dropped", 2, reason="the loss is nan")
        writer.chunk(ChunkMetrics(0, 2, {"accuracy": 0.5, "note": "text", "done": True}))
        writer.flush()
    metrics = read_metrics(tmp_path)
    assert metrics.steps == (step(1),)
    assert metrics.chunks == (ChunkMetrics(0, 2, {"accuracy": 0.5, "note": "text", "done": True}),)
    assert metrics.events == ({"kind": "dropped", "step": 2, "reason": "the loss is nan"},)


def test_tensorboard_forgets_the_steps_that_are_done_again(tmp_path: Path) -> None:
    """Resumed after step 2: what the first sitting wrote of step 3 is purged, numbers of a
    validation are curves, and texts and truth values are not.
    """
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with MetricsWriter(tmp_path, resumed_step=None) as writer:
        for number in (1, 2, 3):
            writer.step(step(number, loss=9.0))
    with MetricsWriter(tmp_path, resumed_step=2) as writer:
        writer.step(step(3, loss=1.0))
        writer.chunk(ChunkMetrics(0, 3, {"accuracy": 0.5, "note": "text", "done": True}))
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [(e.step, e.value) for e in events.Scalars("train/loss")] == [(1, 9), (2, 9), (3, 1)]
    assert [tag for tag in events.Tags()["scalars"] if tag.startswith("validation")] == [
        "validation/accuracy"
    ]
    assert [each.loss for each in read_metrics(tmp_path).steps] == [9.0, 9.0, 1.0]
