"""The frozen model that adapters sit on: loaded quietly, recognised by its content.

In: a folder or a hub name. Out: a causal language model in evaluation mode with its tokenizer, and
a digest that depends on the weights and the shape only. Never: a download for a local folder, a
change to the model, a progress bar.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging as transformers_logging

from underdog.adapters.embedded import find_base
from underdog.errors import InputError
from underdog.runs.files import digest_value

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
"""Names that recipes use. float32 is the only one that is exact and fast on a CPU."""
WHOLE_DIGEST_BYTES = 4 * 1024**3
"""Models up to this size are read in full for their digest; larger ones are sampled."""
SAMPLE_VALUES = 65_536
"""Values read at each end of a tensor of a model too large to read in full."""
_UNSTABLE_KEYS = {"_name_or_path", "transformers_version", "dtype", "torch_dtype"}


class Base(NamedTuple):
    """`model` is a transformers causal language model, `tokenizer` satisfies `mcq.encode`."""

    model: Any
    tokenizer: Any


def load_base(source: str | Path, *, dtype: str = "float32") -> Base:
    """Load a model folder, a hub name or an embedded base into memory on the CPU, for evaluation.

    Raises InputError when there is no such model or it is not whole.
    """
    if dtype not in DTYPES:
        raise InputError(f"a dtype out of {', '.join(DTYPES)} is needed", got=dtype)
    where, local = _locate(find_base(source))
    try:
        with quiet_transformers():
            tokenizer = AutoTokenizer.from_pretrained(where, local_files_only=local)
            model = AutoModelForCausalLM.from_pretrained(
                where, dtype=DTYPES[dtype], local_files_only=local
            )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise InputError(
            "a causal language model in Hugging Face format is needed",
            got=_first_line(error),
            where=where,
            hint="a folder with config.json, model.safetensors and tokenizer.json",
        ) from error
    _check_tokenizer(tokenizer, where)
    model.eval()
    return Base(model, tokenizer)


def model_digest(model: Any) -> str:
    """SHA-256 over the configuration and the weights; equal for equal content anywhere on disk.

    Beyond WHOLE_DIGEST_BYTES only both ends of every tensor are read (72B would take minutes).
    """
    config = {key: value for key, value in _config(model).items() if key not in _UNSTABLE_KEYS}
    digest = hashlib.sha256(digest_value(config).encode("ascii"))
    tensors = sorted(model.state_dict().items())
    size = sum(tensor.numel() * tensor.element_size() for _, tensor in tensors)
    for name, tensor in tensors:
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        for piece in _pieces(tensor.detach().reshape(-1), whole=size <= WHOLE_DIGEST_BYTES):
            digest.update(piece.contiguous().cpu().view(torch.uint8).numpy().data)
    return digest.hexdigest()


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Only errors are logged and no bar is drawn; put back afterwards."""
    verbosity = transformers_logging.get_verbosity()
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if bars:
            transformers_logging.enable_progress_bar()


def _locate(source: str | Path) -> tuple[str, bool]:
    """Where to load from, and whether that is a folder on this machine."""
    path = Path(source).expanduser()
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise InputError(
                "a model folder with a config.json is needed", got="none there", where=path
            )
        return str(path), True
    text = str(source)
    looks_like_path = (
        isinstance(source, Path)
        or text.startswith((".", "~", os.sep))
        or text.count("/") != 1
        or path.exists()
    )
    if looks_like_path:
        raise InputError(
            "an existing model folder is needed",
            got="a file" if path.exists() else "no such folder",
            where=path,
            hint="a folder in Hugging Face format, or a hub name such as Qwen/Qwen2.5-0.5B",
        )
    return text, False


def _check_tokenizer(tokenizer: Any, where: str) -> None:
    """With its file missing, transformers 5.23 gives an empty tokenizer without a word."""
    if not tokenizer.encode("a", add_special_tokens=False):
        raise InputError(
            "a tokenizer that cuts text into tokens is needed",
            got="one without a vocabulary",
            where=where,
            hint="the tokenizer.json that belongs to the model",
        )


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__


def _config(model: Any) -> dict[str, Any]:
    values: dict[str, Any] = model.config.to_diff_dict()
    return values


def _pieces(flat: torch.Tensor, *, whole: bool) -> Iterator[torch.Tensor]:
    if whole or flat.numel() <= 2 * SAMPLE_VALUES:
        yield flat
    else:
        yield flat[:SAMPLE_VALUES]
        yield flat[-SAMPLE_VALUES:]
