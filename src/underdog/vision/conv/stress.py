"""Minutes of random convolutions: wrong numbers, NaN, results that differ when repeated, leaks.

In: an `Engine`, a device, a time limit, a seed. Out: a `StressReport`. Each turn draws a shape,
runs the three parts twice on the same operands, compares the two bit by bit and with float64, and
reads the memory in use; the slope of that memory over the turns is the leak.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import linear_regression
from typing import Any

import torch

from underdog.errors import InputError
from underdog.vision.conv.algorithms.registry import ALGORITHMS
from underdog.vision.conv.algorithms.winograd_4x4 import ENOUGH
from underdog.vision.conv.bounds import judge
from underdog.vision.conv.engine import CPU_CHUNK_BYTES, Choice, Engine, Fixed
from underdog.vision.conv.spec import ConvSpec, Layout, Part
from underdog.vision.conv.tune import operands

PAGE_BYTES = 4096
SETTLING = 0.5
"""Share of the turns that is left out of the slope: caches and allocators fill up first."""


@dataclass(frozen=True, slots=True)
class StressReport:
    """Counts of parts; `leak_bytes` per turn, None below 20 turns; `seconds` that were used."""

    turns: int
    seconds: float
    parts: int
    wrong: int
    not_finite: int
    unrepeatable: int
    fallbacks: int
    leak_bytes: float | None
    worst: float
    """Largest error as a share of its bound; above 1 is wrong."""

    @property
    def healthy(self) -> bool:
        """No wrong, non-finite or unrepeatable result and no fallback; the leak is for reading."""
        return not (self.wrong or self.not_finite or self.unrepeatable or self.fallbacks)

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return asdict(self) | {"healthy": self.healthy}


def stress(
    *,
    seconds: float,
    seed: int = 0,
    device: torch.device | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> StressReport:
    """Go on until `seconds` are over; at least one turn. Every algorithm comes in turn, with
    pieces of one of two sizes, and on a CPU with all cores on every operation or images apart.
    """
    if seconds < 0:
        raise InputError("a time limit in seconds", got=str(seconds))
    where = torch.device("cpu") if device is None else device
    draw, start = random.Random(seed), clock()
    counts = dict.fromkeys(("parts", "wrong", "not_finite", "unrepeatable", "fallbacks"), 0)
    memory: list[float] = []
    worst, names = 0.0, list(ALGORITHMS)
    while not memory or clock() - start < seconds:
        name = names[len(memory) % len(names)]
        chunk_bytes = draw.choice((CPU_CHUNK_BYTES, 1 << 16))
        engine = Engine(Fixed(Choice(name, chunk_bytes, by_image=draw.choice((False, True)))))
        spec = draw_spec(draw, name)
        for part in Part:
            worst = max(worst, _turn(engine, spec, part, where, len(memory), counts))
        counts["fallbacks"] += sum(engine.fallbacks.values())
        memory.append(_memory_bytes(where))
    return StressReport(
        len(memory), clock() - start, **counts, leak_bytes=_leak(memory), worst=worst
    )


def draw_spec(draw: random.Random, name: str) -> ConvSpec:
    """A shape whose three parts the named algorithm serves, 8 to 64 pixels wide (with many
    channels to 24).
    """
    while True:
        groups = draw.choice((1, 2, 4)) if name == "grouped" else 1
        large = name == "winograd-4x4"
        channels = groups * (draw.randint(ENOUGH, 64) if large else draw.randint(1, 16))
        groups = channels if name == "depthwise" else groups
        kernel = 1 if name == "gemm" else draw.choice((1, 3, 3, 5))
        plain = name.startswith("winograd")
        sides = [draw.randint(8, 24 if large else 64) for _ in range(2)]
        spec = ConvSpec.of(
            (draw.randint(1, 4), channels, *sides),
            (channels * draw.choice((1, 2)), channels // groups, kernel, kernel),
            stride=1 if plain else draw.choice((1, 2)),
            dilation=1 if plain else draw.choice((1, 1, 2)),
            padding=0 if name == "gemm" else kernel // 2,
            groups=groups,
            dtype=draw.choice(("float32", "float32", "bfloat16", "float16")),
            layout=draw.choice(tuple(Layout)),
        )
        # PyTorch's own kernels would stand in; in half precision they round more often than our
        # bound allows (depthwise input gradient: 1.3 of it, 2026-11-21); that is not ours to judge.
        if not any(ALGORITHMS[name].refusal(spec, part) for part in Part):
            return spec


def _turn(
    engine: Engine,
    spec: ConvSpec,
    part: Part,
    device: torch.device,
    seed: int,
    counts: dict[str, int],
) -> float:
    """Run one part twice and judge it; gives its error as a share of its bound."""
    a, b = operands(spec, part, device, seed=seed)
    first, second = (engine.compute(spec, part, a, b) for _ in range(2))
    verdict = judge(spec, part, a, b, first, roundings=2.0)
    finite = bool(torch.isfinite(first).all())
    counts["parts"] += 1
    counts["wrong"] += not verdict.holds
    counts["not_finite"] += not finite
    counts["unrepeatable"] += finite and not torch.equal(first, second)
    return verdict.error / verdict.bound if finite else float("inf")


def _memory_bytes(device: torch.device) -> float:
    """Allocated on a GPU; resident of this process on a CPU."""
    if device.type == "cuda":
        return float(torch.cuda.memory_allocated(device))
    return float(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE_BYTES


def _leak(memory: list[float]) -> float | None:
    settled = memory[int(len(memory) * SETTLING) :]
    if len(settled) < 10:
        return None
    return linear_regression(range(len(settled)), settled).slope
