"""Grouped keys and values read where they lie."""

from __future__ import annotations

import pytest
import torch

from fakes import tiny_qwen2
from underdog.inference import grouped_attention


@torch.inference_mode()
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_logits_equal_those_of_copied_groups(dtype: torch.dtype) -> None:
    """Under a mask with holes, for two query heads per key head; the setting is put back."""
    model = tiny_qwen2().to(dtype)
    assert model.config.num_attention_heads > model.config.num_key_value_heads
    ids = torch.arange(60).view(3, 20) % model.config.vocab_size
    seen = torch.ones(3, 1, 20, 20, dtype=torch.bool).tril()
    seen[1, :, 10:, 3:7] = False
    mask = torch.zeros(seen.shape, dtype=dtype).masked_fill(~seen, torch.finfo(dtype).min)
    wanted = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
    blind = model(input_ids=ids, use_cache=False).logits
    with grouped_attention.attending(model):
        assert model.config._attn_implementation == grouped_attention.NAME
        found = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
    assert model.config._attn_implementation == "sdpa"
    tolerance = 1e-5 if dtype == torch.float32 else 0.1
    torch.testing.assert_close(found, wanted, rtol=0, atol=tolerance)
    assert (blind - wanted).abs().max() > 10 * tolerance or dtype != torch.float32


def test_an_error_inside_puts_the_setting_back() -> None:
    """The next call of the model attends as before."""
    model = tiny_qwen2()
    with pytest.raises(ZeroDivisionError), grouped_attention.attending(model):
        raise ZeroDivisionError
    assert model.config._attn_implementation == "sdpa"


def test_other_attention_is_left_alone() -> None:
    """Eager attention, other devices, and layers that are not known."""
    assert grouped_attention.serves(tiny_qwen2())
    assert not grouped_attention.serves(tiny_qwen2(attention="eager"))
    with torch.device("meta"):
        elsewhere = tiny_qwen2()
    assert not grouped_attention.serves(elsewhere.to("meta"))
    unknown = tiny_qwen2()
    unknown.model.layers[0] = torch.nn.Identity()
    assert not grouped_attention.serves(unknown)
