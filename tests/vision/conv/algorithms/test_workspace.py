"""Temporaries within a budget, and a weight gradient turned by way of them."""

from __future__ import annotations

import math

import pytest
import torch
from cases import CPU
from hypothesis import given
from hypothesis import strategies as st

from underdog.vision.conv.algorithms import window
from underdog.vision.conv.algorithms.window import turn
from underdog.vision.conv.algorithms.workspace import ALIGNMENT_BYTES, OverBudgetError, Workspace


@given(
    st.lists(st.lists(st.integers(0, 9), max_size=3), max_size=8),
    st.integers(0, 4096),
)
def test_it_hands_out_no_more_than_its_budget(shapes: list[list[int]], budget_bytes: int) -> None:
    """Whole cache lines are counted; what would go over is refused, and takes nothing."""
    work, taken = Workspace(CPU, budget_bytes=budget_bytes), 0
    for shape in shapes:
        lines = -(-4 * math.prod(shape) // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
        if taken + lines > budget_bytes:
            with pytest.raises(OverBudgetError, match=f"{taken} taken and {lines} more"):
                work.empty(*shape, dtype=torch.float32)
            continue
        assert work.empty(*shape, dtype=torch.float32).shape == tuple(shape)
        taken += lines
    assert work.taken_bytes == work.most_taken() == taken <= budget_bytes


@pytest.mark.parametrize("budget_bytes", [0, 1 << 20])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("large", [1, 1 << 30])
def test_a_kernel_is_turned_the_same_by_either_way(
    monkeypatch: pytest.MonkeyPatch,
    large: int,
    memory: torch.memory_format,
    dtype: torch.dtype,
    budget_bytes: int,
) -> None:
    """Whether in one step or two, into whatever memory, and without room for the second step."""
    monkeypatch.setattr(window, "LARGE_KERNEL", large)
    work = Workspace(CPU, budget_bytes=budget_bytes)
    kernel = torch.randn(2, 3, 70, 61, generator=torch.Generator().manual_seed(1))
    dw = torch.empty(61, 70, 2, 3, dtype=dtype).contiguous(memory_format=memory)
    turn(kernel, dw, work)
    assert torch.equal(dw, kernel.permute(3, 2, 0, 1).to(dtype))
    assert work.taken_bytes == 0
    assert (work.most_taken() > 0) == (large == 1 and budget_bytes > 0 and dw.is_contiguous())
