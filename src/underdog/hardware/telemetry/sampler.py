"""Takes readings: the host, one process, the disk of one folder, and every card.

In: which process and which folder. Out: a Reading at each call; shares of processor time are those
since the call before, so the first reading has none. Runs on Python 3.10, for it is also sent to
other machines. Never: a thread, a write; a sensor that fails is None, not an error.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from underdog.hardware.telemetry.amdgpu import AmdState, read_amdgpu
from underdog.hardware.telemetry.nvml import NvidiaGpu, NvidiaState, Nvml, NvmlError, open_nvml
from underdog.hardware.telemetry.processes import (
    PROC,
    HostTimes,
    ProcessUse,
    host_times,
    memory,
    process_use,
)
from underdog.hardware.telemetry.reading import GpuReading, Reading

AMD = "0x1002"
CORE_SENSORS = ("junction", "edge")
"""The hottest place of the core first; chips before Vega 20 have no junction sensor."""


def amd_cards(root: Path = Path("/")) -> tuple[Path, ...]:
    """Device folders of AMD's cards."""
    vendors = sorted(root.glob("sys/class/drm/card[0-9]*/device/vendor"))
    cards = [path.parent for path in vendors if "-" not in path.parent.parent.name]
    return tuple(card for card in cards if (card / "vendor").read_text().strip() == AMD)


class Sampler:
    """`pid` None reads no process, `folder` None no disk. `root` is where /proc and /sys are."""

    def __init__(
        self,
        pid: int | None,
        folder: Path | None,
        *,
        root: Path = Path("/"),
        clock: Callable[[], float] = time.time,
        nvml: Callable[[], Nvml | None] = open_nvml,
    ) -> None:
        self.pid, self._folder, self._clock = pid, folder, clock
        self._proc = root / PROC.relative_to("/")
        self._amd = amd_cards(root)
        self._nvml = _opened(nvml)
        self._nvidia = () if self._nvml is None else self._nvml.gpus()
        self._before: tuple[float, HostTimes | None, ProcessUse | None] | None = None

    def take(self) -> Reading:
        """The machine now."""
        now = self._clock()
        times, held = host_times(self._proc), memory(self._proc)
        use = None if self.pid is None else process_use(self.pid, self._proc)
        before, self._before = self._before, (now, times, use)
        disk = _disk(self._folder)
        return Reading(
            at_s=now,
            cpu_percent=None if before is None else _host_share(before[1], times),
            ram_used_bytes=None if held is None else held.used_bytes,
            ram_total_bytes=None if held is None else held.total_bytes,
            disk_free_bytes=None if disk is None else disk[0],
            disk_total_bytes=None if disk is None else disk[1],
            process_cpu_percent=None if before is None else _share(before[2], use, now - before[0]),
            process_bytes=None if use is None else use.resident_bytes,
            gpus=self._gpus(),
        )

    def _gpus(self) -> tuple[GpuReading, ...]:
        amd = [from_amd(read_amdgpu(card)) for card in self._amd]
        if self._nvml is None:
            return tuple(amd)
        nvml = self._nvml
        return (*amd, *(from_nvidia(nvml.state(gpu.index), gpu) for gpu in self._nvidia))


def from_amd(state: AmdState) -> GpuReading:
    """As every card is told."""
    core = next((name for name in CORE_SENSORS if name in state.celsius), None)
    return GpuReading(
        busy_percent=state.busy_percent,
        vram_used_bytes=state.vram_used_bytes,
        vram_total_bytes=state.vram_total_bytes,
        gtt_used_bytes=state.gtt_used_bytes,
        celsius=None if core is None else state.celsius[core],
        edge_celsius=state.celsius.get("edge"),
        memory_celsius=state.celsius.get("mem"),
        limit_celsius=None if core is None else state.celsius_critical.get(core),
        watts=state.watts,
        watts_limit=state.watts_limit,
        clock_mhz=state.clock_mhz,
        memory_clock_mhz=state.memory_clock_mhz,
    )


def from_nvidia(state: NvidiaState, gpu: NvidiaGpu) -> GpuReading:
    """As every card is told; NVML has one temperature here."""
    return GpuReading(
        busy_percent=state.busy_percent,
        vram_used_bytes=state.memory_used_bytes,
        vram_total_bytes=gpu.memory_bytes,
        celsius=state.celsius,
        watts=state.watts,
        watts_limit=state.watts_limit,
        clock_mhz=state.clock_mhz,
    )


def _opened(nvml: Callable[[], Nvml | None]) -> Nvml | None:
    try:
        return nvml()
    except NvmlError:
        return None


def _host_share(before: HostTimes | None, now: HostTimes | None) -> float | None:
    if before is None or now is None or now.all_s <= before.all_s:
        return None
    return 100 * (now.busy_s - before.busy_s) / (now.all_s - before.all_s)


def _share(before: ProcessUse | None, now: ProcessUse | None, seconds: float) -> float | None:
    """None also where a child ended and took its time with it."""
    if before is None or now is None or seconds <= 0 or now.cpu_s < before.cpu_s:
        return None
    return 100 * (now.cpu_s - before.cpu_s) / seconds


def _disk(folder: Path | None) -> tuple[int, int] | None:
    if folder is None:
        return None
    try:
        told = os.statvfs(folder)
    except OSError:
        return None
    return told.f_bavail * told.f_frsize, told.f_blocks * told.f_frsize
