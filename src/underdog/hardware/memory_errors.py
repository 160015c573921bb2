"""Tells a lack of memory from other errors, by what they say; needs no torch."""

from __future__ import annotations


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
