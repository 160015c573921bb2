"""OPLoRA keeps what it promises: nothing of the change lies in the protected directions."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_adapters import KINDS, train_steps, trained

from fakes import peft_quiet, tiny_qwen2
from underdog.adapters.adapter import alignments, attach
from underdog.adapters.lora import lora_layers, save_adapter
from underdog.adapters.oplora import alignment, project, protect, protected
from underdog.adapters.subspaces import Subspaces, top_subspaces

OPLORA = KINDS["oplora"]


def leakage(change: torch.Tensor, subspaces: Subspaces) -> float:
    """The larger of |U^T dW| and |dW V| over |dW|, Frobenius norms in float64."""
    change = change.detach().double()
    left = torch.linalg.norm(subspaces.left.double().T @ change)
    right = torch.linalg.norm(change @ subspaces.right.double())
    return float(torch.maximum(left, right) / torch.linalg.norm(change))


def bare_layer(down: torch.Tensor, up: torch.Tensor, subspaces: Subspaces) -> Any:
    """What `project` needs of a layer."""
    layer: Any = torch.nn.Module()
    layer.lora_A = {"default": SimpleNamespace(weight=down)}
    layer.lora_B = {"default": SimpleNamespace(weight=up)}
    protect(layer, subspaces)
    return layer


@given(
    sizes=st.tuples(st.integers(4, 60), st.integers(4, 60), st.integers(1, 8), st.integers(1, 3)),
    exponents=st.tuples(st.integers(-6, 3), st.integers(-6, 3)),
    seed=st.integers(0, 2**20),
)
def test_projecting_is_exact_and_doing_it_again_changes_no_bit(
    sizes: tuple[int, int, int, int], exponents: tuple[int, int], seed: int
) -> None:
    """A V and U^T B are at most 6e-8 of |A| and |B| (float32's rounding), whatever the sizes."""
    inputs, outputs, rank, count = sizes
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(outputs, inputs, generator=generator)
    down = torch.randn(rank, inputs, generator=generator) * 10.0 ** exponents[0]
    up = torch.randn(outputs, rank, generator=generator) * 10.0 ** exponents[1]
    layer = bare_layer(down, up, top_subspaces(weight, count))
    project(layer)
    left, right = (side.double() for side in protected(layer))
    for inside, whole in ((down.double() @ right, down), (left.T @ up.double(), up)):
        assert torch.linalg.norm(inside) <= 6.1e-8 * torch.linalg.norm(whole.double())
    before = down.clone(), up.clone()
    project(layer)
    assert torch.equal(down, before[0])
    assert torch.equal(up, before[1])


def test_the_change_stays_off_the_protected_directions_in_every_step() -> None:
    """Six steps of AdamW with weight decay: leakage of every layer at most 1e-6 of |dW|."""
    adapted = attach(tiny_qwen2(), OPLORA, seed=0)
    for number in train_steps(adapted, OPLORA):
        for name, layer in lora_layers(adapted):
            change = layer.get_delta_weight("default")
            assert torch.linalg.norm(change) > 0, (number, name)
            assert leakage(change, protected(layer)) <= 1e-6


def test_the_promise_holds_in_stock_peft_after_a_reload(tmp_path: Path) -> None:
    """Leakage at most 1e-6 of |dW|, against subspaces computed afresh; and W + dW treats the
    protected directions as W does, from both sides.
    """
    from peft import PeftModel

    save_adapter(trained(OPLORA), tmp_path / "adapter")
    with peft_quiet():
        stock = PeftModel.from_pretrained(tiny_qwen2(), str(tmp_path / "adapter"))
    count = 0
    for _, layer in lora_layers(stock):
        base = layer.get_base_layer().weight
        subspaces = top_subspaces(base, 5)
        change = layer.get_delta_weight("default")
        assert leakage(change, subspaces) <= 1e-6
        changed, right = (base + change).double(), subspaces.right.double()
        torch.testing.assert_close(changed @ right, base.double() @ right, rtol=1e-5, atol=1e-5)
        count += 1
    assert count == 2 * 7


def test_plain_lora_does_not_keep_the_promise() -> None:
    """The measure can fail: the same training without projection leaks a fifth and more."""
    adapted = trained(KINDS["lora"])
    for _, layer in lora_layers(adapted):
        subspaces = top_subspaces(layer.get_base_layer().weight, 5)
        assert leakage(layer.get_delta_weight("default"), subspaces) > 0.05


def test_alignment_is_the_share_in_the_protected_directions() -> None:
    """Against whole matrices, and None where nothing has changed."""
    generator = torch.Generator().manual_seed(3)
    subspaces = top_subspaces(torch.randn(12, 9, generator=generator), 3)
    down = torch.randn(2, 9, generator=generator)
    up = torch.randn(12, 2, generator=generator)
    left, right = (side.double() for side in subspaces)
    change = up.double() @ down.double()
    inside = left @ left.T @ change @ right @ right.T
    expected = (inside.square().sum() / change.square().sum()).item()
    assert alignment(down, up, subspaces) == pytest.approx(expected, rel=1e-6)
    assert alignment(down, torch.zeros_like(up), subspaces) is None


def test_alignments_are_told_by_layer() -> None:
    """Near nothing for OPLoRA; other kinds have none to tell."""
    found = alignments(trained(OPLORA))
    assert len(found) == 2 * 7
    assert "model.layers.0.self_attn.q_proj" in found
    assert all(value is not None and value < 1e-12 for value in found.values())
    assert alignments(trained(KINDS["lora"])) == {}
