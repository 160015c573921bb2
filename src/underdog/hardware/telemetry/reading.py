"""What a machine was doing at one moment, as plain values.

Everything but the time may be None: not every machine has a GPU, not every chip every sensor. Runs
on Python 3.10, for it is also sent to other machines. Never: a file, a clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class GpuReading:
    """One card. `celsius` is its hottest core sensor (junction where there is one), `limit_celsius`
    where the driver says that core is critical; `gtt_used_bytes` is main memory the card uses.
    """

    busy_percent: float | None = None
    vram_used_bytes: float | None = None
    vram_total_bytes: float | None = None
    gtt_used_bytes: float | None = None
    celsius: float | None = None
    edge_celsius: float | None = None
    memory_celsius: float | None = None
    limit_celsius: float | None = None
    watts: float | None = None
    watts_limit: float | None = None
    clock_mhz: float | None = None
    memory_clock_mhz: float | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """`at_s` is the time since 1970. `cpu_percent` is of all cores; `process_*` is the watched
    process with its children, where 100 is one core; `disk_*` is the file system of the run.
    """

    at_s: float
    cpu_percent: float | None = None
    ram_used_bytes: float | None = None
    ram_total_bytes: float | None = None
    disk_free_bytes: float | None = None
    disk_total_bytes: float | None = None
    process_cpu_percent: float | None = None
    process_bytes: float | None = None
    gpus: tuple[GpuReading, ...] = ()

    @property
    def gpu(self) -> GpuReading | None:
        """The card that holds most in its memory: the one a run on this machine most likely has."""
        return max(self.gpus, key=lambda gpu: gpu.vram_used_bytes or 0.0, default=None)

    def to_json(self) -> dict[str, Any]:
        """Without what is None."""
        table = {name: getattr(self, name) for name in HOST_FIELDS}
        gpus = [_without_none(asdict(gpu)) for gpu in self.gpus]
        return {**_without_none(table), "gpus": gpus}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Reading:
        """What `to_json` gave. Unknown names are left out, so that a newer sender is no error."""
        gpus = tuple(
            GpuReading(**{name: gpu[name] for name in GPU_FIELDS if name in gpu})
            for gpu in value.get("gpus", ())
        )
        return cls(**{name: value[name] for name in HOST_FIELDS if name in value}, gpus=gpus)


HOST_FIELDS = tuple(each.name for each in fields(Reading) if each.name != "gpus")
GPU_FIELDS = tuple(each.name for each in fields(GpuReading))


def _without_none(table: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in table.items() if value is not None}
