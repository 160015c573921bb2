"""Memory for intermediate results, held to a budget in bytes.

Every algorithm takes its temporaries here. What would go over the budget is refused before it is
allocated, so the budget is a ceiling and no estimate. Operands and result are not counted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from underdog.errors import UnderdogError


class OverBudgetError(UnderdogError, RuntimeError):
    """A temporary that does not fit in the workspace budget."""


class Workspace:
    """Hands out temporaries on one device until `budget_bytes` are taken.

    `chunk_bytes` is what an algorithm aims at where it can work in pieces: the size of a cache on
    a CPU, the budget on a GPU.
    """

    def __init__(
        self, device: torch.device, *, budget_bytes: int, chunk_bytes: int | None = None
    ) -> None:
        self.device, self.budget_bytes = device, budget_bytes
        self.chunk_bytes = budget_bytes if chunk_bytes is None else min(chunk_bytes, budget_bytes)
        self.taken_bytes = 0

    def empty(self, *shape: int, dtype: torch.dtype) -> Tensor:
        """An uninitialised tensor; OverBudgetError where it does not fit."""
        self._count(shape, dtype)
        return torch.empty(shape, dtype=dtype, device=self.device)

    def zeros(self, *shape: int, dtype: torch.dtype) -> Tensor:
        """A tensor of zeros; OverBudgetError where it does not fit."""
        return self.empty(*shape, dtype=dtype).zero_()

    def copy(self, source: Tensor, *, dtype: torch.dtype) -> Tensor:
        """A contiguous copy of `source`."""
        return self.empty(*source.shape, dtype=dtype).copy_(source)

    def afresh(self) -> Workspace:
        """The same limits with nothing taken, for a step that begins when the last has ended."""
        return Workspace(
            self.device, budget_bytes=self.budget_bytes, chunk_bytes=self.chunk_bytes
        )

    def rest(self) -> Workspace:
        """What is left of the budget, for a step whose temporaries end with it."""
        left = self.budget_bytes - self.taken_bytes
        return Workspace(self.device, budget_bytes=left, chunk_bytes=self.chunk_bytes)

    def _count(self, shape: Sequence[int], dtype: torch.dtype) -> None:
        size_bytes = math.prod(shape) * dtype.itemsize
        if self.taken_bytes + size_bytes > self.budget_bytes:
            raise OverBudgetError(
                f"at most {self.budget_bytes} bytes of workspace",
                got=f"{self.taken_bytes} taken and {size_bytes} more asked for",
                hint="a larger budget_bytes",
            )
        self.taken_bytes += size_bytes
