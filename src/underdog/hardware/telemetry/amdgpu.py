"""What the amdgpu driver tells through sysfs and hwmon about one card, at this moment.

In: the card's device folder, such as /sys/class/drm/card0/device. Out: an AmdState, with None for
what this chip or kernel does not report. Sensors are found by their labels (edge, junction, mem),
for not every chip has an edge sensor and the numbering differs. No package, no root needed.

File names and units: Documentation/gpu/amdgpu/thermal.rst and driver-misc.rst of the Linux kernel
(millidegrees, microwatts, hertz, bytes, per cent).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

MICRO, MILLI, MEGA = 1e-6, 1e-3, 1e6


@dataclass(frozen=True, slots=True)
class AmdState:
    """`celsius` and `celsius_critical` are by sensor label; `gtt_used_bytes` is main memory that
    the card uses, all of it on an APU.
    """

    busy_percent: int | None
    memory_busy_percent: int | None
    vram_used_bytes: int | None
    vram_total_bytes: int | None
    gtt_used_bytes: int | None
    gtt_total_bytes: int | None
    celsius: dict[str, float]
    celsius_critical: dict[str, float]
    watts: float | None
    watts_limit: float | None
    clock_mhz: int | None
    memory_clock_mhz: int | None
    fan_rpm: int | None
    link: str | None


def read_amdgpu(device: Path) -> AmdState:
    """Read one card. A file that is missing gives None, never an error."""
    hwmon = next(iter(sorted(device.glob("hwmon/hwmon*"))), None)
    labels = {} if hwmon is None else _labels(hwmon)
    return AmdState(
        busy_percent=_number(device / "gpu_busy_percent"),
        memory_busy_percent=_number(device / "mem_busy_percent"),
        vram_used_bytes=_number(device / "mem_info_vram_used"),
        vram_total_bytes=_number(device / "mem_info_vram_total"),
        gtt_used_bytes=_number(device / "mem_info_gtt_used"),
        gtt_total_bytes=_number(device / "mem_info_gtt_total"),
        celsius=_by_label(hwmon, labels, "input"),
        celsius_critical=_by_label(hwmon, labels, "crit"),
        watts=_scaled(hwmon, ("power1_average", "power1_input"), MICRO),
        watts_limit=_scaled(hwmon, ("power1_cap",), MICRO),
        clock_mhz=_clock(device / "pp_dpm_sclk", hwmon, "freq1_input"),
        memory_clock_mhz=_clock(device / "pp_dpm_mclk", hwmon, "freq2_input"),
        fan_rpm=None if hwmon is None else _number(hwmon / "fan1_input"),
        link=_link(device),
    )


def _labels(hwmon: Path) -> dict[str, str]:
    """``{"temp1": "edge", "temp2": "junction"}``; one unlabelled sensor is the edge."""
    found = {path.name[: -len("_label")]: _text(path) for path in hwmon.glob("temp*_label")}
    named = {sensor: label for sensor, label in sorted(found.items()) if label}
    return named or ({"temp1": "edge"} if (hwmon / "temp1_input").exists() else {})


def _by_label(hwmon: Path | None, labels: dict[str, str], what: str) -> dict[str, float]:
    if hwmon is None:
        return {}
    values = {label: _number(hwmon / f"{sensor}_{what}") for sensor, label in labels.items()}
    return {label: value * MILLI for label, value in values.items() if value is not None}


def _scaled(hwmon: Path | None, names: tuple[str, ...], factor: float) -> float | None:
    """The first that is there: newer chips report only `power1_input`."""
    if hwmon is None:
        return None
    values = (_number(hwmon / name) for name in names)
    return next((value * factor for value in values if value is not None), None)


def _clock(levels: Path, hwmon: Path | None, name: str) -> int | None:
    """The level marked with a star in a list such as ``1: 1780Mhz *``, else the hwmon figure."""
    marked = re.search(r"(\d+)\s*Mhz\s*\*", _text(levels) or "", re.IGNORECASE)
    if marked:
        return int(marked[1])
    hertz = None if hwmon is None else _number(hwmon / name)
    return None if hertz is None else round(hertz / MEGA)


def _link(device: Path) -> str | None:
    speed, width = _text(device / "current_link_speed"), _text(device / "current_link_width")
    return f"{speed} x{width}" if speed and width else None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text is not None and text.lstrip("-").isdigit() else None
