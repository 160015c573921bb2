"""A base loaded by unsloth, whose kernels then compute its layers: optional, and never imported
unless it is asked for by name.

In: a folder or a hub name, and settings. Out: the same two things as from transformers: a base, and
LoRA or rsLoRA on it with the adapter's name and weights that `lora.py` gives. Importing unsloth
changes transformers and peft for the whole process; it needs a CUDA or ROCm GPU.

API used: `FastLanguageModel.from_pretrained` and `.get_peft_model` (unsloth's documentation, 2026).
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import torch

from underdog.adapters.base import DTYPES, Base
from underdog.adapters.settings import ALL_LINEAR, AdapterKind, AdapterSettings
from underdog.errors import InputError

_MARK = "loaded_by_unsloth"
_LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""What unsloth calls all linear layers."""


def check_unsloth(adapter: AdapterSettings) -> None:
    """InputError naming what is missing, before anything is loaded."""
    hint = 'backend = "transformers", which needs nothing more'
    if adapter.kind not in {AdapterKind.LORA, AdapterKind.RSLORA}:
        raise InputError("lora or rslora for backend unsloth", got=adapter.kind.value, hint=hint)
    if importlib.util.find_spec("unsloth") is None:
        raise InputError(
            "the package unsloth is needed for backend unsloth",
            got="none installed",
            hint=f"pip install unsloth, or {hint}",
        )
    if not torch.cuda.is_available():
        raise InputError(
            "a CUDA or ROCm GPU is needed for backend unsloth", got="none seen by torch", hint=hint
        )


def load_with_unsloth(
    source: str | Path, adapter: AdapterSettings, *, dtype: str, max_tokens: int
) -> Base:
    """As `base.load_base`, for training with this adapter on rows of at most `max_tokens`."""
    check_unsloth(adapter)
    fast = importlib.import_module("unsloth").FastLanguageModel
    try:
        model, tokenizer = fast.from_pretrained(
            model_name=str(source),
            max_seq_length=max_tokens,
            dtype=DTYPES[dtype],
            load_in_4bit=False,
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(
            "a model that unsloth can load is needed",
            got=str(error).strip().partition("\n")[0][:200] or type(error).__name__,
            where=source,
            hint='backend = "transformers"',
        ) from error
    setattr(model, _MARK, True)
    return Base(model, tokenizer)


def is_unsloth(model: Any) -> bool:
    """Whether this base came from `load_with_unsloth`."""
    return getattr(model, _MARK, False) is True


def put_adapters(model: Any, settings: AdapterSettings, *, seed: int) -> Any:
    """Fresh adapters by unsloth's own function, so that its kernels see them."""
    fast = importlib.import_module("unsloth").FastLanguageModel
    targets = _LINEAR if ALL_LINEAR in settings.targets else settings.targets
    return fast.get_peft_model(
        model,
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=list(targets),
        bias="none",
        use_gradient_checkpointing=False,
        use_rslora=settings.kind is AdapterKind.RSLORA,
        random_state=seed,
    )
