"""The base's weights with an adapter baked in, one tensor at a time.

In: a base folder in safetensors and a PEFT folder. Out: merged tensors in float32, in the order of
the base's files. Never: more than one tensor of the base in memory, an adapter that is only partly
understood: what is not known here is refused.

    LoRA     W + s B A            s = alpha / rank, or alpha / sqrt(rank) for rsLoRA
    DoRA     m (W + s B A) / |W + s B A|     norms over each row (Liu et al., 2402.09353, eq. 5)

OPLoRA is saved as LoRA. The scale is computed from `adapter_config.json`, patterns included.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file

from underdog.adapters.lora import CONFIG_NAME, WEIGHTS_NAME
from underdog.errors import CorruptFileError, InputError
from underdog.runs.files import read_json

INDEX_NAME = "model.safetensors.index.json"
SINGLE_NAME = "model.safetensors"
_PREFIX = "base_model.model."
_PARTS = {".lora_A.weight": "down", ".lora_B.weight": "up"} | dict.fromkeys(
    (".lora_magnitude_vector", ".lora_magnitude_vector.weight"), "magnitude"
)
_PLAIN_STARTS = (True, False, None, "gaussian", "eva", "orthogonal", "mica")
"""Initialisations that leave the base as it is. PiSSA, OLoRA, CorDA and others change it."""
_UNKNOWN = (
    "modules_to_save",
    "layer_replication",
    "trainable_token_indices",
    "target_parameters",
    "lora_bias",
    "fan_in_fan_out",
    "use_qalora",
    "use_bdlora",
    "velora_config",
    "alora_invocation_tokens",
    "monteclora_config",
    "arrow_config",
    "kasa_config",
)


@dataclass(frozen=True, slots=True)
class Change:
    """What an adapter does to one matrix W (O, I): A (R, I), B (O, R), m (O) for DoRA."""

    down: torch.Tensor
    up: torch.Tensor
    scale: float
    magnitude: torch.Tensor | None = None

    def applied(self, weight: torch.Tensor) -> torch.Tensor:
        """The merged matrix (O, I) in float32."""
        merged = weight.float()
        if merged.shape != (self.up.shape[0], self.down.shape[1]):
            raise InputError(
                f"a matrix of {self.up.shape[0]} x {self.down.shape[1]}",
                got=" x ".join(map(str, merged.shape)),
            )
        merged = torch.addmm(merged, self.up.float(), self.down.float(), alpha=self.scale)
        if self.magnitude is None:
            return merged
        norms = torch.linalg.vector_norm(merged, dim=1, keepdim=True)
        return merged.mul_(self.magnitude.float().reshape(-1, 1) / norms)


class TensorInfo(NamedTuple):
    """A tensor of the base as its file describes it."""

    name: str
    shape: tuple[int, ...]


class MergedWeights:
    """All tensors of a base; those that an adapter changes come merged."""

    def __init__(self, base: Path, changes: Mapping[str, Change]) -> None:
        """`changes` by the name of the base's tensor."""
        self.changes = dict(changes)
        self._files = _base_files(base)
        self.tensors = tuple(_listed(self._files))
        lost = sorted(self.changes.keys() - {each.name for each in self.tensors})
        if lost:
            raise InputError(
                "an adapter made for this base is needed", got=f"no {lost[0]} in it", where=base
            )

    def __iter__(self) -> Iterator[tuple[str, torch.Tensor]]:
        """Names and tensors in the order of `tensors`; matrices that are changed in float32, all
        others in the type of their file.
        """
        for path in self._files:
            with safe_open(str(path), framework="pt") as stream:
                for name in sorted(stream.keys()):
                    tensor = stream.get_tensor(name)
                    change = self.changes.get(name)
                    yield name, tensor if change is None else _checked(name, change, tensor)


def _checked(name: str, change: Change, tensor: torch.Tensor) -> torch.Tensor:
    try:
        return change.applied(tensor)
    except InputError as error:
        raise InputError(error.wanted, got=error.got, where=name) from error


