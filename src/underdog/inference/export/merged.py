"""A tuned model as one ordinary model folder: safetensors that plain transformers loads.

In: merged weights, the base's folder. Out: a folder with shards, index, configuration, tokenizer.
Never: more in memory than one tensor and its copy in the target's type.

The safetensors file is written here rather than by the library, which wants all tensors of a file
at once: eight bytes of header length, a JSON header, the tensors' bytes (format:
https://github.com/huggingface/safetensors#format).
"""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import torch

from underdog.errors import InputError
from underdog.inference.export.weights import INDEX_NAME, SINGLE_NAME, MergedWeights, TensorInfo
from underdog.runs.files import read_json, replacing_folder, write_json
from underdog.runs.progress import SILENT, Progress

SHARD_BYTES = 5_000_000_000
"""Largest shard, as transformers' own."""
TYPES = {
    "float16": (torch.float16, "F16"),
    "bfloat16": (torch.bfloat16, "BF16"),
    "float32": (torch.float32, "F32"),
}
_KEPT = ("*.json", "*.txt", "*.jinja", "*.model")
_NOT_KEPT = {INDEX_NAME, "adapter_config.json", "made.json"}


def export_merged(
    weights: MergedWeights,
    base: Path,
    out: Path,
    *,
    dtype: str,
    shard_bytes: int = SHARD_BYTES,
    progress: Progress = SILENT,
) -> None:
    """Write `out` as a whole or not at all. InputError for a value that the type cannot hold."""
    if dtype not in TYPES:
        raise InputError(f"a dtype out of {', '.join(TYPES)}", got=dtype)
    shards = tuple(_shards(weights.tensors, TYPES[dtype][0].itemsize, shard_bytes))
    stream = iter(weights)
    progress.begin("merging tensors", len(weights.tensors))
    with replacing_folder(out) as partial:
        for number, shard in enumerate(shards, start=1):
            path = partial / _shard_name(number, len(shards))
            with path.open("wb") as file:
                _write_shard(file, shard, stream, dtype, progress)
        if len(shards) > 1:
            _write_index(partial, shards, TYPES[dtype][0].itemsize)
        _copy_rest(base, partial, dtype)
    progress.end()


def _shards(
    tensors: Sequence[TensorInfo], itemsize: int, most_bytes: int
) -> Iterator[tuple[TensorInfo, ...]]:
    """Neighbours whose bytes fit together; a tensor that is too large alone is a shard alone."""
    shard: list[TensorInfo] = []
    size = 0
    for each in tensors:
        own = _values(each.shape) * itemsize
        if shard and size + own > most_bytes:
            yield tuple(shard)
            shard, size = [], 0
        shard.append(each)
        size += own
    yield tuple(shard)


def _values(shape: Sequence[int]) -> int:
    product = 1
    for side in shape:
        product *= side
    return product


def _shard_name(number: int, count: int) -> str:
    return SINGLE_NAME if count == 1 else f"model-{number:05d}-of-{count:05d}.safetensors"


def _write_shard(
    file: BinaryIO,
    shard: Sequence[TensorInfo],
    stream: Iterator[tuple[str, torch.Tensor]],
    dtype: str,
    progress: Progress,
) -> None:
    kind, code = TYPES[dtype]
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for each in shard:
        end = offset + _values(each.shape) * kind.itemsize
        header[each.name] = {
            "dtype": code,
            "shape": list(each.shape),
            "data_offsets": [offset, end],
        }
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    file.write(struct.pack("<Q", len(text)) + text)
    for each in shard:
        name, tensor = next(stream)
        assert name == each.name, f"{name} came where {each.name} was announced"
        file.write(memoryview(_bytes(name, tensor, kind)))
        progress.advance()


def _bytes(name: str, tensor: torch.Tensor, kind: torch.dtype) -> Any:
    cast = tensor.to(kind).contiguous()
    if not bool(torch.isfinite(cast).all()):
        raise InputError(
            f"weights that {kind} can hold",
            got="infinity or NaN",
            where=name,
            hint="--dtype bfloat16",
        )
    return cast.reshape(-1).view(torch.uint8).numpy()


def _write_index(folder: Path, shards: Sequence[Sequence[TensorInfo]], itemsize: int) -> None:
    total = sum(_values(each.shape) * itemsize for shard in shards for each in shard)
    places = {
        each.name: _shard_name(number, len(shards))
        for number, shard in enumerate(shards, start=1)
        for each in shard
    }
    write_json(folder / INDEX_NAME, {"metadata": {"total_size": total}, "weight_map": places})


def _copy_rest(base: Path, folder: Path, dtype: str) -> None:
    for pattern in _KEPT:
        for path in base.glob(pattern):
            if path.name not in _NOT_KEPT:
                shutil.copyfile(path, folder / path.name)
    config = read_json(base / "config.json")
    config.pop("torch_dtype", None)
    write_json(folder / "config.json", {**config, "dtype": dtype})
