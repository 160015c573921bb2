"""Loading bases, and recognising them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from transformers.utils import logging as transformers_logging

from fakes import byte_level_tokenizer, save_base, tiny_qwen2
from underdog.adapters import base as base_module
from underdog.adapters.base import load_base, model_digest, quiet_transformers
from underdog.errors import InputError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random two-layer Qwen2."""
    return save_base(tmp_path_factory.mktemp("base") / "base")


def test_a_folder_loads_in_float32_and_evaluation_mode(folder: Path) -> None:
    """Path and text name the same folder; the pair unpacks as model, tokenizer."""
    model, tokenizer = load_base(str(folder))
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}
    assert not model.training
    assert tokenizer.encode("ab", add_special_tokens=False) != []
    assert model_digest(model) == model_digest(load_base(folder).model)


def test_loading_says_nothing(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """No bar, no warning, no line on either stream; the library's settings are put back."""
    bars = transformers_logging.is_progress_bar_enabled()
    load_base(folder)
    assert capfd.readouterr() == ("", "")
    assert transformers_logging.is_progress_bar_enabled() == bars


def test_quietness_ends_with_its_block() -> None:
    """A library user who switched bars off finds them off."""
    transformers_logging.disable_progress_bar()
    with quiet_transformers():
        assert not transformers_logging.is_progress_bar_enabled()
    assert not transformers_logging.is_progress_bar_enabled()
    transformers_logging.enable_progress_bar()


def test_the_dtype_is_a_choice(folder: Path) -> None:
    """bfloat16 on request; another name is refused with the list."""
    assert load_base(folder, dtype="bfloat16").model.dtype == torch.bfloat16
    with pytest.raises(InputError, match="float32, bfloat16, float16"):
        load_base(folder, dtype="int3")


@pytest.mark.parametrize("given", ["no/such/folder", "./nowhere", "~/nowhere-at-all", "nowhere"])
def test_a_missing_folder_is_said_without_asking_a_hub(given: str) -> None:
    """Whatever looks like a path is one."""
    with pytest.raises(InputError, match="an existing model folder is needed; got no such folder"):
        load_base(given)


def test_a_path_object_is_never_a_hub_name() -> None:
    """`Path("Qwen/Qwen2")` is a folder that is not there."""
    with pytest.raises(InputError, match="an existing model folder"):
        load_base(Path("Qwen/Qwen2"))


def test_a_file_and_a_folder_without_a_config_are_refused(tmp_path: Path) -> None:
    """Each says what it found."""
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"x")
    with pytest.raises(InputError, match="got a file"):
        load_base(file)
    with pytest.raises(InputError, match=r"a model folder with a config\.json"):
        load_base(tmp_path)


@pytest.mark.parametrize(
    "fault", ["weights cut", "weights gone", "config broken", "tokenizer gone"]
)
def test_a_folder_that_is_not_whole_is_one_clear_error(
    folder: Path, tmp_path: Path, fault: str
) -> None:
    """Truncated or missing parts give InputError with the place, not a stack of library errors."""
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    if fault == "weights cut":
        weights = (broken / "model.safetensors").read_bytes()
        (broken / "model.safetensors").write_bytes(weights[:1000])
    elif fault == "weights gone":
        (broken / "model.safetensors").unlink()
    elif fault == "config broken":
        (broken / "config.json").write_text('{"model_type": "no-such-thing"}')
    else:
        (broken / "tokenizer.json").unlink()
    wanted = "a tokenizer" if fault == "tokenizer gone" else "a causal language model"
    with pytest.raises(InputError, match=wanted) as error:
        load_base(broken)
    assert str(broken) in str(error.value)


def test_an_unknown_hub_name_offline_is_an_input_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a network the hub's error becomes ours."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match="a causal language model"):
        load_base("underdog-tests/no-such-model")


def test_the_digest_follows_weights_and_configuration() -> None:
    """One changed weight in a million, or another head count, is another base; where it lies and
    which type of number a config names is not.
    """
    one, same = tiny_qwen2(seed=0), tiny_qwen2(seed=0)
    same.config._name_or_path = "elsewhere"
    assert model_digest(one) == model_digest(same)
    with torch.no_grad():
        next(iter(same.parameters()))[0, 0] += 1e-6
    assert model_digest(one) != model_digest(same)
    other = tiny_qwen2(seed=0)
    other.config.rope_theta = 123.0
    other.config.max_position_embeddings = 64
    assert model_digest(one) != model_digest(other)


def test_the_digest_is_the_same_after_saving(tmp_path: Path) -> None:
    """Written to disk and loaded again, a base is recognised."""
    model = tiny_qwen2(seed=4)
    model.save_pretrained(tmp_path)
    byte_level_tokenizer().save_pretrained(tmp_path)
    loaded = load_base(tmp_path).model
    assert json.loads((tmp_path / "config.json").read_text())["hidden_size"] == 32
    assert model_digest(loaded) == model_digest(load_base(tmp_path).model)


def test_a_large_model_is_sampled_at_both_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit a change at either end of a tensor is seen, one in the middle is not."""
    monkeypatch.setattr(base_module, "WHOLE_DIGEST_BYTES", 0)
    monkeypatch.setattr(base_module, "SAMPLE_VALUES", 64)
    model = tiny_qwen2(seed=0)
    flat = model.get_input_embeddings().weight.data.view(-1)
    before = model_digest(model)
    seen = []
    for place in (0, flat.numel() // 2, flat.numel() - 1):
        flat[place] += 1
        seen.append(model_digest(model) != before)
        flat[place] -= 1
        before = model_digest(model)
    assert seen == [True, False, True]
