"""Sums over many rows of small products: the rows in shares, a product each, added up at the end.

A weight gradient is A^T B with up to a million rows and few columns. Given to the matrix routine as
one product, its result is too small to be shared out among cores: MKL made 9 x 16 numbers from
51,520 rows in 0.4, 1.1 or 4.5 ms on different starts of a process (2026-11-22, two cores of an
EPYC). The rows in shares, as a batch of products, took 0.21 to 0.28 ms on each of three starts, and
up to a third less than one product on 13 other shapes. Known as split-K.
"""

from __future__ import annotations

import torch
from torch import Tensor

from underdog.vision.conv.algorithms.workspace import Workspace

LEAST_ROWS = 512
"""Rows of a share at least: below, starting a product costs more than it gains."""
MOST_NUMBERS = 1 << 17
"""Numbers in all shares' sums together at most, 512 KiB in float32: they are written for every
piece. Above, one product has enough to share out."""
SHARES_PER_CORE = 2
"""1 to 8 took the same time within the noise; two let a core that is late catch up."""


class SplitK:
    """A^T B (inner, out) of A (rows, inner) and B (rows, out), which come in pieces.

    `rows` says how many come at a time; fewer are served, too. A and B are of `dtype`. The sum is
    made in `total` (inner, out), float32 or wider, which has to be zero before and is complete
    after `finish`.
    """

    def __init__(self, rows: int, total: Tensor, work: Workspace, *, dtype: torch.dtype) -> None:
        asked = (
            SHARES_PER_CORE * torch.get_num_threads(),
            rows // LEAST_ROWS,
            MOST_NUMBERS // total.numel(),
        )
        shape = (max(1, min(asked)), *total.shape)
        self._total = total
        self._sums = total[None] if shape[0] == 1 else work.zeros(*shape, dtype=total.dtype)
        self._products = None if dtype == total.dtype else work.empty(*shape, dtype=dtype)

    def add(self, a: Tensor, b: Tensor, *, alpha: float = 1.0) -> None:
        """Add `alpha` A^T B; both matrices' rows may lie apart in memory."""
        shares = len(self._sums)
        size = len(a) // shares
        if size:
            left, right = (each[: shares * size].view(shares, size, -1) for each in (a, b))
            self._add(left, right, slice(shares), alpha)
        if shares * size < len(a):
            self._add(a[None, shares * size :], b[None, shares * size :], slice(1), alpha)

    def finish(self) -> Tensor:
        """The complete `total`; to be called once, after the last piece."""
        if len(self._sums) > 1:
            torch.sum(self._sums, 0, out=self._total)
        return self._total

    def _add(self, a: Tensor, b: Tensor, where: slice, alpha: float) -> None:
        sums = self._sums[where]
        if self._products is None:
            sums.baddbmm_(a.transpose(1, 2), b, alpha=alpha)
            return
        products = self._products[where]
        torch.bmm(a.transpose(1, 2), b, out=products)
        sums.add_(products, alpha=alpha)
