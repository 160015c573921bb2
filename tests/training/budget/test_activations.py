"""What autograd keeps: the formula against real models, to the byte."""

from __future__ import annotations

import pytest
from small_models import Case, peak_bytes, saved_bytes

from underdog.adapters.settings import AdapterKind
from underdog.training.budget.activations import kept_bytes
from underdog.training.budget.memory import _moments

EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 24}
CASES = (
    Case(),
    Case(layers=1),
    Case(layers=2),
    Case(rows=1, length=90, rank=3),
    Case(every_n_layers=1),
    Case(every_n_layers=1, dtype="bfloat16"),
    Case(dtype="bfloat16"),
    Case(dtype="bfloat16", family="qwen3", rank=5),
    Case(layers=6, every_n_layers=2),
    Case(layers=6, every_n_layers=3, dtype="bfloat16"),
    Case(layers=3, every_n_layers=9),
    Case(kind=AdapterKind.DORA),
    Case(kind=AdapterKind.DORA, dtype="bfloat16"),
    Case(kind=AdapterKind.DORA, every_n_layers=1, family="qwen3"),
    Case(kind=AdapterKind.DORA, targets=("q_proj", "v_proj", "down_proj")),
    Case(kind=AdapterKind.OPLORA),
    Case(kind=AdapterKind.RSLORA, dtype="bfloat16", family="llama"),
    Case(dtype="float16"),
    Case(dropout=0.1),
    Case(dropout=0.1, dtype="bfloat16"),
    Case(family="qwen3", sizes={"head_dim": 32}),
    Case(family="llama", rank=2),
    Case(family="mistral", sizes={"num_key_value_heads": 1, "intermediate_size": 96}),
    Case(targets=("q_proj", "k_proj", "v_proj", "o_proj")),
    Case(targets=("gate_proj", "up_proj", "down_proj"), layers=3, vocabulary=900),
    Case(family="qwen3_moe", sizes=EXPERTS, layers=3),
    Case(family="qwen3_moe", sizes=EXPERTS, layers=1, rank=3),
    Case(family="qwen3_moe", sizes={**EXPERTS, "norm_topk_prob": True}, layers=2),
    Case(family="qwen3_moe", sizes=EXPERTS, layers=3, dtype="bfloat16"),
    Case(family="qwen3_moe", sizes=EXPERTS, layers=4, every_n_layers=1),
    Case(family="qwen3_moe", sizes=EXPERTS, layers=4, every_n_layers=3),
    Case(
        family="qwen3_moe",
        sizes=EXPERTS,
        layers=3,
        targets=("q_proj", "k_proj", "v_proj", "o_proj"),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_formula_is_the_sum_of_saved_tensors(case: Case) -> None:
    """Every tensor that the modules of this package and of transformers save is accounted for."""
    formula = kept_bytes(case.shape, case.adapter, case.forward_pass)
    if "q_proj" not in case.targets and case.targets != ("all-linear",):
        # Nothing goes back into the first block's attention, nor through its first norm.
        assert formula.total >= saved_bytes(case)
        assert formula.total - formula.first <= saved_bytes(case)
    else:
        assert formula.total == saved_bytes(case)


@pytest.mark.parametrize(
    "case",
    [
        Case(length=150, rank=2),
        Case(length=150, rank=64),
        Case(length=150, dtype="bfloat16"),
        Case(length=150, vocabulary=20_000),
        Case(length=150, vocabulary=20_000, dtype="bfloat16"),
        Case(length=150, layers=8, every_n_layers=1),
        Case(length=150, layers=8, every_n_layers=1, dtype="bfloat16"),
        Case(length=150, layers=8, every_n_layers=1, rank=64),
        Case(length=150, layers=8, every_n_layers=3),
        Case(length=150, kind=AdapterKind.DORA),
        Case(length=150, kind=AdapterKind.DORA, dtype="bfloat16"),
        Case(length=150, kind=AdapterKind.OPLORA, layers=6, every_n_layers=2),
        Case(length=150, family="qwen3", dropout=0.1),
    ],
    ids=str,
)
def test_the_largest_moment_is_the_peak_of_live_tensors(case: Case) -> None:
    """Head, norm, block or end: the largest is within 5 % of what a step holds at most."""
    moments = _moments(case.shape, case.adapter, case.forward_pass, 1)
    assert max(moment.total for moment in moments) == pytest.approx(peak_bytes(case), rel=0.05)
