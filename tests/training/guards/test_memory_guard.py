"""Which errors are a lack of memory, and how a step is cut."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from underdog.training.guards.memory import is_out_of_memory, more_parts, no_room


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("HIP out of memory. Tried to allocate 2.00 GiB"), True),
        (RuntimeError("CUDA error: out of memory"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 8 bytes"), True),
        (MemoryError(), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_a_lack_of_memory_is_told_from_other_errors(error: Exception, expected: bool) -> None:
    """By type on accelerators, by text on CPUs."""
    assert is_out_of_memory(error) is expected


@given(st.integers(1, 64), st.integers(1, 64))
def test_parts_double_until_one_row_each(parts: int, rows: int) -> None:
    """It ends, never gives an empty part, and each time at least one more part."""
    seen = [min(parts, rows)]
    while (more := more_parts(seen[-1], rows)) is not None:
        assert seen[-1] < more <= min(2 * seen[-1], rows)
        seen.append(more)
    assert seen[-1] == rows


def test_the_end_says_what_to_change() -> None:
    """The first line of the cause, the step, and four ways out."""
    error = no_room("HIP out of memory.\nmore", step=7)
    assert "step 7: HIP out of memory." in str(error)
    assert "a smaller max_tokens, activation checkpointing, a 16-bit base" in str(error)
