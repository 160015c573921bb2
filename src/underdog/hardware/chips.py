"""What is known of AMD's chips: which wheels hold kernels for them, and what to leave alone there.

In: a gfx name as the kernel tells it. Out: a Chip, or None for one that the table does not have.
The figures with their origin are in `chips.toml`. Never: a look at this machine.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Chip:
    """One row of the table; the fields are explained at the head of the file."""

    gfx: str
    cards: str
    family: str
    upstream: bool
    vendor: str
    bfloat16: bool
    triton: str
    miopen: str
    hipblaslt: bool
    bitsandbytes: str
    flash: bool
    override: str | None = None
    integrated: bool = False

    def __post_init__(self) -> None:
        assert self.vendor in {"ready", "built", "none"}, self
        assert self.triton in {"good", "partial", "wrong", "none"}, self
        assert self.miopen in {"tuned", "plain", "none"}, self


@cache
def known_chips() -> dict[str, Chip]:
    """By gfx name, in the order of the file."""
    text = (files("underdog.hardware") / "chips.toml").read_text(encoding="utf-8")
    return {gfx: Chip(gfx=gfx, **row) for gfx, row in tomllib.loads(text).items()}


def gfx_name(version: int) -> str | None:
    """KFD's decimal ``gfx_target_version`` as a name: 100100 is gfx1010, 90010 is gfx90a.

    Two digits each of major, minor and stepping; minor and stepping are written in hexadecimal.
    None for 0, which is a processor.
    """
    if not version:
        return None
    return f"gfx{version // 10000}{version // 100 % 100:x}{version % 100:x}"


def override_name(value: str) -> str | None:
    """What HSA_OVERRIDE_GFX_VERSION makes of the chip: ``10.3.0`` is gfx1030; None if malformed."""
    words = value.strip().split(".")
    if len(words) != 3 or not all(word.isdigit() for word in words):
        return None
    major, minor, step = map(int, words)
    return f"gfx{major}{minor:x}{step:x}"
