"""Room on the disk: where the library keeps what it downloads, and whether everything will fit.

In: the sets to fetch and the folders that will grow. Out: nothing, or a DiskFullError before the
first byte is written. Never: a deletion; the cache belongs to the user.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from underdog.errors import DiskFullError, MissingExtraError

MARGIN_SHARE, MARGIN_BYTES = 0.2, 64_000_000
"""Sizes in the catalogue are approximate: a fifth and 64 MB are kept free on top of them."""


class Need(NamedTuple):
    """Bytes that will be written below a folder."""

    folder: Path
    size_bytes: int


class CachePlace(NamedTuple):
    """A folder of the library's cache and what it holds now."""

    path: Path
    size_bytes: int


def cache_places(cache_dir: Path | None = None) -> tuple[CachePlace, ...]:
    """The folders that `datasets` and `huggingface_hub` use here, as they resolve them themselves.

    They read HF_HOME, HF_DATASETS_CACHE, HF_HUB_CACHE and XDG_CACHE_HOME. Of the hub's cache only
    the parts that hold data sets are counted, not the models beside them.
    """
    try:
        from datasets import config
        from huggingface_hub import constants
    except ImportError as error:
        raise MissingExtraError.of("fetching sets by name", "hub") from error
    prepared = Path(cache_dir or config.HF_DATASETS_CACHE).expanduser()
    downloads = Path(constants.HF_HUB_CACHE).expanduser()
    return (
        CachePlace(prepared, _size_below([prepared])),
        CachePlace(downloads, _size_below(downloads.glob("datasets--*"))),
    )


def _size_below(folders: Iterable[Path]) -> int:
    """Bytes of all files below; links are not followed, files that vanish meanwhile count 0."""
    total = 0
    for folder in folders:
        for path, _, names in os.walk(folder):
            for name in names:
                try:
                    total += (Path(path) / name).lstat().st_size
                except OSError:
                    continue
    return total


def check_room(
    needs: Sequence[Need],
    *,
    free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
) -> None:
    """DiskFullError when a disk has less free than its folders need, with the margin on top.

    Needs on one disk add up. `free` gives the free bytes of the disk that a folder is on.
    """
    disks: dict[int, list[Need]] = {}
    for need in needs:
        there = _nearest_folder(need.folder)
        disks.setdefault(there.stat().st_dev, []).append(need)
    for on_disk in disks.values():
        there = _nearest_folder(on_disk[0].folder)
        wanted = sum(need.size_bytes for need in on_disk)
        wanted += int(wanted * MARGIN_SHARE) + MARGIN_BYTES if wanted else 0
        if wanted > (left := free(there)):
            raise DiskFullError(
                f"room for about {megabytes(wanted)} is needed",
                got=f"{megabytes(left)} free",
                where=" and ".join(str(need.folder) for need in on_disk if need.size_bytes),
                hint="free some space, fewer sets, --limit N, or another --out (and HF_HOME for "
                "the cache)",
            )


def _nearest_folder(path: Path) -> Path:
    """The folder itself, or the nearest one above it that exists."""
    whole = path.absolute()
    return next(folder for folder in (whole, *whole.parents) if folder.is_dir())


def megabytes(size_bytes: float) -> str:
    """A size as people read it: "0.4 MB", "51 MB", "3.2 GB"."""
    if size_bytes >= 1e9:
        return f"{size_bytes / 1e9:.1f} GB"
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes < 1e7 else f"{size_bytes / 1e6:.0f} MB"
