"""Metrics from their lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.errors import CorruptFileError, InputError
from underdog.runs.log import LogWriter
from underdog.runs.metrics import (
    METRICS_NAME,
    ChunkMetrics,
    StepMetrics,
    effective_lines,
    read_metrics,
)


def step(number: int, loss: float = 1.0) -> StepMetrics:
    return StepMetrics(number, 0, loss, 1e-4, 0.5, 4, 8, 100, 0, 0.1 * number, 40.0)


def write(folder: Path, lines: list[dict[str, object]]) -> None:
    with LogWriter(folder / METRICS_NAME) as log:
        for line in lines:
            log.append(line)


@given(st.lists(st.integers(0, 12), max_size=6), st.integers(0, 12))
def test_after_any_sittings_each_step_is_there_once(sittings: list[int], last: int) -> None:
    """Each sitting goes on after any step reached before and does some: the steps that hold are
    1 to the last one's end, once each, with the newest sitting's losses.
    """
    lines: list[dict[str, object]] = []
    reached = 0
    for number, length in enumerate([*sittings, last]):
        start = reached * (number % 3) // 2 if number else 0
        if number:
            lines.append({"kind": "resumed", "step": min(start, reached)})
        start = min(start, reached)
        lines += [step(at, float(number)).to_line() for at in range(start + 1, start + length + 1)]
        reached = start + length
    held = [line["step"] for line in effective_lines(lines) if line["kind"] == "step"]
    assert held == list(range(1, reached + 1))


def test_chunk_borders_after_the_resumed_step_are_dropped_too(tmp_path: Path) -> None:
    """A border and an event of a step that was done again count once."""
    border = ChunkMetrics(0, 3, None).to_line()
    dropped = {"kind": "dropped", "step": 3}
    write(tmp_path, [step(1).to_line(), dropped, border, {"kind": "resumed", "step": 1}, border])
    metrics = read_metrics(tmp_path)
    assert metrics.chunks == (ChunkMetrics(0, 3, None),)
    assert metrics.events == ({"kind": "resumed", "step": 1},)
    assert metrics.steps == (step(1),)


def test_an_unfinished_last_line_is_left_out(tmp_path: Path) -> None:
    """What a kill cut in half is no step."""
    write(tmp_path, [step(1).to_line()])
    with (tmp_path / METRICS_NAME).open("a") as stream:
        stream.write('{"kind": "st')
    assert read_metrics(tmp_path).steps == (step(1),)


def test_a_folder_without_metrics_is_refused(tmp_path: Path) -> None:
    """The message says what was looked for."""
    with pytest.raises(InputError, match=r"a training run with metrics\.jsonl"):
        read_metrics(tmp_path)


def test_a_line_that_is_not_ours_is_named_as_damage(tmp_path: Path) -> None:
    """A step without its loss cannot be read."""
    write(tmp_path, [{"kind": "step", "step": 1}])
    with pytest.raises(CorruptFileError, match="lines of metrics"):
        read_metrics(tmp_path)
