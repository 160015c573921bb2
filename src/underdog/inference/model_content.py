"""What a model is made of, so exactly that no changed file goes unnoticed, without reading 144 GB.

In: a base, an adapter. Out: plain JSON that differs when a file does. Never: a model in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from underdog.adapters.embedded import find_base
from underdog.inference.evidence_cache import EvidenceCache, ModelCache
from underdog.inference.scorer import ScoringConfig, default_device, find_adapter
from underdog.runs.files import digest_file

WHOLE_BYTES = 256 * 2**20
"""Files up to this size are read in full (a quarter of a second)."""
_SAMPLES, _SAMPLE_BYTES = 64, 2**16
"""Of larger ones, evenly spread; with size and both time stamps, which every write moves."""


def model_cache(
    cache: EvidenceCache | None,
    base: str | Path,
    adapter: Path | None,
    *,
    config: ScoringConfig,
    dtype: str,
    device: str | None = None,
) -> ModelCache | None:
    """The part of `cache` that belongs to a base with an adapter on it; None where there is no
    cache or the base's files are not known.
    """
    if cache is None:
        return None
    content = model_content(base, adapter, dtype=dtype, device=device or default_device())
    return None if content is None else ModelCache(cache, content, config)


def model_content(
    base: str | Path, adapter: Path | None, *, dtype: str, device: str
) -> Mapping[str, Any] | None:
    """Every file of the base and of the adapter. None for a base whose files are not on this
    machine: nothing about it can be known to be unchanged.
    """
    folder = _local_folder(base)
    if folder is None:
        return None
    return {
        "base": _files(folder),
        "adapter": None if adapter is None else _files(find_adapter(adapter)),
        "dtype": dtype,
        "device": device.partition(":")[0],
    }


def _local_folder(base: str | Path) -> Path | None:
    """A hub name is looked up in the hub's own cache; nothing is downloaded."""
    found = find_base(base)
    if Path(found).is_dir():
        return Path(found)
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(str(base), local_files_only=True))
    except (OSError, ValueError):
        return None


def _files(folder: Path) -> dict[str, str]:
    """Documentation and hidden files decide nothing."""
    return {
        path.name: _content(path)
        for path in sorted(folder.iterdir())
        if path.is_file() and not path.name.startswith(".") and path.suffix != ".md"
    }


def _content(path: Path) -> str:
    known = path.stat()
    if known.st_size <= WHOLE_BYTES:
        return digest_file(path)
    digest = hashlib.sha256(f"{known.st_size} {known.st_mtime_ns} {known.st_ctime_ns}".encode())
    with path.open("rb") as stream:
        for sample in range(_SAMPLES):
            stream.seek((known.st_size - _SAMPLE_BYTES) * sample // (_SAMPLES - 1))
            digest.update(stream.read(_SAMPLE_BYTES))
    return f"sampled {digest.hexdigest()}"
