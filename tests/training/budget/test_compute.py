"""Operations by formula against those that real steps start."""

from __future__ import annotations

import pytest
from small_models import Case, product_flops

from underdog.training.budget.compute import run_flops
from underdog.training.budget.lengths import Work


def planned_flops(case: Case) -> float:
    """Of one pass, attention's kernels aside."""
    work = Work(1, case.rows, case.rows * case.length, 0.0, case.length, 2 * case.rows)
    return run_flops(case.shape, case.adapter, work, every_n_layers=case.every_n_layers)


@pytest.mark.parametrize("family", ["qwen2", "qwen3", "llama"])
@pytest.mark.parametrize("every_n_layers", [0, 1])
def test_a_block_s_products_are_counted(family: str, every_n_layers: int) -> None:
    """Four blocks more, kept or computed twice: to the operation, adapters included."""
    small, large = (
        Case(family=family, every_n_layers=every_n_layers, layers=layers, rank=2)
        for layers in (3, 7)
    )
    counted = product_flops(large) - product_flops(small)
    assert planned_flops(large) - planned_flops(small) == counted


def test_the_last_block_works_at_answers_and_the_head_too() -> None:
    """The whole of three blocks: too high by what the first block's input saves, 7 % of
    so few.
    """
    case = Case(layers=3, rank=2)
    counted = product_flops(case)
    assert counted < planned_flops(case) < 1.08 * counted
