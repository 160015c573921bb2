"""Repeatable arithmetic: the same kernels on the same number of threads."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def exact_arithmetic(threads: int, *, on_cpu: bool) -> Iterator[None]:
    """Repeatable kernels on a fixed number of threads; put back afterwards.

    On an accelerator some kernels have no repeatable form: there it is a preference, and resuming
    is exact in the order of rows and in the optimizer's state, not in the last bit.
    """
    before = torch.get_num_threads()
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    filling = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=not on_cpu)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    try:
        with warnings.catch_warnings():
            if not on_cpu:
                warnings.filterwarnings("ignore", message=".*deterministic.*")
            yield
    finally:
        torch.set_num_threads(before)
        torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
        torch.utils.deterministic.fill_uninitialized_memory = filling  # type: ignore[attr-defined]
