"""What is known of accelerators by name: memory, peak rate, the share of it that training reaches.

In: a name as people write it. Out: a Device. The figures with their origin are in `gpus.toml`.
Never: a look at this machine (`detect` does that).
"""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from underdog.errors import InputError

GIB = 1024**3
CPU_GFLOPS_PER_CORE = (15.0, 110.0)
"""Float32 products on one core, low and high: an assumption, wide on purpose. The low end is a core
shared with other work, the high end AVX-512 alone. `underdog plan --calibrate` measures."""


@dataclass(frozen=True, slots=True)
class Device:
    """What a model is trained on. `memory_bytes` is what programs can have at most; rates are in
    operations per second (`flops_16` in the 16-bit type that is trained in); `hfu` is the reached
    share of the peak, low and high. `count` devices of the kind are there, of which training uses
    one. `rates_known` is False where only the memory is. `bandwidth` is in bytes a second, and
    `source` the vendor's page; both are of known cards only.
    """

    name: str
    memory_bytes: int
    flops_16: float
    flops_32: float
    hfu: tuple[float, float]
    gfx: str = ""
    flash: bool = True
    bfloat16: bool = True
    is_cpu: bool = False
    count: int = 1
    rates_known: bool = True
    bandwidth: float | None = None
    source: str | None = None


def find_gpu(name: str) -> Device:
    """The device of a name such as "MI300X" or "RX 7900 XTX"; InputError names the nearest one."""
    table, wanted = known_gpus(), plain_name(name)
    for key in (wanted, f"rx{wanted}", f"rtx{wanted}", _further_names().get(wanted, "")):
        if key in table:
            return table[key]
    near = difflib.get_close_matches(wanted, table, n=1)
    raise InputError(
        "a known GPU is needed",
        got=name,
        hint=near[0] if near else f"one of {', '.join(table)}, or --memory GiB",
    )


def recognise(description: str) -> Device | None:
    """The device whose whole name stands in a driver's text, such as "AMD Instinct MI300X OAM". An
    A10G is no A10, and an L40 no L4.
    """
    text = description.lower()
    found = [device for key, device in known_gpus().items() if _stands_in(key, text)]
    return max(found, key=lambda device: len(device.name), default=None)


def _stands_in(key: str, text: str) -> bool:
    """The letters of `key` in a row, with blanks and marks between them or none."""
    spaced = r"[\W_]*".join(key)
    return re.search(rf"(?<![a-z0-9]){spaced}(?![a-z0-9])", text) is not None


@cache
def known_gpus() -> dict[str, Device]:
    """By plain name, in the order of the file."""
    return {plain_name(entry["name"]): _device(entry) for entry in _entries()}


@cache
def _further_names() -> dict[str, str]:
    return {also: plain_name(each["name"]) for each in _entries() for also in each.get("also", ())}


@cache
def _entries() -> list[dict[str, Any]]:
    text = (files("underdog.hardware") / "gpus.toml").read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = tomllib.loads(text)["gpu"]
    return entries


def _device(entry: dict[str, Any]) -> Device:
    """One row of the file."""
    low, high = entry["hfu"]
    half = entry.get("bf16_tflops", entry["fp16_tflops"])
    return Device(
        name=entry["name"],
        memory_bytes=entry["bytes"],
        flops_16=(half if entry.get("half_trusted", True) else entry["fp32_tflops"]) * 1e12,
        flops_32=entry["fp32_tflops"] * 1e12,
        hfu=(low, high),
        gfx=entry.get("gfx", ""),
        flash=entry.get("flash", True),
        bfloat16="bf16_tflops" in entry,
        bandwidth=entry["bandwidth_gb_s"] * 1e9,
        source=entry["source"],
    )


def processor(memory_bytes: int, cores: int) -> Device:
    """The CPU as a device: peak and reached share together give CPU_GFLOPS_PER_CORE."""
    low, high = CPU_GFLOPS_PER_CORE
    peak = high * 1e9 * cores
    return Device("cpu", memory_bytes, peak, peak, (low / high, 1.0), is_cpu=True)


def plain_name(name: str) -> str:
    """Lower case, without blanks, marks and the makers' words."""
    text = re.sub(r"amd|nvidia|instinct|radeon|geforce", "", name.lower())
    return re.sub(r"[^a-z0-9]", "", text)
