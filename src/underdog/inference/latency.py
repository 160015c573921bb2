"""How long one question takes alone, which is what a player feels.

In: a way to answer one question, questions, and a clock. Out: percentiles over single questions,
with warm-up and loading apart. Never: an average that hides the slowest, a clock of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from underdog.errors import InputError
from underdog.inference.score import score
from underdog.inference.scorer import Scorer
from underdog.mcq.question import Question
from underdog.runs.progress import SILENT, Progress

Clock = Callable[[], float]
"""Seconds from any fixed start, such as `time.perf_counter`."""


@dataclass(frozen=True, slots=True)
class LatencyConfig:
    """How latency is measured."""

    questions: int = 100
    """How many questions are timed, at least 1; with fewer than 100, p99 is the slowest."""
    warmup: int = 5
    """Questions answered before the first timed one, at least 0; kernels and caches settle."""

    def __post_init__(self) -> None:
        if self.questions < 1 or self.warmup < 0:
            raise InputError("at least 1 timed question and no negative warm-up", got=f"{self}")


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds per question at batch 1. Percentiles are order statistics: times that happened.

    `load_s` is what it took to get the model ready, None when unknown; about 0 for a model whose
    base was in memory already.
    """

    questions: int
    warmup: int
    load_s: float | None
    warmup_s: float
    mean_s: float
    p50_s: float
    p95_s: float
    p99_s: float
    max_s: float

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return {**asdict(self), "batch": 1}


def measure_latency(
    scorer: Scorer,
    questions: Sequence[Question],
    *,
    clock: Clock,
    config: LatencyConfig | None = None,
    load_s: float | None = None,
    progress: Progress = SILENT,
) -> Latency:
    """Time a scorer on the first questions, one by one; they come round again when too few."""
    return time_answers(
        lambda question: score([question], scorer),
        questions,
        clock=clock,
        config=config or LatencyConfig(),
        load_s=load_s,
        progress=progress,
    )


def time_answers(
    answer: Callable[[Question], object],
    questions: Sequence[Question],
    *,
    clock: Clock,
    config: LatencyConfig,
    load_s: float | None = None,
    progress: Progress = SILENT,
) -> Latency:
    """The same for anything that answers; `answer` must return only when its answer is there."""
    if not questions:
        raise InputError("at least one question to time", got="none")
    progress.begin("timing single questions", config.questions)
    start = clock()
    for number in range(config.warmup):
        answer(questions[number % len(questions)])
    warmup_s = clock() - start
    times: list[float] = []
    for number in range(config.questions):
        start = clock()
        answer(questions[number % len(questions)])
        times.append(clock() - start)
        progress.advance()
    progress.end()
    return _summary(sorted(times), config, warmup_s, load_s)


def _summary(
    times: Sequence[float], config: LatencyConfig, warmup_s: float, load_s: float | None
) -> Latency:
    return Latency(
        questions=config.questions,
        warmup=config.warmup,
        load_s=load_s,
        warmup_s=warmup_s,
        mean_s=math.fsum(times) / len(times),
        p50_s=nearest_rank(times, 0.50),
        p95_s=nearest_rank(times, 0.95),
        p99_s=nearest_rank(times, 0.99),
        max_s=times[-1],
    )


def nearest_rank(ordered: Sequence[float], share: float) -> float:
    """The smallest of the sorted values that at least `share` of them (0 to 1] do not exceed."""
    # Products such as 0.95 * 20 may land a hair above the whole number that is meant.
    rank = math.ceil(share * len(ordered) - 1e-9)
    return ordered[max(rank, 1) - 1]
