"""The curves and the table repeat the metrics."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pytest

from underdog.report.curves import make_curves, thinned
from underdog.runs.metrics import Metrics, read_metrics


@pytest.fixture
def metrics(finished_run: Path) -> Metrics:
    return read_metrics(finished_run / "train")


def test_the_table_has_the_means_of_each_chunk(metrics: Metrics) -> None:
    """Loss, samples and steps of every chunk are those of its steps."""
    view = make_curves(metrics)
    assert [row.chunk for row in view.rows] == [str(chunk) for chunk in range(10)]
    for row in view.rows:
        steps = [step for step in metrics.steps if step.chunk == int(row.chunk)]
        assert float(row.loss) == pytest.approx(fmean(s.loss for s in steps), abs=5e-4)
        assert row.steps == f"{steps[0].step}–{steps[-1].step}"
        assert int(row.samples.replace("\u202f", "")) == sum(s.samples for s in steps)
        assert row.held_out.startswith("accuracy 0.")
    assert view.time == "2\u202fmin 08\u202fs"
    assert view.events == ("Continued after step 300.",)


def test_drawings_stay_inside_and_cover_the_run(metrics: Metrics) -> None:
    """Points run from left to right over the whole width; borders lie between chunks."""
    view = make_curves(metrics)
    loss, rate, replay = view.panels
    for panel in (loss, rate):
        points = [tuple(map(float, point.split(","))) for point in panel.line.split()]
        assert all(0 <= value <= 100 for point in points for value in point)
        assert [x for x, _ in points] == sorted(x for x, _ in points)
        assert len(points) <= 240
    assert (loss.levels[0].left, loss.levels[-1].right) == (0.0, 100.0)
    assert len(replay.levels) == 10
    assert len(view.borders) == 9
    assert len(loss.dots) == 10


def test_thinning_keeps_short_curves_and_the_mean_of_long_ones() -> None:
    """Nothing is invented: each point is the mean of a span."""
    short = [(float(x), float(x * x)) for x in range(50)]
    assert thinned(short) == short
    long = [(float(x), float(x % 2)) for x in range(4800)]
    assert len(thinned(long)) == 240
    assert fmean(y for _, y in thinned(long)) == pytest.approx(0.5)


def test_guards_are_told_and_many_are_counted(metrics: Metrics) -> None:
    """Each event is a sentence; more than twenty are summed up."""
    dropped = {"kind": "dropped", "step": 12, "reason": "the loss is nan", "rows": ["a", "b"]}
    view = make_curves(replace(metrics, events=(dropped,)))
    assert view.events == ("Dropped after step 12: reason the loss is nan.",)
    aligned = [{"kind": "alignment", "step": at, "sentence": f"By step {at}."} for at in (5, 9)]
    view = make_curves(replace(metrics, events=(aligned[0], dropped, aligned[1])))
    assert view.events[1:] == ("By step 9.",)
    view = make_curves(replace(metrics, events=(dropped,) * 25))
    assert view.events[-1] == "5 more events in train/metrics.jsonl."


def test_a_run_without_steps_or_without_a_clock(metrics: Metrics) -> None:
    """No step is a fault of the file; no elapsed time is a dash, not a division."""
    with pytest.raises(ValueError, match="no step was taken"):
        make_curves(replace(metrics, steps=()))
    still = tuple(replace(step, elapsed_s=0.0) for step in metrics.steps)
    assert make_curves(replace(metrics, steps=still)).rows[0].speed == "–"


def test_a_run_of_one_step(metrics: Metrics) -> None:
    """The shortest run has a picture too."""
    view = make_curves(Metrics(metrics.steps[:1], (), ()))
    assert view.amount == "1 step, 1 chunk"
    assert view.rows[0].held_out == ""


def test_a_flat_loss_is_not_drawn_from_zero(metrics: Metrics) -> None:
    """The axis then holds the loss's own values, so that its course can be seen."""
    flat = tuple(replace(step, loss=7.8 + 0.1 * (step.step % 2)) for step in metrics.steps)
    ticks = make_curves(Metrics(flat, (), ())).panels[0].ticks
    assert float(ticks[0].label) > 7
    assert float(make_curves(metrics).panels[0].ticks[0].label) == 0
