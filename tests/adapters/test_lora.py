"""LoRA on a base: the same every time, and readable by stock PEFT."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest
import torch

from fakes import save_base, tiny_qwen2
from underdog.adapters.adapter import attach
from underdog.adapters.base import load_base
from underdog.adapters.lora import (
    adapter_tensors,
    load_adapter,
    put_tensors,
    save_adapter,
    tensors_from_bytes,
    tensors_to_bytes,
    trainable_parameters,
)
from underdog.adapters.settings import AdapterSettings
from underdog.errors import CorruptFileError, InputError
from underdog.runs.files import digest_folder

IDS = torch.arange(2, 26).reshape(2, 12)


def logits(model: torch.nn.Module) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model(input_ids=IDS, use_cache=False).logits
    return found


def randomise(adapted: torch.nn.Module) -> None:
    """Both matrices away from zero."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for weight in trainable_parameters(adapted).values():
            weight.copy_(torch.randn(weight.shape, generator=generator) * 0.2)


def test_fresh_adapters_change_nothing_and_are_drawn_from_the_seed() -> None:
    """B is zero, so the output is the base's to the last bit; equal seeds give equal A, whatever
    the global random state.
    """
    plain = logits(tiny_qwen2())
    torch.manual_seed(1)
    one = attach(tiny_qwen2(), AdapterSettings(rank=4), seed=7)
    torch.manual_seed(2)
    same = attach(tiny_qwen2(), AdapterSettings(rank=4), seed=7)
    other = attach(tiny_qwen2(), AdapterSettings(rank=4), seed=8)
    assert torch.equal(logits(one), plain)
    tensors, again, differ = (adapter_tensors(each) for each in (one, same, other))
    assert all(torch.equal(tensors[name], again[name]) for name in tensors)
    assert all(torch.equal(tensors[name], differ[name]) == ("lora_B" in name) for name in tensors)


def test_first_weights_are_those_of_peft_in_distribution() -> None:
    """Kaiming-uniform with a = sqrt(5): within 1 / sqrt(width), of that bound's variance."""
    adapted = attach(tiny_qwen2(), AdapterSettings(rank=8), seed=0)
    for name, weight in trainable_parameters(adapted).items():
        if "lora_A" in name:
            bound = 1 / math.sqrt(weight.shape[1])
            assert weight.abs().max() <= bound
            assert weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.15)


def test_attaching_draws_nothing_from_the_global_generator() -> None:
    """What is random afterwards does not depend on the adapter."""
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    attach(tiny_qwen2(), AdapterSettings(rank=4), seed=7)
    assert torch.equal(torch.rand(4), expected)


def test_only_adapters_are_trainable_and_in_float32() -> None:
    """On a bfloat16 base too; all linear layers but the head have one."""
    adapted = attach(tiny_qwen2().to(torch.bfloat16), AdapterSettings(rank=2), seed=0)
    names = list(trainable_parameters(adapted))
    assert names == sorted(names)
    assert len(names) == 2 * 7 * 2  # two layers, seven linear maps, A and B
    assert not any("lm_head" in name for name in names)
    assert {weight.dtype for weight in trainable_parameters(adapted).values()} == {torch.float32}


