"""What the machine did under a training run: load, memory, heat and power over time.

In: the run's readings. Out: drawings of the form of the training's. A figure that no reading has is
left out; a long run is drawn as means over equal numbers of readings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from underdog.hardware.telemetry.reading import GpuReading, Reading
from underdog.pages.scale import Scale, Tick, scale_over
from underdog.pages.words import counted, duration
from underdog.report.curves import Panel, thinned

GIB = 2.0**30


class Drawn(NamedTuple):
    """One figure: its name, its unit and where it stands in a reading."""

    name: str
    unit: str
    value: Callable[[Reading], float | None]


@dataclass(frozen=True, slots=True)
class MachineCurves:
    """`borders` is there because all drawings share one form; time has none."""

    summary: str
    panels: tuple[Panel, ...]
    borders: tuple[float, ...] = ()


def make_machine(readings: Sequence[Reading]) -> MachineCurves:
    """ValueError when there are fewer than two readings."""
    if len(readings) < 2:
        raise ValueError("fewer than two readings were kept")
    start, end = readings[0].at_s, readings[-1].at_s
    across = Scale(0.0, max(end - start, 1.0))
    panels = (_panel(figure, readings, across) for figure in FIGURES)
    return MachineCurves(
        f"{counted(len(readings), 'reading')} over {duration(end - start)}, from left to right.",
        tuple(panel for panel in panels if panel is not None),
    )


def _of_gpu(value: Callable[[GpuReading], float | None]) -> Callable[[Reading], float | None]:
    return lambda reading: None if reading.gpu is None else value(reading.gpu)


def _gib(value: float | None) -> float | None:
    return None if value is None else value / GIB


FIGURES = (
    Drawn("GPU busy", "%", _of_gpu(lambda gpu: gpu.busy_percent)),
    Drawn("GPU memory", "GiB", _of_gpu(lambda gpu: _gib(gpu.vram_used_bytes))),
    Drawn("GPU temperature", "°C", _of_gpu(lambda gpu: gpu.celsius)),
    Drawn("GPU power", "W", _of_gpu(lambda gpu: gpu.watts)),
    Drawn("Processor of the run", "% of a core", lambda reading: reading.process_cpu_percent),
    Drawn("Memory of the run", "GiB", lambda reading: _gib(reading.process_bytes)),
)


def _panel(figure: Drawn, readings: Sequence[Reading], across: Scale) -> Panel | None:
    start = readings[0].at_s
    points = [
        (max(0.0, reading.at_s - start), value)
        for reading in readings
        if (value := figure.value(reading)) is not None
    ]
    if len(points) < 2:
        return None
    values = [value for _, value in points]
    up = scale_over(values, from_zero=True)
    remark = f"in {figure.unit}; mean {sum(values) / len(values):.3g}, highest {max(values):.3g}"
    return Panel(
        name=figure.name,
        remark=remark,
        spoken=f"{figure.name} {remark}",
        tall=False,
        ticks=tuple(Tick(f"{tick:g}", up.down(tick)) for tick in up.ticks())[-1:],
        line=" ".join(f"{across.across(x):g},{up.down(y):g}" for x, y in thinned(points)),
        levels=(),
    )
