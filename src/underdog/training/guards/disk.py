"""Whether the next checkpoints will fit, and what could be deleted when they will not.

In: sizes in bytes. Out: a verdict; paths with their sizes, largest first. Never: a deletion.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

OVERHEAD_BYTES = 64 * 2**10
"""Of a checkpoint beside its tensors: random states, digests, file headers."""


class Deletable(NamedTuple):
    """Something the run can go on without."""

    path: Path
    size_bytes: int


def fits(free_bytes: int, checkpoint_bytes: int) -> bool:
    """`checkpoint_bytes` is what one checkpoint takes, measured or estimated."""
    return free_bytes >= checkpoint_bytes


def estimate_bytes(adapter_bytes: int) -> int:
    """A checkpoint before the first one was measured: weights and AdamW's two moments."""
    return 3 * adapter_bytes + OVERHEAD_BYTES


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; 0 for what is not there."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def largest_first(paths: Iterable[Path]) -> list[Deletable]:
    """What is there, with its size."""
    found = [Deletable(path, size_of(path)) for path in paths if path.exists()]
    return sorted(found, key=lambda each: (-each.size_bytes, str(each.path)))


def what_to_delete(deletable: list[Deletable], most: int = 3) -> str:
    """A hint for a person."""
    if not deletable:
        return "free some space and repeat the same command"
    named = ", ".join(f"{each.path} ({megabytes(each.size_bytes)})" for each in deletable[:most])
    return f"delete {named}, and repeat the same command"


def megabytes(size_bytes: int) -> str:
    """Such as "12.3 MB"."""
    return f"{size_bytes / 1e6:.1f} MB"
