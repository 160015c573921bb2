"""What ROCm's libraries should be told before torch is loaded, for the AMD chips of this machine.

In: the chips that the kernel driver names (never HSA_OVERRIDE_GFX_VERSION, which only tells what a
program pretends). Out: environment variables with their reasons; nothing without an AMD chip.
Never: an import of torch, another value for a variable that the user has set.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from underdog.hardware.detect import kfd_chips

AOTRITON = "TORCH_ROCM_AOTRITON_ENABLE_EXPERIMENTAL"
ALLOCATOR = "PYTORCH_ALLOC_CONF"
BUFFER_OPS = "AMDGCN_USE_BUFFER_OPS"
VARIABLES = (AOTRITON, ALLOCATOR, BUFFER_OPS)
_OTHER_NAMES = {ALLOCATOR: ("PYTORCH_HIP_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF")}
"""Older names that torch still reads: a user who set one has decided."""
_FIRST_WITH_SEGMENTS = (2, 11)


class Setting(NamedTuple):
    """One variable, its value, and why."""

    name: str
    value: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}={self.value} ({self.reason})"


def settings_for(chips: tuple[str, ...], torch: tuple[int, ...] | None) -> tuple[Setting, ...]:
    """Of gfx names such as "gfx1100", and the version of torch or None where there is none.

    Sources: pytorch pull request 134498 and unsloth issue 8821 (gfx1200: attention 3.6 to 11.8
    times faster), pytorch pull request 177974 (allocator), unsloth issue 11614 (gfx1010).
    """
    found = []
    if any(chip.startswith(("gfx11", "gfx12")) for chip in chips):
        found.append(Setting(AOTRITON, "1", "RDNA 3 and 4: flash attention is opt-in"))
    if chips and torch is not None and torch >= _FIRST_WITH_SEGMENTS:
        found.append(Setting(ALLOCATOR, "expandable_segments:True", "less fragmented memory"))
    if "gfx1010" in chips:
        found.append(Setting(BUFFER_OPS, "0", "gfx1010: Triton's buffer writes are lost"))
    return tuple(found)


def prepare(environment: MutableMapping[str, str], root: Path = Path("/")) -> tuple[Setting, ...]:
    """Set what the user has not set; gives what was set. Call it before torch is loaded."""
    done = []
    for setting in settings_for(tuple(kfd_chips(root)), installed_torch()):
        names = (setting.name, *_OTHER_NAMES.get(setting.name, ()))
        if not any(name in environment for name in names):
            environment[setting.name] = setting.value
            done.append(setting)
    return tuple(done)


def in_effect(environment: Mapping[str, str]) -> dict[str, str]:
    """Those of VARIABLES that are set, by whomever: for the record of a run."""
    return {name: environment[name] for name in VARIABLES if name in environment}


def installed_torch() -> tuple[int, ...] | None:
    """(2, 13) for 2.13.0; None without torch. From its metadata, without loading it."""
    try:
        parts = version("torch").split(".")
    except PackageNotFoundError:
        return None
    return tuple(int(part) for part in parts[:2] if part.isdigit())
