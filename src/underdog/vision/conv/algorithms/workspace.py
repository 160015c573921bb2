"""Memory for intermediate results, held to a budget in bytes.

Every algorithm takes its temporaries here. What would go over the budget is refused before it is
allocated, so the budget is a ceiling and no estimate. Operands and result are not counted.
"""

from __future__ import annotations

import math
import threading

import torch
from torch import Tensor

from underdog.errors import UnderdogError

ALIGNMENT_BYTES = 64
"""Temporaries begin at multiples of a cache line."""


class OverBudgetError(UnderdogError, RuntimeError):
    """A temporary that does not fit in the workspace budget."""


class Arena:
    """Memory that is kept from one call to the next, for devices whose allocator keeps none.

    A CPU's gives large blocks back to the system and gets them as pages that must be zeroed again:
    `shift` on the benchmark's first layer took 18 and 50 ms (forward, input gradient) without and
    16 and 33 with it (2026-11-21, one core of a busy machine). One call at a time may use it; who
    finds it busy allocates.
    """

    def __init__(self, device: torch.device) -> None:
        self.lock = threading.Lock()
        self._device = device
        self._children: list[Arena] = []
        self._memory = torch.empty(0, dtype=torch.uint8, device=device)

    @property
    def size_bytes(self) -> int:
        """What is kept at present."""
        return self._memory.numel()

    def view(self, start: int, size_bytes: int) -> Tensor | None:
        """The bytes [start, start + size_bytes), or None beyond what is kept."""
        if start + size_bytes > self.size_bytes:
            return None
        return self._memory[start : start + size_bytes]

    def child(self, number: int) -> Arena:
        """One of several that pieces of a call use at the same time, while it holds this one."""
        while len(self._children) <= number:
            self._children.append(Arena(self._device))
        return self._children[number]

    def grow(self, size_bytes: int) -> None:
        """Keep at least this much from now on; nothing of the old content survives."""
        if size_bytes > self.size_bytes:
            self._memory = torch.empty(0, dtype=torch.uint8, device=self._memory.device)
            self._memory = torch.empty(size_bytes, dtype=torch.uint8, device=self._memory.device)


class Workspace:
    """Hands out temporaries on one device until `budget_bytes` are taken.

    `chunk_bytes` is what an algorithm aims at where it can work in pieces: the size of a cache on
    a CPU, the budget on a GPU. `arena` must not be used by another call meanwhile.
    """

    def __init__(
        self,
        device: torch.device,
        *,
        budget_bytes: int,
        chunk_bytes: int | None = None,
        arena: Arena | None = None,
        start: int = 0,
    ) -> None:
        self.device, self.budget_bytes, self.arena = device, budget_bytes, arena
        self.chunk_bytes = budget_bytes if chunk_bytes is None else min(chunk_bytes, budget_bytes)
        self.start = self.taken_bytes = start
        self._parts: list[Workspace] = []

    def empty(self, *shape: int, dtype: torch.dtype) -> Tensor:
        """An uninitialised tensor; OverBudgetError where it does not fit."""
        size_bytes, taken = math.prod(shape) * dtype.itemsize, _taken(shape, dtype)
        if not self.has_room_for(*shape, dtype=dtype):
            raise OverBudgetError(
                f"at most {self.budget_bytes} bytes of workspace",
                got=f"{self.taken_bytes} taken and {taken} more asked for",
                hint="a larger budget_bytes",
            )
        kept = None if self.arena is None else self.arena.view(self.taken_bytes, size_bytes)
        self.taken_bytes += taken
        if kept is None:
            return torch.empty(shape, dtype=dtype, device=self.device)
        return kept.view(dtype).view(shape)

    def zeros(self, *shape: int, dtype: torch.dtype) -> Tensor:
        """A tensor of zeros; OverBudgetError where it does not fit."""
        return self.empty(*shape, dtype=dtype).zero_()

    def copy(self, source: Tensor, *, dtype: torch.dtype) -> Tensor:
        """A contiguous copy of `source`."""
        return self.empty(*source.shape, dtype=dtype).copy_(source)

    def has_room_for(self, *shape: int, dtype: torch.dtype) -> bool:
        """Whether a temporary of that size would be handed out."""
        return self.taken_bytes + _taken(shape, dtype) <= self.budget_bytes

    def afresh(self) -> Workspace:
        """The same limits with nothing taken, for a step that begins when the last has ended."""
        return self._part(self.start)

    def rest(self) -> Workspace:
        """What is left of the budget, for a step whose temporaries end with it."""
        return self._part(self.taken_bytes)

    def most_taken(self) -> int:
        """The most bytes that were taken at one time, parts of the work included."""
        return max([self.taken_bytes, *(part.most_taken() for part in self._parts)])

    def _part(self, start: int) -> Workspace:
        part = Workspace(
            self.device,
            budget_bytes=self.budget_bytes,
            chunk_bytes=self.chunk_bytes,
            arena=self.arena,
            start=start,
        )
        self._parts.append(part)
        return part


def _taken(shape: tuple[int, ...], dtype: torch.dtype) -> int:
    """Bytes in whole cache lines."""
    return -(-math.prod(shape) * dtype.itemsize // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
