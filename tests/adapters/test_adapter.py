"""Adapters as training sees them: four kinds, one interface, PEFT's format on disk."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from small_adapters import IDS, KINDS, logits, trained

from fakes import peft_quiet, tiny_qwen2
from underdog.adapters.adapter import attach, parameter_groups, rescale, scale_of, settle
from underdog.adapters.fused import fused_lora
from underdog.adapters.lora import (
    adapter_tensors,
    load_adapter,
    save_adapter,
    trainable_parameters,
)
from underdog.adapters.settings import AdapterSettings
from underdog.errors import InputError

EACH_KIND = pytest.mark.parametrize("kind", list(KINDS))


def in_stock_peft(folder: Path) -> Any:
    """What anybody gets who has peft and not underdog."""
    from peft import PeftModel

    with peft_quiet():
        return PeftModel.from_pretrained(tiny_qwen2(), str(folder)).eval()


@EACH_KIND
def test_a_trained_adapter_gives_stock_peft_the_same_logits(kind: str, tmp_path: Path) -> None:
    """After training, saved and loaded: equal to the last bit, since in evaluation mode both are
    peft's arithmetic. Ours in training mode sums in another order: 1e-4 relative in float32.
    """
    adapted = trained(KINDS[kind])
    save_adapter(adapted, tmp_path / "adapter")
    made = logits(adapted)
    assert (made - logits(tiny_qwen2())).abs().max() > 0.1
    assert torch.equal(logits(in_stock_peft(tmp_path / "adapter")), made)
    assert torch.equal(logits(load_adapter(tiny_qwen2(), tmp_path / "adapter")), made)
    with torch.no_grad(), fused_lora(adapted.train()) as changed:
        fused = adapted(input_ids=IDS, use_cache=False).logits
    assert changed == 2 * 7
    torch.testing.assert_close(fused, made, rtol=1e-4, atol=1e-4)


@EACH_KIND
def test_a_fresh_adapter_changes_nothing(kind: str) -> None:
    """Every kind starts at the base, to the last bit."""
    adapted = attach(tiny_qwen2(), KINDS[kind], seed=0)
    assert torch.equal(logits(adapted), logits(tiny_qwen2()))


@EACH_KIND
@pytest.mark.parametrize("factor", [0.5, 0.3, 2.0])
def test_a_rescaled_adapter_is_rescaled_in_stock_peft(
    kind: str, factor: float, tmp_path: Path
) -> None:
    """The effective alpha is what is written, so the logits are equal to the last bit."""
    adapted = trained(KINDS[kind])
    before, scale = logits(adapted), scale_of(adapted)
    rescale(adapted, factor)
    assert scale_of(adapted) == pytest.approx(factor * scale, rel=1e-15)
    save_adapter(adapted, tmp_path / "adapter")
    written = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())
    assert written["lora_alpha"] == pytest.approx(factor * 8.0)
    assert not torch.allclose(logits(adapted), before)
    assert torch.equal(logits(in_stock_peft(tmp_path / "adapter")), logits(adapted))


@EACH_KIND
def test_rescaling_there_and_back_is_exact_for_powers_of_two(kind: str) -> None:
    """What a guard does when it halves the scale and later takes it back."""
    adapted = trained(KINDS[kind])
    before, scale = logits(adapted), scale_of(adapted)
    rescale(adapted, 0.25)
    rescale(adapted, 4.0)
    assert scale_of(adapted) == scale
    assert torch.equal(logits(adapted), before)


def test_a_scale_set_through_peft_is_written_too(tmp_path: Path) -> None:
    """`set_scale` changes the layers and not the configuration; what is saved is what is in use."""
    adapted = trained(KINDS["rslora"])
    for layer in adapted.modules():
        if hasattr(layer, "set_scale"):
            layer.set_scale("default", 0.5)
    save_adapter(adapted, tmp_path / "adapter")
    stock = in_stock_peft(tmp_path / "adapter")
    torch.testing.assert_close(logits(stock), logits(adapted), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("factor", [0.0, -1.0, math.nan, math.inf])
def test_impossible_factors_are_refused(factor: float) -> None:
    """And nothing has changed."""
    adapted = attach(tiny_qwen2(), KINDS["lora"], seed=0)
    with pytest.raises(InputError, match="a factor above 0"):
        rescale(adapted, factor)
    assert scale_of(adapted) == 2.0


def test_rslora_divides_by_the_root_of_the_rank() -> None:
    """Alpha 8 and rank 4: 4 rather than 2."""
    assert scale_of(attach(tiny_qwen2(), KINDS["lora"], seed=0)) == 2.0
    assert scale_of(attach(tiny_qwen2(), KINDS["rslora"], seed=0)) == 4.0


@EACH_KIND
def test_settling_again_changes_no_bit(kind: str) -> None:
    """So a run that settles after a load goes on as if it had never stopped."""
    adapted = trained(KINDS[kind])
    before = {name: tensor.clone() for name, tensor in adapter_tensors(adapted).items()}
    settle(adapted)
    assert all(torch.equal(before[name], now) for name, now in adapter_tensors(adapted).items())


@EACH_KIND
@pytest.mark.parametrize("b_rate", [1.0, 16.0])
def test_every_parameter_is_in_one_group_sorted_by_name(kind: str, b_rate: float) -> None:
    """The groups are all that is trainable, nothing twice, in an order that names decide."""
    chosen = KINDS[kind]
    settings = AdapterSettings(
        rank=4, alpha=8.0, kind=chosen.kind, b_rate=b_rate, protected=chosen.protected
    )
    adapted = attach(tiny_qwen2(), settings, seed=0)
    names = {id(weight): name for name, weight in trainable_parameters(adapted).items()}
    groups = {group.name: group for group in parameter_groups(adapted, settings)}
    expected = {"lora": 1.0} if b_rate == 1 else {"lora_A": 1.0, "lora_B": 16.0}
    if kind == "dora":
        expected["magnitude"] = 5.0
        assert groups["magnitude"].weight_decay == 0.0
    assert {name: group.rate_factor for name, group in groups.items()} == expected
    found = [[names[id(weight)] for weight in group.parameters] for group in groups.values()]
    assert all(each == sorted(each) for each in found)
    assert sorted(name for each in found for name in each) == sorted(names.values())
    decays = {group.weight_decay for name, group in groups.items() if name != "magnitude"}
    assert decays == {None}


def test_more_protected_directions_than_a_layer_has_are_refused() -> None:
    """The layer is named, and the model is left as it was: no adapters, its weights trainable."""
    model = tiny_qwen2()
    settings = AdapterSettings(rank=4, kind="oplora", protected=16)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"narrow side of model\.layers\.0\.self_attn\.k_proj, 16"):
        attach(model, settings, seed=0)
    assert not any("lora" in name for name, _ in model.named_parameters())
    assert all(weight.requires_grad for weight in model.parameters())
