"""Room to work in: disk, inodes, shared memory, main memory, and caches that grow.

In: a Host. Out: findings. Folders are measured for a limited time only, so that a cache of a
million files costs half a second and not minutes; what was measured says when it is a part.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from underdog.hardware.doctor.finding import Finding, Severity
from underdog.hardware.doctor.host import Host, Volume

GB = 10**9
DISK_LOW, DISK_VERY_LOW = 50 * GB, 5 * GB
"""One 8B model with its checkpoints takes about 50 GB; below 5 GB not even a wheel installs."""
INODES_LOW_SHARE = 0.05
SHM_NEEDED = GB
"""Docker's default of 64 MB ends in a bus error as soon as workers hand over batches."""
MEMORY_LOW = 8 * 2**30
CACHE_LARGE = 100 * GB
INCOMPLETE_LARGE = GB
WEEK_S = 7 * 86400
MEASURE_S = 0.4
"""For each folder; together they stay below the doctor's two seconds."""
HUB = "https://huggingface.co/docs/huggingface_hub/guides/manage-cache"
SEED = "https://github.com/huggingface/huggingface_hub/issues/2742"


@dataclass(frozen=True, slots=True)
class Measured:
    """What a folder holds. `recent_bytes` were written within a week; `whole` is False where the
    time ran out.
    """

    size_bytes: int
    files: int
    recent_bytes: int
    incomplete: tuple[tuple[str, int], ...]
    whole: bool


def check_room(host: Host) -> Iterator[Finding]:
    """Everything about space."""
    yield from _disks(host)
    yield from _shared_memory(host)
    yield from _memory(host)
    yield from _hub_cache(host)
    yield from _kernel_caches(host)


def hub_cache(host: Host) -> Path:
    """Where downloads of the Hugging Face hub go."""
    named = host.variable("HF_HUB_CACHE")
    if named:
        return Path(named)
    home = host.variable("HF_HOME")
    return (Path(home) if home else host.home / ".cache/huggingface") / "hub"


def kernel_caches(host: Host) -> tuple[Path, ...]:
    """Folders of compiled kernels; all of them are made again when they are missing."""
    triton = host.variable("TRITON_CACHE_DIR")
    miopen = host.variable("MIOPEN_CUSTOM_CACHE_DIR")
    user = host.variable("USER") or "root"
    inductor = host.variable("TORCHINDUCTOR_CACHE_DIR")
    return (
        Path(triton) if triton else host.home / ".triton/cache",
        Path(miopen) if miopen else host.home / ".cache/miopen",
        Path(inductor) if inductor else Path(f"/tmp/torchinductor_{user}"),  # noqa: S108
    )


def measure(folder: Path, now_s: float | None = None, budget_s: float = MEASURE_S) -> Measured:
    """Sizes of the files below a folder; links are not followed, so blobs count once."""
    now = time.time() if now_s is None else now_s
    end = time.monotonic() + budget_s
    size = files = recent = 0
    incomplete: list[tuple[str, int]] = []
    todo, whole = [os.fspath(folder)], True
    while todo:
        if time.monotonic() > end:
            whole = False
            break
        for entry in _entries(todo.pop()):
            if entry.is_dir(follow_symlinks=False):
                todo.append(entry.path)
            elif entry.is_file(follow_symlinks=False):
                info = entry.stat(follow_symlinks=False)
                held = info.st_blocks * 512
                size, files = size + held, files + 1
                recent += held if now - info.st_mtime < WEEK_S else 0
                if entry.name.endswith(".incomplete"):
                    incomplete.append((entry.path, held))
    return Measured(size, files, recent, tuple(sorted(incomplete)), whole)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []


def _disks(host: Host) -> Iterator[Finding]:
    """One finding per file system, however many of the folders are on it."""
    places = {"the working folder": host.folder, "downloads": hub_cache(host)}
    seen: dict[tuple[int, int, int], list[str]] = {}
    volumes: dict[tuple[int, int, int], Volume] = {}
    for what, path in places.items():
        volume = host.volume(path)
        if volume is not None:
            key = (volume.device, volume.total_bytes, volume.free_bytes)
            seen.setdefault(key, []).append(f"{what} ({path})")
            volumes[key] = volume
    for key, volume in volumes.items():
        yield from _disk(" and ".join(seen[key]), volume)


