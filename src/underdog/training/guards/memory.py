"""How to cut a step's rows so that they fit into memory, and the end of that."""

from __future__ import annotations

import gc

import torch

from underdog.errors import RunError


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
