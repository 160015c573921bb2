"""Loss, learning rate and replay over the steps. In: a run's metrics. Out: curves.

Three drawings share one axis of steps. Long runs are drawn as means over equal spans of steps; the
numbers in the table are over all steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean
from typing import NamedTuple

from underdog.pages.scale import Scale, Tick, scale_over
from underdog.pages.words import count, counted, duration, percent, scientific, three_digits
from underdog.report.folder import Json
from underdog.runs.metrics import ALIGNMENT, RESUMED, VALIDATION, Metrics, StepMetrics

_POINTS = 240
"""More points than this are not seen on a page of 720 px, and cost bytes."""
_TICKED_CHUNKS = 12
_SHOWN_EVENTS = 20
_NEAR_ZERO = 0.4
"""A loss that falls below this share of its highest value is drawn from zero. A flatter one would
be a straight line there: its axis holds its own values only."""


class Segment(NamedTuple):
    """A level line from `left` to `right`, all in per cent of the drawing."""

    left: float
    right: float
    y: float


@dataclass(frozen=True, slots=True)
class Panel:
    """One drawing: `line` holds SVG points, `levels` a line per chunk, `dots` the held-out loss."""

    name: str
    remark: str
    spoken: str
    tall: bool
    ticks: tuple[Tick, ...]
    line: str
    levels: tuple[Segment, ...]
    dots: tuple[tuple[float, float], ...] = ()


class ChunkRow(NamedTuple):
    """One line of the table, ready to print. Empty texts where nothing was measured."""

    chunk: str
    steps: str
    loss: str
    rate: str
    replay: str
    samples: str
    speed: str
    held_out: str


@dataclass(frozen=True, slots=True)
class Curves:
    """`borders` are where one chunk ends and the next begins; `chunks` name them below."""

    summary: str
    time: str
    amount: str
    panels: tuple[Panel, ...]
    borders: tuple[float, ...]
    chunks: tuple[Tick, ...]
    rows: tuple[ChunkRow, ...]
    events: tuple[str, ...]
    steps: tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Chunk:
    """The steps of one chunk; `seconds` is the training time they took."""

    number: int
    steps: tuple[StepMetrics, ...]
    seconds: float

    @property
    def samples(self) -> int:
        return sum(step.samples for step in self.steps)

    @property
    def loss(self) -> float:
        return fmean(step.loss for step in self.steps)

    @property
    def replayed(self) -> float:
        """Share of the samples that were drawn again."""
        return sum(step.replayed for step in self.steps) / self.samples

    @property
    def start(self) -> int:
        """The step before the first."""
        return self.steps[0].step - 1

    @property
    def end(self) -> int:
        return self.steps[-1].step


def make_curves(metrics: Metrics) -> Curves:
    """Curves and table of a training run. ValueError when no step was taken."""
    steps = metrics.steps
    if not steps:
        raise ValueError("no step was taken")
    chunks = _chunks(steps)
    held_out = {chunk.chunk: chunk.validation or {} for chunk in metrics.chunks}
    across = Scale(steps[0].step - 1, steps[-1].step)
    return Curves(
        summary=_summary(steps, chunks),
        time=duration(steps[-1].elapsed_s),
        amount=f"{counted(len(steps), 'step')}, {counted(len(chunks), 'chunk')}",
        panels=(
            _loss_panel(steps, chunks, across, held_out),
            _rate_panel(steps, across),
            _replay_panel(chunks, across),
        ),
        borders=tuple(across.across(chunk.start) for chunk in chunks[1:]),
        chunks=_chunk_ticks(chunks, across),
        rows=tuple(_row(chunk, held_out.get(chunk.number, {})) for chunk in chunks),
        events=_events(metrics.events),
        steps=(steps[0].step, steps[-1].step),
    )


def _chunks(steps: Sequence[StepMetrics]) -> list[_Chunk]:
    chunks, before_s = [], 0.0
    for number, group in groupby(steps, key=lambda step: step.chunk):
        own = tuple(group)
        chunks.append(_Chunk(number, own, own[-1].elapsed_s - before_s))
        before_s = own[-1].elapsed_s
    return chunks


def _summary(steps: Sequence[StepMetrics], chunks: list[_Chunk]) -> str:
    samples = sum(step.samples for step in steps)
    replayed = sum(step.replayed for step in steps)
    return (
        f"{counted(len(steps), 'step')} over {counted(len(chunks), 'chunk')}: "
        f"{counted(samples, 'sample')}, of them {percent(replayed / samples)} replayed from "
        f"earlier chunks, in {duration(steps[-1].elapsed_s)} "
        f"({_speed(samples, steps[-1].elapsed_s)} samples per second)."
    )


def _speed(samples: int, seconds: float) -> str:
    return three_digits(samples / seconds) if seconds > 0 else "–"


def _loss_panel(
    steps: Sequence[StepMetrics],
    chunks: list[_Chunk],
    across: Scale,
    held_out: Mapping[int, Json],
) -> Panel:
    curve = thinned([(step.step - 0.5, step.loss) for step in steps])
    dots = [
        (float(chunk.end), float(held_out[chunk.number]["loss"]))
        for chunk in chunks
        if "loss" in held_out.get(chunk.number, {})
    ]
    means = [chunk.loss for chunk in chunks]
    values = [*(y for _, y in [*curve, *dots]), *means]
    up = scale_over(values, from_zero=min(values) < _NEAR_ZERO * max(values))
    return Panel(
        name="Loss",
        remark="in nats per answer token; thin: the steps, bold: mean of the chunk"
        + (", ring: held out" if dots else ""),
        spoken=f"Mean loss by chunk: {', '.join(f'{mean:.3f}' for mean in means)}",
        tall=True,
        ticks=_ticks(up, lambda value: f"{value:g}"),
        line=_points(curve, across, up),
        levels=_levels(chunks, means, across, up),
        dots=tuple((across.across(x), up.down(y)) for x, y in dots),
    )


def _rate_panel(steps: Sequence[StepMetrics], across: Scale) -> Panel:
    rates = [step.learning_rate for step in steps]
    up = scale_over(rates, from_zero=True)
    curve = thinned([(step.step - 0.5, step.learning_rate) for step in steps])
    remark = f"highest {scientific(max(rates))}, last {scientific(rates[-1])}"
    return Panel(
        name="Learning rate",
        remark=remark,
        spoken=f"Learning rate: {remark}",
        tall=False,
        ticks=_ticks(up, scientific)[-1:],
        line=_points(curve, across, up),
        levels=(),
    )


def _replay_panel(chunks: list[_Chunk], across: Scale) -> Panel:
    shares = [chunk.replayed for chunk in chunks]
    up = scale_over([*shares, 0.01], from_zero=True)
    return Panel(
        name="Replay",
        remark="share of samples drawn again from earlier chunks",
        spoken="Replayed share by chunk: " + ", ".join(percent(share) for share in shares),
        tall=False,
        ticks=_ticks(up, lambda share: percent(share, 0))[-1:],
        line="",
        levels=_levels(chunks, shares, across, up),
    )


def _ticks(up: Scale, label: Callable[[float], str]) -> tuple[Tick, ...]:
    return tuple(Tick(label(value), up.down(value)) for value in up.ticks())


def thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most `_POINTS` points, each the mean of an equal span of neighbours."""
    span = -(-len(points) // _POINTS)
    groups = [points[start : start + span] for start in range(0, len(points), span)]
    return [(fmean(x for x, _ in group), fmean(y for _, y in group)) for group in groups]


def _points(curve: list[tuple[float, float]], across: Scale, up: Scale) -> str:
    return " ".join(f"{across.across(x):g},{up.down(y):g}" for x, y in curve)


def _levels(
    chunks: list[_Chunk], values: list[float], across: Scale, up: Scale
) -> tuple[Segment, ...]:
    return tuple(
        Segment(across.across(chunk.start), across.across(chunk.end), up.down(value))
        for chunk, value in zip(chunks, values, strict=True)
    )


def _chunk_ticks(chunks: list[_Chunk], across: Scale) -> tuple[Tick, ...]:
    every = -(-len(chunks) // _TICKED_CHUNKS)
    return tuple(
        Tick(str(chunk.number), across.across((chunk.start + chunk.end) / 2))
        for chunk in chunks[::every]
    )


def _row(chunk: _Chunk, held_out: Json) -> ChunkRow:
    first, last = (scientific(chunk.steps[index].learning_rate) for index in (0, -1))
    return ChunkRow(
        chunk=str(chunk.number),
        steps=f"{chunk.start + 1}–{chunk.end}",
        loss=f"{chunk.loss:.3f}",
        rate=first if first == last else f"{first} → {last}",
        replay=percent(chunk.replayed),
        samples=count(chunk.samples),
        speed=_speed(chunk.samples, chunk.seconds),
        held_out=", ".join(
            f"{name} {three_digits(value)}"
            for name, value in held_out.items()
            if isinstance(value, (int, float))
        ),
    )


def _events(events: Sequence[Json]) -> tuple[str, ...]:
    """Continuations and what the guards saw, as sentences. Validations are numbers, not events; of
    OPLoRA's alignments the last is told.
    """
    last = [event for event in events if event["kind"] == ALIGNMENT][-1:]
    worth = [event for event in events if event["kind"] not in {VALIDATION, ALIGNMENT}] + last
    told = [_event(event) for event in worth[:_SHOWN_EVENTS]]
    more = len(worth) - len(told)
    return (*told, *([f"{counted(more, 'more event')} in train/metrics.jsonl."] if more else []))


def _event(event: Json) -> str:
    if event["kind"] == RESUMED:
        return f"Continued after step {event['step']}."
    if "sentence" in event:
        return str(event["sentence"])
    name = str(event["kind"]).replace("_", " ").capitalize()
    details = [
        f"{key.replace('_', ' ')} {value}"
        for key, value in event.items()
        if key not in {"kind", "step"} and not isinstance(value, (list, dict))
    ]
    return f"{name} after step {event['step']}: {', '.join(details)}."