def test_the_scale_is_alpha_over_rank() -> None:
    """W' = W + alpha / rank B A, compared with matrices multiplied by hand."""
    adapted = attach(tiny_qwen2(), AdapterSettings(rank=4, alpha=12.0, targets=("o_proj",)), seed=0)
    randomise(adapted)
    layer = adapted.get_base_model().model.layers[1].self_attn.o_proj
    down, up = layer.lora_A["default"].weight, layer.lora_B["default"].weight
    x = torch.rand(3, 32)
    expected = x @ (layer.base_layer.weight + 12.0 / 4 * up @ down).T
    torch.testing.assert_close(layer(x), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")
def test_saved_adapters_load_in_stock_peft_and_in_ours_bit_for_bit(tmp_path: Path) -> None:
    """Save, load into a fresh base by either way: equal logits to the last bit."""
    from peft import PeftModel

    adapted = attach(tiny_qwen2(), AdapterSettings(rank=4), seed=0)
    randomise(adapted)
    save_adapter(adapted, tmp_path / "adapter")
    ours = load_adapter(tiny_qwen2(), tmp_path / "adapter").eval()
    stock = PeftModel.from_pretrained(tiny_qwen2(), str(tmp_path / "adapter")).eval()
    assert torch.equal(logits(ours), logits(adapted))
    assert torch.equal(logits(stock), logits(adapted))
    assert not trainable_parameters(ours)


def test_equal_adapters_are_equal_files(tmp_path: Path) -> None:
    """PEFT writes its module names in set order; ours are sorted, so digests can be compared."""
    for name in ("one", "two"):
        save_adapter(attach(tiny_qwen2(), AdapterSettings(rank=4), seed=0), tmp_path / name)
    assert digest_folder(tmp_path / "one") == digest_folder(tmp_path / "two")
    config = (tmp_path / "one" / "adapter_config.json").read_text()
    places = [config.index(f"model.layers.{at}.self_attn.k_proj") for at in (0, 1)]
    assert places == sorted(places)


def test_tensors_survive_bytes_and_go_back_in() -> None:
    """What a checkpoint does: out, through bytes, into another model of the same shape."""
    one = attach(tiny_qwen2(), AdapterSettings(rank=4), seed=0)
    randomise(one)
    other = attach(tiny_qwen2(), AdapterSettings(rank=4), seed=9)
    put_tensors(other, tensors_from_bytes(tensors_to_bytes(adapter_tensors(one))))
    assert torch.equal(logits(one), logits(other))


def test_targets_that_name_no_layer_are_refused() -> None:
    """The message repeats the wrong name."""
    with pytest.raises(InputError, match="no_such_proj"):
        attach(tiny_qwen2(), AdapterSettings(targets=("no_such_proj",)), seed=0)


def test_a_folder_without_an_adapter_is_refused(tmp_path: Path) -> None:
    """Missing folder and empty folder say which it is."""
    with pytest.raises(InputError, match=r"adapter_config\.json is needed; got no such folder"):
        load_adapter(tiny_qwen2(), tmp_path / "nowhere")
    with pytest.raises(InputError, match="got none there"):
        load_adapter(tiny_qwen2(), tmp_path)


def test_damaged_and_foreign_adapters_are_refused(tmp_path: Path) -> None:
    """Cut weights are damage; weights of another width are the wrong base."""
    save_adapter(attach(tiny_qwen2(), AdapterSettings(rank=4), seed=0), tmp_path / "whole")
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    weights = (tmp_path / "whole" / "adapter_model.safetensors").read_bytes()
    (tmp_path / "cut" / "adapter_model.safetensors").write_bytes(weights[:500])
    with pytest.raises(CorruptFileError, match="a whole adapter file"):
        load_adapter(tiny_qwen2(), tmp_path / "cut")
    wider = tiny_qwen2()
    wider.model.layers[0].mlp.up_proj = torch.nn.Linear(64, 48)
    with pytest.raises(InputError, match="an adapter made for this base"):
        load_adapter(wider, tmp_path / "whole")


def test_an_adapter_without_one_of_its_weights_is_refused(tmp_path: Path) -> None:
    """A layer that the file forgot would otherwise stay as it was drawn: the first is named."""
    save_adapter(attach(tiny_qwen2(), AdapterSettings(rank=2), seed=0), tmp_path / "adapter")
    path = tmp_path / "adapter" / "adapter_model.safetensors"
    tensors = tensors_from_bytes(path.read_bytes())
    lost = next(name for name in sorted(tensors) if "lora_B" in name)
    path.write_bytes(tensors_to_bytes({key: w for key, w in tensors.items() if key != lost}))
    with pytest.warns(UserWarning, match="missing"), pytest.raises(InputError) as caught:
        load_adapter(tiny_qwen2(), tmp_path / "adapter")
    assert "weights of every layer that its config names; got 1 missing" in str(caught.value)
    assert lost.removesuffix(".weight") in str(caught.value)


def test_an_adapter_on_a_loaded_base(tmp_path: Path) -> None:
    """From disk to disk: base folder, adapter folder, equal logits."""
    save_base(tmp_path / "base")
    adapted = attach(load_base(tmp_path / "base").model, AdapterSettings(rank=4), seed=0)
    randomise(adapted)
    save_adapter(adapted, tmp_path / "adapter")
    again = load_adapter(load_base(tmp_path / "base").model, tmp_path / "adapter")
    assert torch.equal(logits(again.eval()), logits(adapted.eval()))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rank": 0}, "a rank of at least 1"),
        ({"alpha": 0.0}, "an alpha above 0"),
        ({"alpha": float("nan")}, "an alpha above 0"),
        ({"dropout": 1.0}, "a dropout from 0 to below 1"),
        ({"targets": ()}, "targets that name layers"),
        ({"targets": ("all-linear", "q_proj")}, "targets that name layers"),
    ],
)
def test_impossible_settings_are_refused(wrong: dict[str, object], message: str) -> None:
    """Each with the name of what is wrong."""
    with pytest.raises(InputError, match=message):
        AdapterSettings(**wrong)  # type: ignore[arg-type]
