"""Runs made by formulas, one look every ten seconds: healthy ones of many kinds, and each fault.

A Plan says what a run does at a time; `looks` turns it into Sights as a watcher has them.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from underdog.hardware.telemetry.reading import GpuReading, Reading
from underdog.runs.watch.sight import Beat, Facts, Observation, Score, Sight

GIB = 2**30
LOOK_S = 10.0
OfTime = Callable[[float], float]


def always(value: float) -> OfTime:
    """The same at all times."""
    return lambda at: value


@dataclass
class Plan:
    """`pauses` are (start, end) without beats; `busy` and `process` of the time, in per cent."""

    hours: float = 1.0
    first_beat_s: float = 60.0
    beat_s: float = 2.0
    total: int | None = 100_000
    loss: Callable[[int], float] = lambda step: 0.4 + 2.0 * math.exp(-step / 200)
    noise: float = 0.05
    chunk: Callable[[int], int | None] = lambda step: None
    grad_norm: Callable[[int], float | None] = lambda step: 1.0
    pauses: tuple[tuple[float, float], ...] = ()
    busy: OfTime = lambda at: 97.0
    process: OfTime = lambda at: 105.0
    celsius: OfTime = lambda at: 78.0
    watts: OfTime = lambda at: 250.0
    process_gib: OfTime = lambda at: 6.0
    vram_gib: OfTime = lambda at: 20.0
    free_gib: OfTime = lambda at: 300.0
    alive: Callable[[float], bool | None] = lambda at: True
    finished: Callable[[float], bool] = lambda at: False
    fault: Callable[[float], str | None] = lambda at: None
    scores: tuple[tuple[float, float], ...] = ()
    gpu: bool = True
    unit: str = "step"
    seed: int = 0
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)


def looks(plan: Plan) -> Iterator[tuple[float, Sight]]:
    """The time since the start and what is seen then."""
    sight, at, step, next_beat = Sight(Facts("run", "simulated", 0.0)), 0.0, 0, plan.first_beat_s
    scores = list(plan.scores)
    while at < plan.hours * 3600:
        at += LOOK_S
        beats = []
        while next_beat <= at:
            if not any(a <= next_beat < b for a, b in plan.pauses):
                step += 1
                beats.append(_beat(plan, next_beat, step))
            next_beat += plan.beat_s
        new = [Score(when, step, "accuracy", value) for when, value in scores if when <= at]
        scores = scores[len(new) :]
        sight.see(
            Observation(_facts(plan, at), tuple(beats), tuple(new), (_reading(plan, at),)),
        )
        yield at, sight


def _beat(plan: Plan, at: float, step: int) -> Beat:
    loss = plan.loss(step) * math.exp(plan.rng.gauss(0, plan.noise))
    return Beat(at, step, loss, plan.chunk(step), 8.0, plan.grad_norm(step), 1e-4)


def _facts(plan: Plan, at: float) -> Facts:
    return Facts(
        "run",
        "simulated",
        at,
        unit=plan.unit,
        total=plan.total,
        pid=4711,
        alive=plan.alive(at),
        finished=plan.finished(at),
        fault=plan.fault(at),
        started_s=0.0,
    )


def _reading(plan: Plan, at: float) -> Reading:
    shake = plan.rng.uniform(-1, 1)
    gpu = GpuReading(
        busy_percent=min(100.0, max(0.0, plan.busy(at) + 2 * shake * (0 < plan.busy(at) < 98))),
        vram_used_bytes=plan.vram_gib(at) * GIB,
        vram_total_bytes=24 * GIB,
        celsius=plan.celsius(at) + shake,
        limit_celsius=110.0,
        watts=plan.watts(at) + 5 * shake,
    )
    return Reading(
        at_s=at,
        ram_total_bytes=64 * GIB,
        disk_free_bytes=plan.free_gib(at) * GIB,
        disk_total_bytes=500 * GIB,
        process_cpu_percent=plan.process(at),
        process_bytes=(plan.process_gib(at) + 0.02 * shake) * GIB,
        gpus=(gpu,) if plan.gpu else (),
    )


def within(spans: tuple[tuple[float, float], ...], inside: float, outside: float) -> OfTime:
    """One value in the spans, another elsewhere."""
    return lambda at: inside if any(a <= at < b for a, b in spans) else outside


def after(onset: float, then: float, before: float) -> OfTime:
    """A value that changes once."""
    return lambda at: then if at >= onset else before


def rising(onset: float, start: float, per_hour: float) -> OfTime:
    """A value that rises from the onset on."""
    return lambda at: start + max(0.0, at - onset) / 3600 * per_hour


CHECKPOINTS = tuple((600.0 * n, 600.0 * n + 90) for n in range(1, 12))
EVALUATIONS = tuple((1800.0 * n, 1800.0 * n + 500) for n in range(1, 4))
SLOW_START = ((0.0, 1500.0),)

HEALTHY: dict[str, Plan] = {
    "plain": Plan(hours=1),
    "slow start: a download, loading, compiling": Plan(
        hours=1,
        first_beat_s=1500,
        busy=within(SLOW_START, 0, 97),
        process=within(((0, 900),), 2, 105),
        vram_gib=within(SLOW_START, 0.5, 20),
    ),
    "evaluation of eight minutes at work": Plan(
        hours=2, pauses=EVALUATIONS, busy=within(EVALUATIONS, 88, 97)
    ),
    "evaluation on the processor, the GPU idle": Plan(
        hours=2, pauses=EVALUATIONS, busy=within(EVALUATIONS, 0, 97), watts=always(180)
    ),
    "checkpoints that stop everything for 90 s and replace older ones": Plan(
        hours=2,
        pauses=CHECKPOINTS,
        busy=within(CHECKPOINTS, 0, 97),
        process=within(CHECKPOINTS, 3, 105),
        free_gib=lambda at: 60.0 - 15 * min(3, at // 600),
    ),
    "chunks from easy to hard: the loss jumps at borders": Plan(
        hours=2,
        loss=lambda step: (0.3 + 0.25 * (step // 600)) * (1 + math.exp(-(step % 600) / 80)),
        chunk=lambda step: step // 600,
    ),
    "noisy losses of small batches with spikes": Plan(
        hours=1, noise=0.6, loss=lambda step: 0.8 * (5.0 if step % 97 == 0 else 1.0), seed=3
    ),
    "caches that grow and then stop": Plan(
        hours=2,
        process_gib=lambda at: 6 + 12 * (1 - math.exp(-at / 500)),
        vram_gib=lambda at: 14 + 9.4 * (1 - math.exp(-at / 300)),
    ),
    "warm, but ten degrees below the limit, on a card of 97 % memory": Plan(
        hours=1, celsius=always(99.0), vram_gib=always(23.4)
    ),
    "on a processor, epochs of four minutes": Plan(
        hours=3,
        gpu=False,
        beat_s=240,
        first_beat_s=240,
        process=always(190),
        unit="epoch",
        total=300,
        loss=lambda step: 3.0 / math.sqrt(step),
        scores=tuple((240.0 * n, 0.5 * n / (n + 5)) for n in range(1, 45)),
    ),
    "known by heart: tiny losses, scores that wobble": Plan(
        hours=1,
        loss=lambda step: 0.001 + math.exp(-step / 100),
        noise=0.5,
        scores=tuple((300.0 * n, 0.55 + 0.1 * math.sin(7 * n)) for n in range(1, 12)),
    ),
    "a log every ten minutes, long steps": Plan(hours=4, beat_s=600, first_beat_s=700, total=24),
}
