"""Computes parts of convolutions by chosen algorithms, and by PyTorch's own when one fails.

In: a spec, a part, two operands. Out: the part's result. A `Chooser` says which algorithm; the
engine holds it to the workspace budget. An algorithm that raises is not asked again for that part
in this process; the failure is counted and told once, and PyTorch's own kernels answer.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from underdog.errors import InputError
from underdog.vision.conv.algorithms import native
from underdog.vision.conv.algorithms.registry import ALGORITHMS, compute, form
from underdog.vision.conv.algorithms.workspace import Arena, Workspace
from underdog.vision.conv.spec import ConvSpec, Part

MIB = 1 << 20
BUDGET_BYTES = 256 * MIB
"""Default ceiling of one part's temporaries: our choice, well above the pieces below and small
beside the 6 GB of the smallest card we aim at."""
CPU_CHUNK_BYTES = 4 * MIB
"""Pieces on a CPU where nothing was tuned: mostly the fastest of 1, 4, 16 and 64 MiB for `shift`
and `im2col` on the six layers of the benchmark (2026-11-21, EPYC, 512 KiB of L2 a core)."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Choice:
    """An algorithm's name and the size of its pieces; `chunk_bytes` None means the whole budget.

    `by_image`: each core computes images of its own, instead of all cores every operation.
    """

    algorithm: str
    chunk_bytes: int | None = None
    by_image: bool = False

    def __post_init__(self) -> None:
        if self.algorithm != native.NAME and self.algorithm not in ALGORITHMS:
            names = ", ".join([native.NAME, *ALGORITHMS])
            raise InputError(f"an algorithm out of {names}", got=repr(self.algorithm))

    def __str__(self) -> str:
        size = "" if self.chunk_bytes is None else f", {self.chunk_bytes / MIB:g} MiB"
        return f"{self.algorithm}{size}{', images apart' * self.by_image}"


NATIVE = Choice(native.NAME)


class Chooser(Protocol):
    """Says how a part is to be computed on a device."""

    def choose(self, spec: ConvSpec, part: Part, device: torch.device) -> Choice:
        """A choice that has been verified, or `NATIVE`."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same algorithm wherever it serves, PyTorch's own elsewhere; for measuring and testing."""

    choice: Choice

    def choose(self, spec: ConvSpec, part: Part, device: torch.device) -> Choice:  # noqa: ARG002
        """The one choice, or `NATIVE` where its algorithm does not serve."""
        if self.choice == NATIVE or ALGORITHMS[self.choice.algorithm].refusal(spec, part):
            return NATIVE
        return self.choice


@dataclass(slots=True)
class Engine:
    """`budget_bytes` binds every algorithm's temporaries; PyTorch's own kernels are not bound.

    `fallbacks` counts, by spec, part and choice, how often PyTorch's own stood in for a failure.
    """

    chooser: Chooser
    budget_bytes: int = BUDGET_BYTES
    fallbacks: dict[tuple[ConvSpec, Part, Choice], int] = field(default_factory=dict)
    runs: dict[Choice, int] = field(default_factory=dict)
    _arenas: dict[torch.device, Arena] = field(default_factory=dict)

    def compute(self, spec: ConvSpec, part: Part, a: Tensor, b: Tensor) -> Tensor:
        """One part; operands (N, C, H, W) or weights, on one device, of the spec's dtype."""
        choice = self.chooser.choose(spec, part, a.device)
        key = (spec, part, choice)
        if choice != NATIVE and key not in self.fallbacks:
            try:
                arena = self._arena(a.device)
                found = compute_by(
                    choice, spec, part, a, b, budget_bytes=self.budget_bytes, arena=arena
                )
            # Whatever an algorithm trips over on a machine we have not seen, training goes on.
            except Exception as error:  # noqa: BLE001
                logger.warning("%s failed for the %s of %s: %s", choice, part, spec, error)
                self.fallbacks[key] = 0
            else:
                self.runs[choice] = self.runs.get(choice, 0) + 1
                return found
        if key in self.fallbacks:
            self.fallbacks[key] += 1
        self.runs[NATIVE] = self.runs.get(NATIVE, 0) + 1
        return compute_by(NATIVE, spec, part, a, b, budget_bytes=self.budget_bytes)

    def _arena(self, device: torch.device) -> Arena | None:
        """Kept memory for a CPU; the allocators of GPUs keep their own."""
        if device.type != "cpu":
            return None
        return self._arenas.setdefault(device, Arena(device))


def compute_by(
    choice: Choice,
    spec: ConvSpec,
    part: Part,
    a: Tensor,
    b: Tensor,
    *,
    budget_bytes: int,
    arena: Arena | None = None,
) -> Tensor:
    """One part by one choice; raises what it raises, OverBudgetError among others."""
    if choice == NATIVE:
        # PyTorch's own answer channels first; to lay it out again is part of what they cost.
        found = native.compute(spec, part, a, b)
        return found.contiguous(memory_format=form(spec, part))
    with _held(arena) as free:
        algorithm, count = ALGORITHMS[choice.algorithm], 1
        if choice.by_image and a.device.type == "cpu":
            count = min(spec.batch, torch.get_num_threads())
        works = [
            Workspace(
                a.device,
                budget_bytes=budget_bytes // count,
                chunk_bytes=choice.chunk_bytes,
                arena=None if free is None else free.child(number),
            )
            for number in range(count)
        ]
        found = compute(algorithm, spec, part, a, b, works)
        if free is not None:
            for number, work in enumerate(works):
                free.child(number).grow(work.most_taken())
    return found


@contextmanager
def _held(arena: Arena | None) -> Iterator[Arena | None]:
    """The arena for the block, or None where another thread has it."""
    if arena is None or not arena.lock.acquire(blocking=False):
        yield None
        return
    try:
        yield arena
    finally:
        arena.lock.release()