def _disk(what: str, volume: Volume) -> Iterator[Finding]:
    free, total = volume.free_bytes, volume.total_bytes
    evidence = (f"{what}: {_size(free)} of {_size(total)} free",)
    if free < DISK_LOW:
        worst = Severity.ERROR if free < DISK_VERY_LOW else Severity.WARNING
        yield Finding(
            "disk-low",
            worst,
            f"Only {_size(free)} are free: "
            + ("nothing can be kept" if free < DISK_VERY_LOW else "an 8B model takes about 50 GB"),
            evidence,
            remedy="hf cache prune  # or: export HF_HOME=/a/larger/disk",
            link=SEED,
        )
    else:
        yield Finding("disk", Severity.GOOD, f"{_size(free)} of disk are free", evidence)
    if volume.inodes and volume.free_inodes is not None:
        share = volume.free_inodes / volume.inodes
        if share < INODES_LOW_SHARE:
            yield Finding(
                "inodes-low",
                Severity.ERROR if share < INODES_LOW_SHARE / 10 else Severity.WARNING,
                f"{100 * share:.1f} % of the inodes are left: files fail although bytes are free",
                (f"{what}: {volume.free_inodes:,} of {volume.inodes:,} inodes free",),
                remedy="du --inodes -d 2 ~ | sort -n | tail",
                link=SEED,
            )


def _shared_memory(host: Host) -> Iterator[Finding]:
    if not host.exists("dev/shm"):
        return
    volume = host.volume(host.root / "dev/shm")
    if volume is None or volume.total_bytes >= SHM_NEEDED:
        return
    yield Finding(
        "shm-small",
        Severity.WARNING,
        f"Shared memory holds {_size(volume.total_bytes)}: data loader workers die of a bus error",
        (f"dev/shm: {_size(volume.free_bytes)} of {_size(volume.total_bytes)} free",),
        remedy="docker run --shm-size=16g ... IMAGE  # or --ipc=host; or workers=0",
        link="https://github.com/pytorch/pytorch/issues/5040",
    )


def _memory(host: Host) -> Iterator[Finding]:
    fields = _meminfo(host.text("proc/meminfo"))
    total, free = fields.get("MemTotal"), fields.get("MemAvailable")
    if total is None:
        return
    limit = host.number("sys/fs/cgroup/memory.max")
    usable = min(total, limit) if limit else total
    evidence = [f"/proc/meminfo: {_size(total)} in all, {_size(free or 0)} available"]
    if limit and limit < total:
        evidence.append(f"/sys/fs/cgroup/memory.max: {_size(limit)}")
    if usable < MEMORY_LOW:
        yield Finding(
            "memory-low",
            Severity.WARNING,
            f"{_size(usable)} of main memory: loading a model of 4B weights or more is killed",
            tuple(evidence),
            remedy="underdog plan --recipe tiny",
        )
    else:
        yield Finding("memory", Severity.GOOD, f"{_size(usable)} of main memory", tuple(evidence))


def _meminfo(text: str | None) -> dict[str, int]:
    words = (line.replace(":", " ").split() for line in (text or "").splitlines())
    return {each[0]: int(each[1]) * 1024 for each in words if len(each) >= 2 and each[1].isdigit()}


def _hub_cache(host: Host) -> Iterator[Finding]:
    folder = hub_cache(host)
    if not folder.is_dir():
        return
    found = measure(folder)
    host.read.append(f"{folder}: {found.files} files")
    at_least = "" if found.whole else "at least "
    evidence = [
        f"{folder}: {at_least}{_size(found.size_bytes)} in {found.files:,} files",
        f"written within a week: {_size(found.recent_bytes)}",
    ]
    left = sum(size for _, size in found.incomplete)
    if left > INCOMPLETE_LARGE:
        yield Finding(
            "downloads-broken-off",
            Severity.HINT,
            f"{_size(left)} of downloads were never finished",
            (f"{len(found.incomplete)} files end in .incomplete below {folder}",),
            remedy="underdog doctor --fix",
            link=HUB,
        )
    volume = host.volume(folder)
    days = None
    if volume is not None and found.recent_bytes > 0:
        days = volume.free_bytes / (found.recent_bytes / 7)
    if found.size_bytes > CACHE_LARGE or (days is not None and days < 7):
        if days is not None:
            evidence.append(f"at that pace the disk is full in {days:.1f} days")
        yield Finding(
            "cache-growth",
            Severity.WARNING,
            f"The cache of downloads holds {at_least}{_size(found.size_bytes)} and grows",
            tuple(evidence),
            remedy="hf cache prune",
            link=HUB,
        )


def _kernel_caches(host: Host) -> Iterator[Finding]:
    there = [folder for folder in kernel_caches(host) if folder.is_dir()]
    sizes = [(folder, measure(folder, budget_s=MEASURE_S / 4)) for folder in there]
    large = [(folder, found) for folder, found in sizes if found.size_bytes > 5 * GB]
    if large:
        yield Finding(
            "kernel-caches",
            Severity.HINT,
            "Caches of compiled kernels have grown large; they are made again when missing",
            tuple(f"{folder}: {_size(found.size_bytes)}" for folder, found in large),
            remedy="underdog doctor --fix",
        )


def _size(number: float) -> str:
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.0f} GB" if number >= 100 else f"{number:.1f} GB"
