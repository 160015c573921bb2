"""Tells a lack of memory from other errors, and how to cut a step's rows so that it fits."""

from __future__ import annotations

import gc

import torch

from underdog.errors import RunError


def is_out_of_memory(error: BaseException) -> bool:
    """MemoryError, or what torch raises on accelerators ("CUDA out of memory", "HIP out of
    memory": `torch.OutOfMemoryError`, a RuntimeError) and on CPUs ("can't allocate memory").
    """
    if isinstance(error, MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "out of memory" in text or "can't allocate memory" in text
    )


def more_parts(parts: int, rows: int) -> int | None:
    """Twice the parts for a step of `rows` rows, never more than one row each; None at that end."""
    parts = min(parts, rows)
    return None if parts >= rows else min(2 * parts, rows)


def no_room(cause: str, *, step: int) -> RunError:
    """One row at a time does not fit either."""
    return RunError(
        "memory for one row at a time is needed",
        got=f"step {step}: {cause.splitlines()[0][:200] if cause else 'none left'}",
        hint="a smaller max_tokens, activation checkpointing, a 16-bit base, or a lower rank",
    )


def free_memory() -> None:
    """Give back what a failed pass left."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
