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

LARGE_KERNEL = 1 << 17
"""Numbers in a kernel, from which on it is turned in two steps."""


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
        size_bytes = math.prod(shape) * dtype.itemsize
        taken = -(-size_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
        if self.taken_bytes + taken > self.budget_bytes:
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

    def turned(self, kernel: Tensor, dw: Tensor) -> None:
        """Write kernel (KH, KW, C, O) into dw (O, C, KH, KW).

        A large one goes by way of (C, KH, KW, O), while there is room, whose rows one transposition
        of a matrix brings into place: 3x3 from 256 to 256 channels in 0.5 ms, at once in 1.5; up to
        64 x 64 channels at once is quicker (2026-11-22).
        """
        size_bytes = kernel.numel() * kernel.element_size() + ALIGNMENT_BYTES
        fits = size_bytes <= self.budget_bytes - self.taken_bytes
        if kernel.numel() < LARGE_KERNEL or not fits or not dw.is_contiguous():
            dw.copy_(kernel.permute(3, 2, 0, 1))
            return
        rows = self.rest().copy(kernel.permute(2, 0, 1, 3), dtype=kernel.dtype)
        dw.view(len(dw), -1).copy_(rows.view(-1, len(dw)).t())

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
