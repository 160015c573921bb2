"""NVIDIA's management library behind a small seam, loaded only when it is asked for.

`nvidia-ml-py` is optional: without it, or without a driver, there is simply no Nvml. Values that a
card does not report are None.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class NvidiaGpu:
    """What a card is: its name, memory and compute capability such as "9.0"."""

    index: int
    name: str
    memory_bytes: int
    capability: str | None


@dataclass(frozen=True, slots=True)
class NvidiaState:
    """What a card is doing."""

    memory_used_bytes: int | None
    busy_percent: int | None
    celsius: float | None
    watts: float | None
    watts_limit: float | None
    clock_mhz: int | None


class Nvml(Protocol):
    """What is asked of the library."""

    def driver(self) -> str:
        """The driver's version."""

    def cuda(self) -> str | None:
        """The newest CUDA that the driver serves, such as "12.8"."""

    def gpus(self) -> tuple[NvidiaGpu, ...]:
        """Every card, in the library's order."""

    def state(self, index: int) -> NvidiaState:
        """One card at this moment."""


class NvmlError(RuntimeError):
    """The library is there and refuses to work; the message is its own."""


def open_nvml() -> Nvml | None:
    """The library of this machine; None where it or the driver is missing. NvmlError where the
    driver and the library do not belong together, or the driver does not answer.
    """
    try:
        library = importlib.import_module("pynvml")
    except ImportError:
        return None
    try:
        library.nvmlInit()
    except library.NVMLError as error:
        absent = {"NVML_ERROR_LIBRARY_NOT_FOUND", "NVML_ERROR_DRIVER_NOT_LOADED"}
        codes = {getattr(library, name, None) for name in absent}
        if getattr(error, "value", None) in codes:
            return None
        raise NvmlError(str(error)) from error
    return _Library(library)


class _Library:
    """pynvml, with absent values as None."""

    def __init__(self, library: Any) -> None:
        self._nvml = library

    def driver(self) -> str:
        return _words(self._nvml.nvmlSystemGetDriverVersion())

    def cuda(self) -> str | None:
        number = self._asked(self._nvml.nvmlSystemGetCudaDriverVersion)
        return None if number is None else f"{number // 1000}.{number % 1000 // 10}"

    def gpus(self) -> tuple[NvidiaGpu, ...]:
        return tuple(self._gpu(index) for index in range(self._nvml.nvmlDeviceGetCount()))

    def _gpu(self, index: int) -> NvidiaGpu:
        handle = self._nvml.nvmlDeviceGetHandleByIndex(index)
        name = _words(self._nvml.nvmlDeviceGetName(handle))
        total = self._nvml.nvmlDeviceGetMemoryInfo(handle).total
        pair = self._asked(self._nvml.nvmlDeviceGetCudaComputeCapability, handle)
        return NvidiaGpu(index, name, total, None if pair is None else f"{pair[0]}.{pair[1]}")

    def state(self, index: int) -> NvidiaState:
        nvml, ask = self._nvml, self._asked
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        memory = ask(nvml.nvmlDeviceGetMemoryInfo, handle)
        rates = ask(nvml.nvmlDeviceGetUtilizationRates, handle)
        power = ask(nvml.nvmlDeviceGetPowerUsage, handle)
        limit = ask(nvml.nvmlDeviceGetEnforcedPowerLimit, handle)
        return NvidiaState(
            memory_used_bytes=None if memory is None else memory.used,
            busy_percent=None if rates is None else rates.gpu,
            celsius=ask(nvml.nvmlDeviceGetTemperature, handle, nvml.NVML_TEMPERATURE_GPU),
            watts=None if power is None else power / 1000,
            watts_limit=None if limit is None else limit / 1000,
            clock_mhz=ask(nvml.nvmlDeviceGetClockInfo, handle, nvml.NVML_CLOCK_SM),
        )

    def _asked(self, function: Callable[..., Any], *values: Any) -> Any:
        """The answer, or None where this card or driver has none."""
        try:
            return function(*values)
        except self._nvml.NVMLError:
            return None


def _words(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
