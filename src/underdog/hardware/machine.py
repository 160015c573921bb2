"""A short description of this machine for the record of a run. Reads /proc and package metadata."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

RECORDED_PACKAGES = (
    "torch",
    "transformers",
    "peft",
    "accelerate",
    "numpy",
    "tokenizers",
    "pyarrow",
)


@dataclass(frozen=True, slots=True)
class Machine:
    """`memory_bytes` is None without /proc/meminfo; `packages` holds installed ones only."""

    system: str
    python: str
    cpu: str
    cores: int
    memory_bytes: int | None
    packages: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return asdict(self)


def read_machine(proc: Path = Path("/proc")) -> Machine:
    """Describe the machine that runs this process. `proc` is another root in tests."""
    return Machine(
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        cpu=_field(proc / "cpuinfo", "model name") or platform.machine(),
        cores=usable_cores(),
        memory_bytes=_memory_bytes(proc / "meminfo"),
        packages=dict(_installed()),
    )


def usable_cores() -> int:
    """Cores this process may run on, which a container may set below the machine's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _field(path: Path, name: str) -> str | None:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), None)


def _memory_bytes(path: Path) -> int | None:
    total = _field(path, "MemTotal")
    return int(total.split()[0]) * 1024 if total else None


def _installed() -> list[tuple[str, str]]:
    found = []
    for name in RECORDED_PACKAGES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return found
