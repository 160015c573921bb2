"""What a card is doing, from files as amdgpu writes them, and from a library like pynvml."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from underdog.hardware.telemetry.amdgpu import read_amdgpu
from underdog.hardware.telemetry.nvml import NvmlError, open_nvml

SENSORS = {
    "gpu_busy_percent": "100",
    "mem_info_vram_used": "159400000000",
    "mem_info_vram_total": "205822885888",
    "mem_info_gtt_used": "20971520",
    "pp_dpm_sclk": "0: 132Mhz\n1: 2100Mhz *",
    "current_link_speed": "32.0 GT/s PCIe",
    "current_link_width": "16",
    "hwmon/hwmon3/temp2_label": "junction",
    "hwmon/hwmon3/temp2_input": "70000",
    "hwmon/hwmon3/temp2_crit": "100000",
    "hwmon/hwmon3/temp3_label": "mem",
    "hwmon/hwmon3/temp3_input": "47000",
    "hwmon/hwmon3/power1_input": "749000000",
    "hwmon/hwmon3/power1_cap": "750000000",
    "hwmon/hwmon3/freq2_input": "1300000000",
}


def card(folder: Path, files: dict[str, str]) -> Path:
    """A device folder with these files."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return folder


def test_an_mi300x_at_work_is_read_by_label(tmp_path: Path) -> None:
    """No edge sensor, power under its newer name, the marked clock; units as people use them."""
    state = read_amdgpu(card(tmp_path, SENSORS))
    assert state.celsius == {"junction": 70.0, "mem": 47.0}
    assert state.celsius_critical == {"junction": 100.0}
    assert (state.watts, state.watts_limit) == (749.0, 750.0)
    assert (state.clock_mhz, state.memory_clock_mhz) == (2100, 1300)
    assert (state.busy_percent, state.vram_used_bytes) == (100, 159_400_000_000)
    assert state.link == "32.0 GT/s PCIe x16"
    assert (state.fan_rpm, state.memory_busy_percent, state.gtt_total_bytes) == (None, None, None)


def test_a_card_that_reports_nothing_is_no_error(tmp_path: Path) -> None:
    """Every figure is None or empty; one unlabelled sensor counts as the edge."""
    state = read_amdgpu(tmp_path)
    assert (state.busy_percent, state.watts, state.celsius, state.link) == (None, None, {}, None)
    (tmp_path / "hwmon/hwmon0").mkdir(parents=True)
    (tmp_path / "hwmon/hwmon0/temp1_input").write_text("41000")
    assert read_amdgpu(tmp_path).celsius == {"edge": 41.0}


class LibraryError(Exception):
    """As pynvml's: with the number of the error."""

    def __init__(self, value: int) -> None:
        super().__init__("Driver/library version mismatch" if value == 18 else f"error {value}")
        self.value = value


def library(start: int | None = None) -> SimpleNamespace:
    """As much of pynvml as is asked; `start` is the error of nvmlInit."""

    def init() -> None:
        if start is not None:
            raise LibraryError(start)

    def absent(*_: object) -> None:
        raise LibraryError(3)

    return SimpleNamespace(
        NVMLError=LibraryError,
        NVML_ERROR_DRIVER_NOT_LOADED=9,
        NVML_ERROR_LIBRARY_NOT_FOUND=12,
        NVML_TEMPERATURE_GPU=0,
        NVML_CLOCK_SM=1,
        nvmlInit=init,
        nvmlSystemGetDriverVersion=lambda: b"570.158.01",
        nvmlSystemGetCudaDriverVersion=lambda: 12080,
        nvmlDeviceGetCount=lambda: 1,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetName=lambda handle: "NVIDIA H200",
        nvmlDeviceGetMemoryInfo=lambda handle: SimpleNamespace(total=10**11, used=10**9),
        nvmlDeviceGetCudaComputeCapability=lambda handle: (9, 0),
        nvmlDeviceGetUtilizationRates=lambda handle: SimpleNamespace(gpu=97),
        nvmlDeviceGetPowerUsage=lambda handle: 76500,
        nvmlDeviceGetEnforcedPowerLimit=absent,
        nvmlDeviceGetTemperature=lambda handle, kind: 31,
        nvmlDeviceGetClockInfo=lambda handle, kind: 1980,
    )


def test_nvml_is_read_and_what_a_card_lacks_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes become words, milliwatts watts; an unsupported figure is None."""
    monkeypatch.setitem(__import__("sys").modules, "pynvml", library())
    nvml = open_nvml()
    assert nvml is not None
    assert (nvml.driver(), nvml.cuda()) == ("570.158.01", "12.8")
    assert [(gpu.name, gpu.capability) for gpu in nvml.gpus()] == [("NVIDIA H200", "9.0")]
    state = nvml.state(0)
    assert (state.busy_percent, state.watts, state.watts_limit) == (97, 76.5, None)


def test_no_driver_is_no_nvml_and_a_mismatch_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without NVIDIA's driver is simply another machine."""
    modules = __import__("sys").modules
    monkeypatch.setitem(modules, "pynvml", library(9))
    assert open_nvml() is None
    monkeypatch.setitem(modules, "pynvml", library(18))
    with pytest.raises(NvmlError, match="Driver/library version mismatch"):
        open_nvml()
    monkeypatch.setitem(modules, "pynvml", None)
    assert open_nvml() is None
