"""The drawings of what the machine did."""

from __future__ import annotations

import pytest

from underdog.hardware.telemetry.reading import GpuReading, Reading
from underdog.report.machine import make_machine


def test_every_figure_that_was_read_is_drawn() -> None:
    """Of two readings ten seconds apart: from the left to the right edge, with mean and highest;
    what no reading has is left out.
    """
    readings = [
        Reading(100.0, process_bytes=2**30, gpus=(GpuReading(busy_percent=50.0),)),
        Reading(110.0, process_bytes=3 * 2**30, gpus=(GpuReading(busy_percent=100.0),)),
    ]
    curves = make_machine(readings)
    assert [panel.name for panel in curves.panels] == ["GPU busy", "Memory of the run"]
    assert curves.panels[1].remark == "in GiB; mean 2, highest 3"
    assert [point.split(",")[0] for point in curves.panels[0].line.split()] == ["0", "100"]
    assert curves.panels[0].line.split()[1].split(",")[1] == "0"
    assert curves.summary.startswith("2 readings over 10")


def test_one_reading_is_no_curve() -> None:
    """The page then says so."""
    with pytest.raises(ValueError, match="fewer than two readings"):
        make_machine([Reading(1.0)])
