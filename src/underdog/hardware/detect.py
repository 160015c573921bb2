"""Which accelerator this machine has, and how much memory: from /sys, then the vendors' tools.

Out: a Device; the CPU where there is no accelerator. Never: root, a network, an import of torch (a
broken torch is no reason to know nothing).
"""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from underdog.hardware.gpus import Device, known_gpus, processor, recognise
from underdog.hardware.machine import read_machine, usable_cores

Tool = Callable[[Sequence[str]], str | None]
"""Runs a command; gives what it wrote, or None when it is missing or failed."""
UNKNOWN_MEMORY = 8 * 1024**3
"""Assumed where not even the main memory is known."""
TOOL_TIMEOUT_S = 10.0


def detect(root: Path = Path("/"), tool: Tool | None = None) -> Device:
    """The accelerator with most memory, else the CPU. `root` and `tool` are others in tests."""
    run = run_tool if tool is None else tool
    found = _amdgpu(root) or _amd_smi(run) or _nvidia_smi(run)
    if not found:
        return cpu(root)
    best = max(found, key=lambda device: device.memory_bytes)
    return replace(best, count=sum(device.name == best.name for device in found))


def cpu(root: Path = Path("/")) -> Device:
    """This machine's processor with the memory that this process may use."""
    total = read_machine(root / "proc").memory_bytes
    limits = [_number(root / "sys/fs/cgroup/memory.max"), total]
    return processor(min((x for x in limits if x), default=UNKNOWN_MEMORY), usable_cores())


def run_tool(command: Sequence[str]) -> str | None:
    """What a vendor's tool writes, or None."""
    try:
        done = subprocess.run(
            list(command), capture_output=True, text=True, timeout=TOOL_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def named(description: str, memory_bytes: int, gfx: str = "") -> Device:
    """A known device with the memory that was found; unknown ones borrow the rates of their gfx."""
    of_gfx = [device for device in known_gpus().values() if gfx and device.gfx == gfx]
    near = min(of_gfx, key=lambda device: abs(device.memory_bytes - memory_bytes), default=None)
    known = recognise(description) or near
    if known is not None:
        return replace(known, memory_bytes=memory_bytes)
    name = description or gfx or "gpu"
    return Device(name, memory_bytes, 0.0, 0.0, (0.0, 0.0), gfx=gfx, rates_known=False)


def _amdgpu(root: Path) -> list[Device]:
    """Amdgpu tells the memory per card; the topology of KFD tells the chip."""
    chips = kfd_chips(root)
    found: list[Device] = []
    for path in sorted(root.glob("sys/class/drm/card[0-9]*/device/mem_info_vram_total")):
        total = _number(path)
        if total:
            text = _text(path.parent / "product_name") or ""
            gfx = chips[len(found)] if len(found) < len(chips) else ""
            found.append(named(text, total, gfx))
    return found


def kfd_chips(root: Path) -> list[str]:
    """Gfx names of the GPU nodes: 90402 is gfx942, 100100 is gfx1010."""
    names = []
    pattern = "sys/class/kfd/kfd/topology/nodes/*/properties"
    for path in sorted(root.glob(pattern), key=lambda path: int(path.parent.name)):
        lines = (line.split() for line in (_text(path) or "").splitlines())
        fields = {words[0]: words[1] for words in lines if len(words) == 2}
        version = int(fields.get("gfx_target_version", "0"))
        if version:
            names.append(f"gfx{version // 10000}{version // 100 % 100:x}{version % 100:x}")
    return names


def _amd_smi(run: Tool) -> list[Device]:
    text = run(["amd-smi", "static", "--asic", "--vram", "--json"])
    try:
        value: Any = json.loads(text) if text else []
        entries = value.get("gpu_data", []) if isinstance(value, dict) else value
        return [
            named(
                str(each["asic"]["market_name"]),
                int(each["vram"]["size"]["value"]) * 1024**2,
                str(each["asic"].get("target_graphics_version", "")),
            )
            for each in entries
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []  # another version's layout: as good as no answer


def _nvidia_smi(run: Tool) -> list[Device]:
    text = run(["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"])
    try:
        rows = [row for row in csv.reader((text or "").splitlines()) if len(row) == 2]
        return [named(name, int(mib) * 1024**2) for name, mib in rows]
    except ValueError:
        return []


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text is not None and text.isdigit() else None
