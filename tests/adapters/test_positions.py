"""Logits at chosen positions."""

from __future__ import annotations

import pytest
import torch
from peft import LoraConfig, get_peft_model

from fakes import peft_quiet, tiny_qwen2
from underdog.adapters.positions import logits_at
from underdog.errors import RunError


@pytest.mark.parametrize("adapted", [False, True])
def test_the_rows_are_those_of_the_full_logits(adapted: bool) -> None:
    """Gathering before the head equals gathering after it, with and without an adapter, and the
    model is itself again afterwards.
    """
    model = tiny_qwen2()
    if adapted:
        with peft_quiet():
            model = get_peft_model(model, LoraConfig(r=2, target_modules="all-linear"))
    ids = torch.arange(24).reshape(2, 12)
    wanted = torch.zeros(2, 12, dtype=torch.bool)
    wanted[0, [3, 4]] = wanted[1, 11] = True
    with torch.no_grad():
        full = model(input_ids=ids, use_cache=False).logits
        found = logits_at(model, wanted, input_ids=ids)
        again = model(input_ids=ids, use_cache=False).logits
    # Products of other sizes may take another kernel: float32 rounding is allowed.
    torch.testing.assert_close(found, full[wanted], atol=1e-5, rtol=1e-5)
    assert torch.equal(full, again)


def test_a_model_without_a_head_is_refused() -> None:
    """The error names what came."""
    with pytest.raises(RunError, match="a model with an output head is needed; got Qwen2Model"):
        logits_at(tiny_qwen2().model, torch.ones(1, 1, dtype=torch.bool))


def test_a_failing_forward_pass_leaves_no_hook() -> None:
    """The gathering is undone on every path."""
    model = tiny_qwen2()
    with pytest.raises(RunError, match="one row of logits per position"):
        logits_at(model, torch.ones(1, 3, dtype=torch.bool), input_ids=torch.zeros(1, 2).long())
    with pytest.raises(TypeError):
        logits_at(model, torch.ones(1, 3, dtype=torch.bool), input_ids="no tensor")
    assert not model.lm_head._forward_pre_hooks
