"""LoRA: a trainable product of two thin matrices beside each frozen linear layer.

Source: Hu et al. 2021, arXiv 2106.09685, equation 3: h = W x + (alpha / rank) B A x. rsLoRA divides
by sqrt(rank) (Kalajdzievski 2023, arXiv 2312.03732, theorem 3.2) and is the same in all else; DoRA
and OPLoRA build on it in files of their own.
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
from typing import Any, cast

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from peft.utils import set_peft_model_state_dict
from safetensors import SafetensorError
from safetensors.torch import load, save

from underdog.adapters.settings import ALL_LINEAR, AdapterKind, AdapterSettings
from underdog.adapters.unsloth import is_unsloth, put_adapters
from underdog.errors import CorruptFileError, InputError
from underdog.runs.files import replacing_folder, write_json

NAME = "default"
"""PEFT's name of the one adapter that underdog trains."""
CONFIG_NAME = "adapter_config.json"
WEIGHTS_NAME = "adapter_model.safetensors"


def attach_lora(model: Any, settings: AdapterSettings, *, seed: int) -> PeftModel:
    """Put fresh adapters (float32) on a base, in place. Equal seeds give equal weights on any
    device: A is drawn on the CPU (uniform, as `peft`'s default), B is zero.

    What the kinds need beyond that is `adapter.attach`'s. Raises InputError when a target names no
    linear layer of the model.
    """
    if is_unsloth(model):
        adapted = put_adapters(model, settings, seed=seed)
        _draw(adapted, seed)
        return cast("PeftModel", adapted)
    targets: Any = ALL_LINEAR if ALL_LINEAR in settings.targets else list(settings.targets)
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=targets,
        use_rslora=settings.kind is AdapterKind.RSLORA,
        use_dora=settings.kind is AdapterKind.DORA,
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


def lora_layers(adapted: Any) -> Iterator[tuple[str, Any]]:
    """The adapted layers with their names in the base."""
    for name, module in adapted.named_modules():
        if isinstance(module, LoraLayer):
            yield name.removeprefix("base_model.model."), module


def effective_alpha(adapted: PeftModel) -> float:
    """The alpha from which stock PEFT computes the scale in use, also after its `set_scale`."""
    config = adapted.peft_config[NAME]
    root = math.sqrt(config.r) if config.use_rslora else config.r
    scales: set[float] = {layer.scaling[NAME] for _, layer in lora_layers(adapted)}
    assert len(scales) == 1, f"one scale for all layers, not {sorted(scales)}"
    scale = scales.pop()
    return float(config.lora_alpha if config.lora_alpha / root == scale else scale * root)


def save_adapter(adapted: PeftModel, folder: Path) -> None:
    """Write `adapter_config.json` and `adapter_model.safetensors`, as a whole or not at all.

    Equal weights give equal bytes: PEFT itself writes its module names in set order.
    """
    with replacing_folder(folder) as partial:
        config = adapted.peft_config[NAME]
        config.save_pretrained(str(partial))
        path = partial / CONFIG_NAME
        values = json.loads(path.read_text(encoding="utf-8"))
        modules = values["target_modules"]
        values["target_modules"] = sorted(modules) if isinstance(modules, list) else modules
        values["inference_mode"] = True
        values["lora_alpha"] = effective_alpha(adapted)
        write_json(path, values)
        (partial / WEIGHTS_NAME).write_bytes(tensors_to_bytes(adapter_tensors(adapted)))


def load_adapter(model: Any, folder: Path, *, name: str = NAME) -> PeftModel:
    """Put a saved adapter on its base, in place, for use (not for training). A base that has
    adapters already gets one more, under another name.

    The tensors are those of the file. Otherwise `peft` would first draw fresh ones, and for
    DoRA compute every dense B A with its norms, only to overwrite them: 90 MB more stay resident
    for 5 MB of adapter (39M shape, 2026-11-21).
    """
    if not (folder / CONFIG_NAME).is_file():
        raise InputError(
            f"an adapter folder with {CONFIG_NAME} is needed",
            got="none there" if folder.is_dir() else "no such folder",
            where=folder,
        )
    try:
        with _quiet_peft():
            options: dict[str, Any] = {
                "adapter_name": name,
                "is_trainable": False,
                "low_cpu_mem_usage": True,
            }
            if isinstance(model, PeftModel):
                model.load_adapter(str(folder), **options)
            else:
                model = PeftModel.from_pretrained(model, str(folder), **options)
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
    _check_whole(model, name, folder)
    return cast("PeftModel", model)


def _check_whole(model: Any, name: str, folder: Path) -> None:
    """InputError for weights that the adapter's file did not have: they hold no numbers."""
    absent = [
        key for key, weight in model.named_parameters() if weight.is_meta and f".{name}." in key
    ]
    if absent:
        raise InputError(
            "an adapter file with the weights of every layer that its config names",
            got=f"{len(absent)} missing, {absent[0]} for one",
            where=folder / WEIGHTS_NAME,
        )


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
