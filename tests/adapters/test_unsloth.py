"""The optional backend, with a module of its name that has the documented functions."""

from __future__ import annotations

import importlib.machinery
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model

from fakes import letter_tokenizer, save_base
from underdog.adapters.adapter import attach, scale_of
from underdog.adapters.base import load_base
from underdog.adapters.lora import adapter_tensors
from underdog.adapters.settings import AdapterKind, AdapterSettings
from underdog.adapters.unsloth import check_unsloth, is_unsloth, load_with_unsloth
from underdog.errors import InputError

RSLORA = AdapterSettings(rank=4, alpha=8, kind=AdapterKind.RSLORA)


class FastLanguageModel:
    """Loads as transformers does and adapts as peft does; remembers what it was asked."""

    asked: dict[str, Any] = {}  # noqa: RUF012  (one per test, cleared by the fixture)

    @staticmethod
    def from_pretrained(**asked: Any) -> tuple[Any, Any]:
        FastLanguageModel.asked |= asked
        if asked["model_name"] == "unknown":
            raise RuntimeError("Unsloth: unknown is not supported yet!\nmore")
        return tuple(load_base(asked["model_name"]))  # type: ignore[return-value]

    @staticmethod
    def get_peft_model(model: Any, **asked: Any) -> Any:
        FastLanguageModel.asked |= asked
        names = ("r", "lora_alpha", "lora_dropout", "target_modules", "bias", "use_rslora")
        config = LoraConfig(**{name: asked[name] for name in names}, task_type="CAUSAL_LM")
        return get_peft_model(model, config)


@pytest.fixture
def unsloth(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The package is there, and a GPU; gives what it was asked."""
    module: Any = types.ModuleType("unsloth")
    module.__spec__ = importlib.machinery.ModuleSpec("unsloth", None)
    module.FastLanguageModel = FastLanguageModel
    FastLanguageModel.asked.clear()
    monkeypatch.setitem(sys.modules, "unsloth", module)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    return FastLanguageModel.asked


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is:FutureWarning")
def test_base_and_adapters_are_those_that_transformers_and_peft_would_give(
    unsloth: dict[str, Any], tmp_path: Path
) -> None:
    """The same first weights and scale, through unsloth's two functions, without its 4 bits."""
    folder = save_base(tmp_path / "base", tokenizer=letter_tokenizer())
    base = load_with_unsloth(folder, RSLORA, dtype="float32", max_tokens=77)
    assert is_unsloth(base.model)
    ours = attach(base.model, RSLORA, seed=5)
    plain = load_base(folder)
    assert not is_unsloth(plain.model)
    theirs = attach(plain.model, RSLORA, seed=5)
    assert scale_of(ours) == scale_of(theirs) == 4.0
    expected = adapter_tensors(theirs)
    found = adapter_tensors(ours)
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert (unsloth["max_seq_length"], unsloth["load_in_4bit"]) == (77, False)
    assert (unsloth["random_state"], unsloth["use_gradient_checkpointing"]) == (5, False)


def test_what_unsloth_cannot_load_is_told_in_one_line(unsloth: dict[str, Any]) -> None:
    """With the other backend as the way out."""
    with pytest.raises(InputError, match=r"unknown is not supported yet!.*transformers") as refused:
        load_with_unsloth("unknown", RSLORA, dtype="float32", max_tokens=8)
    assert "more" not in str(refused.value)
    assert unsloth["model_name"] == "unknown"


def test_what_is_missing_is_named_before_anything_is_loaded(
    unsloth: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kind that its kernels do not know, a GPU, the package."""
    for kind in (AdapterKind.DORA, AdapterKind.OPLORA):
        with pytest.raises(InputError, match=f"lora or rslora for backend unsloth.*{kind.value}"):
            check_unsloth(AdapterSettings(kind=kind))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="a CUDA or ROCm GPU is needed for backend unsloth"):
        check_unsloth(RSLORA)
    monkeypatch.delitem(sys.modules, "unsloth")
    with pytest.raises(InputError, match=r"the package unsloth is needed.*pip install unsloth"):
        check_unsloth(RSLORA)
    assert not unsloth


@pytest.mark.slow
def test_it_is_never_imported_unless_asked_for(tmp_path: Path) -> None:
    """A package of that name that fails on import does not disturb the trainer."""
    (tmp_path / "unsloth.py").write_text("raise SystemExit('imported')")
    start = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import "
    for module, said in (("underdog.training.trainer", ""), ("unsloth", "imported\n")):
        command = [sys.executable, "-c", start + module]
        assert subprocess.run(command, capture_output=True, text=True).stderr == said
