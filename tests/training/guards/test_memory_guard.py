"""How a step is cut that does not fit into memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from underdog.training.guards.memory import more_parts, no_room


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
