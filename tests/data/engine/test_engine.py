"""Blocks of fixed size, and functions that other processes can import."""

from __future__ import annotations

import functools

import block_functions
import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.data.engine.engine import check_function, cut
from underdog.data.engine.local import IN_PROCESS
from underdog.errors import InputError


@given(st.lists(st.integers()), st.integers(1, 7))
def test_blocks_are_the_items_in_order_and_only_the_last_is_short(
    items: list[int], size: int
) -> None:
    """Nothing is lost or repeated, and no block is empty."""
    blocks = cut(items, size)
    assert [item for block in blocks for item in block] == items
    assert [len(block) for block in blocks[:-1]] == [size] * (len(blocks) - 1)
    assert all(blocks)


def test_in_process_works_on_a_block_when_its_result_is_asked_for() -> None:
    """A wrong block behind the last one asked for does no harm."""
    results = IN_PROCESS.map(block_functions.refuses, range(5), 3)
    assert [next(results), next(results), next(results)] == [0, 1, 2]
    with pytest.raises(InputError, match="a small block; got 3"):
        next(results)


def test_a_function_without_a_name_of_its_own_is_refused() -> None:
    """A lambda, an inner function, a function of a script; functions of modules pass."""

    def inner(block: int, shared: int) -> int:
        return block

    def scripted(block: int, shared: int) -> int:
        return block

    scripted.__module__ = "__main__"
    hint = "Try: the top level of a module, not a script, a lambda or an inner function"
    for function in (inner, scripted, lambda block, shared: block):
        with pytest.raises(InputError) as refused:
            check_function(function)
        assert str(refused.value) == (
            f"{function.__module__}: a function that worker processes can import; "
            f"got {function.__qualname__}. {hint}"
        )
    check_function(block_functions.refuses)
    check_function(functools.partial(block_functions.refuses, 1))