def _base_files(base: Path) -> list[Path]:
    config = read_json(base / "config.json") if (base / "config.json").is_file() else {}
    if config.get("quantization_config"):
        raise InputError(
            "a base in 16 or 32 bits: merging into rounded weights rounds twice",
            got="a quantised one",
            where=base,
        )
    if (base / INDEX_NAME).is_file():
        names = sorted(set(read_json(base / INDEX_NAME)["weight_map"].values()))
    else:
        names = [SINGLE_NAME]
    missing = [name for name in names if not (base / name).is_file()]
    if missing:
        raise InputError("a base in safetensors", got=f"no {missing[0]}", where=base)
    return [base / name for name in names]


def _listed(files: list[Path]) -> Iterator[TensorInfo]:
    for path in files:
        try:
            with safe_open(str(path), framework="pt") as stream:
                for name in sorted(stream.keys()):
                    yield TensorInfo(name, tuple(stream.get_slice(name).get_shape()))
        except SafetensorError as error:
            raise CorruptFileError(
                "a whole safetensors file", got=str(error), where=path
            ) from error


def read_changes(adapter: Path) -> dict[str, Change]:
    """What the adapter in a PEFT folder changes, by the name of the base's tensor."""
    config = read_json(adapter / CONFIG_NAME)
    _check_known(config, adapter)
    try:
        tensors = load_file(str(adapter / WEIGHTS_NAME))
    except (SafetensorError, FileNotFoundError) as error:
        raise CorruptFileError(
            "a whole adapter file is needed", got=str(error), where=adapter / WEIGHTS_NAME
        ) from error
    parts: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in tensors.items():
        end = next((end for end in _PARTS if name.endswith(end)), None)
        if end is None:
            raise InputError("tensors of LoRA or DoRA only", got=name, where=adapter)
        module = name.removeprefix(_PREFIX).removesuffix(end)
        parts.setdefault(module, {})[_PARTS[end]] = tensor
    return {
        f"{module}.weight": _change(module, found, config, adapter)
        for module, found in sorted(parts.items())
    }


def _change(
    module: str, found: Mapping[str, torch.Tensor], config: Mapping[str, Any], adapter: Path
) -> Change:
    wanted = {"down", "up"} | ({"magnitude"} if config.get("use_dora") else set())
    if set(found) != wanted:
        raise InputError(
            f"{', '.join(sorted(wanted))} of {module}", got=f"{sorted(found)}", where=adapter
        )
    rank = found["down"].shape[0]
    return Change(
        found["down"], found["up"], adapter_scale(module, rank, config), found.get("magnitude")
    )


def adapter_scale(module: str, rank: int, config: Mapping[str, Any]) -> float:
    """The scale alpha / rank, or alpha / sqrt(rank) for rsLoRA. A pattern that names the module
    decides its alpha, matched as PEFT does (`peft/utils/other.py::get_pattern_key`).
    """
    alpha = float(config["lora_alpha"])
    for pattern, value in (config.get("alpha_pattern") or {}).items():
        if re.match(rf"(.*\.)?({pattern})$", module):
            alpha = float(value)
            break
    return alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)


def _check_known(config: Any, adapter: Path) -> None:
    if not isinstance(config, Mapping) or config.get("peft_type") != "LORA":
        raise InputError("an adapter of PEFT's type LORA", where=adapter)
    unknown = [key for key in _UNKNOWN if config.get(key)]
    if config.get("bias", "none") != "none":
        unknown.append("bias")
    if config.get("init_lora_weights", True) not in _PLAIN_STARTS:
        unknown.append("init_lora_weights")
    if unknown:
        raise InputError(
            "a LoRA, rsLoRA, DoRA or OPLoRA adapter without further parts",
            got=", ".join(f"{key} = {config[key]}" for key in unknown)[:200],
            where=adapter,
        )
