"""LoRA: a trainable product of two thin matrices beside each frozen linear layer.

Source: Hu et al. 2021, arXiv 2106.09685, equation 3: h = W x + (alpha / rank) B A x.
In: a loaded base. Out: a `peft` model, and folders in PEFT's own format that stock
`PeftModel.from_pretrained` reads. Never: a change to the base's weights.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from peft.utils import set_peft_model_state_dict
from safetensors import SafetensorError
from safetensors.torch import load, save

from underdog.adapters.settings import ALL_LINEAR, LoraSettings
from underdog.errors import CorruptFileError, InputError
from underdog.runs.files import replacing_folder, write_json

CONFIG_NAME = "adapter_config.json"
WEIGHTS_NAME = "adapter_model.safetensors"


def attach(model: Any, settings: LoraSettings, *, seed: int) -> PeftModel:
    """Put fresh adapters (float32) on a base, in place. Equal seeds give equal weights on any
    device: A is drawn on the CPU (uniform, as `peft`'s default), B is zero.

    Raises InputError when a target names no linear layer of the model.
    """
    targets: Any = ALL_LINEAR if ALL_LINEAR in settings.targets else list(settings.targets)
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=targets,
        task_type="CAUSAL_LM",
    )
    try:
        with torch.random.fork_rng(), _quiet_peft():
            adapted = get_peft_model(model, config)
    except ValueError as error:
        raise InputError(
            "targets that are linear layers of the model", got=str(error).splitlines()[0][:200]
        ) from error
    _draw(adapted, seed)
    return adapted


def _draw(adapted: PeftModel, seed: int) -> None:
    """Kaiming-uniform with a = sqrt(5), as `peft/tuners/lora/layer.py::reset_lora_parameters`."""
    generator = torch.Generator().manual_seed(seed)
    for name, weight in sorted(adapted.named_parameters()):
        if ".lora_A." in name:
            fresh = torch.empty(weight.shape, dtype=torch.float32)
            torch.nn.init.kaiming_uniform_(fresh, a=math.sqrt(5), generator=generator)
            weight.data.copy_(fresh)


def trainable_parameters(adapted: Any) -> dict[str, torch.nn.Parameter]:
    """The adapter's parameters by name, sorted: the order the optimizer sees."""
    found = ((name, weight) for name, weight in adapted.named_parameters() if weight.requires_grad)
    return dict(sorted(found))


def adapter_tensors(adapted: PeftModel) -> dict[str, torch.Tensor]:
    """The adapter's weights under PEFT's saved names, on the CPU, contiguous, sorted."""
    tensors = get_peft_model_state_dict(adapted, save_embedding_layers=False)
    return {name: tensors[name].detach().cpu().contiguous() for name in sorted(tensors)}


def put_tensors(adapted: PeftModel, tensors: dict[str, torch.Tensor]) -> None:
    """Overwrite the adapter's weights with saved ones of the same names."""
    set_peft_model_state_dict(adapted, tensors)


def scale_of(adapted: Any) -> float:
    """What the product of the two matrices is multiplied by now: alpha over rank."""
    return float(next(_lora_layers(adapted)).scaling["default"])


def rescale(adapted: Any, factor: float) -> None:
    """Multiply the effective alpha of all layers; `save_adapter` writes the effective one."""
    if factor == 1.0:
        return
    for layer in _lora_layers(adapted):
        layer.scaling["default"] *= factor
    adapted.peft_config["default"].lora_alpha *= factor


def _lora_layers(adapted: Any) -> Iterator[Any]:
    return (layer for layer in adapted.modules() if isinstance(layer, LoraLayer))


def save_adapter(adapted: PeftModel, folder: Path) -> None:
    """Write `adapter_config.json` and `adapter_model.safetensors`, as a whole or not at all.

    Equal weights give equal bytes: PEFT itself writes its module names in set order.
    """
    with replacing_folder(folder) as partial:
        config = adapted.peft_config["default"]
        config.save_pretrained(str(partial))
        path = partial / CONFIG_NAME
        values = json.loads(path.read_text(encoding="utf-8"))
        modules = values["target_modules"]
        values["target_modules"] = sorted(modules) if isinstance(modules, list) else modules
        values["inference_mode"] = True
        write_json(path, values)
        (partial / WEIGHTS_NAME).write_bytes(tensors_to_bytes(adapter_tensors(adapted)))


def load_adapter(model: Any, folder: Path) -> PeftModel:
    """Put a saved adapter on its base, in place, for use (not for training)."""
    if not (folder / CONFIG_NAME).is_file():
        raise InputError(
            f"an adapter folder with {CONFIG_NAME} is needed",
            got="none there" if folder.is_dir() else "no such folder",
            where=folder,
        )
    try:
        with _quiet_peft():
            return PeftModel.from_pretrained(model, str(folder), is_trainable=False)
    except SafetensorError as error:
        raise CorruptFileError(
            "a whole adapter file is needed", got=str(error), where=folder / WEIGHTS_NAME
        ) from error
    except (RuntimeError, ValueError) as error:
        raise InputError(
            "an adapter made for this base is needed",
            got=str(error).strip().splitlines()[0][:200],
            where=folder,
        ) from error


def tensors_to_bytes(tensors: dict[str, torch.Tensor]) -> bytes:
    """A safetensors file in memory: Python writes it, so a full disk is an OSError with a code."""
    content: bytes = save(tensors, metadata={"format": "pt"})
    return content


def tensors_from_bytes(content: bytes) -> dict[str, torch.Tensor]:
    """Undo `tensors_to_bytes`."""
    tensors: dict[str, torch.Tensor] = load(content)
    return tensors


@contextmanager
def _quiet_peft() -> Iterator[None]:
    """For peft 0.21, which asks transformers 5.23 for a property under its old name."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is", FutureWarning)
        yield
