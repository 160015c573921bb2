"""Rows of one batch through different adapters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel

from fakes import peft_quiet, save_random_adapter, tiny_qwen2
from underdog.errors import InputError
from underdog.inference.mixed_batch import MixedBatch, Segment

KINDS: dict[str, dict[str, Any]] = {
    "lora": {},
    "rslora": {"use_rslora": True, "r": 3},
    "dora": {"use_dora": True},
    "few": {"target_modules": ["down_proj"]},
}


def loaded(root: Path, dtype: torch.dtype, **more: dict[str, Any]) -> PeftModel:
    """A base with biases (Qwen2's attention has them) and every adapter on it."""
    model = tiny_qwen2().to(dtype)
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            if name.endswith("bias"):
                weight.copy_(torch.linspace(-1, 1, weight.numel()))
    with peft_quiet():
        for name, kind in {**KINDS, **more}.items():
            folder = str(save_random_adapter(root / name, seed=len(name), **kind))
            if isinstance(model, PeftModel):
                model.load_adapter(folder, adapter_name=name)
            else:
                model = PeftModel.from_pretrained(model, folder, adapter_name=name)
    return model.eval()


def stock(model: PeftModel, name: str | None, tokens: torch.Tensor) -> torch.Tensor:
    if name is None:
        with model.disable_adapter():
            return model(input_ids=tokens).logits
    model.set_adapter(name, inference_mode=True)
    return model(input_ids=tokens).logits


@pytest.mark.parametrize(("dtype", "bound"), [(torch.float32, 1e-4), (torch.bfloat16, 0.5)])
@torch.inference_mode()
def test_every_row_is_computed_by_its_own_adapter(
    tmp_path: Path, dtype: torch.dtype, bound: float
) -> None:
    """One batch of LoRA, rsLoRA, DoRA, a LoRA on some layers and the base equals five batches of
    stock PEFT: whole logits, within rounding (random logits spread by 1.7).
    """
    model = loaded(tmp_path, dtype)
    parts = [Segment("dora", 2), Segment(None, 1), Segment("lora", 3), Segment("few", 1)]
    parts.append(Segment("rslora", 2))
    tokens = torch.arange(9 * 7).reshape(9, 7) * 31 % 256
    mixed = MixedBatch(model)
    assert mixed.exact
    with mixed.rows(parts):
        found = model(input_ids=tokens).logits
    each = [
        stock(model, part.adapter, rows)
        for part, rows in zip(parts, tokens.split([part.rows for part in parts]), strict=True)
    ]
    torch.testing.assert_close(found, torch.cat(each), rtol=0, atol=bound)


@torch.inference_mode()
def test_afterwards_peft_computes_again(tmp_path: Path) -> None:
    """Nothing of the model is changed once the batch is over, also after an error."""
    model = loaded(tmp_path, torch.float32)
    tokens = torch.arange(14).reshape(2, 7)
    before = stock(model, "dora", tokens)
    mixed = MixedBatch(model)
    with (
        pytest.raises(AssertionError, match="segments cover the batch"),
        mixed.rows([Segment("lora", 1)]),
    ):
        model(input_ids=tokens)
    torch.testing.assert_close(model(input_ids=tokens).logits, before, rtol=0, atol=0)


def test_what_cannot_be_split_by_rows_is_told(tmp_path: Path) -> None:
    """An adapter that also brings a module of its own makes members take turns."""
    model = loaded(tmp_path, torch.float32, whole={"modules_to_save": ["norm"]})
    mixed = MixedBatch(model)
    assert not mixed.exact
    with (
        pytest.raises(InputError, match="adapters on linear layers only"),
        mixed.rows([Segment("lora", 1)]),
    ):
        pass
