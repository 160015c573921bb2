"""What the probes ask an accelerator to compute, and PyTorch as the one that answers.

Everything goes in and comes out as float64 arrays of numpy, so that a probe compares values and
knows nothing of devices. Another backend, such as one that computes wrongly on purpose in a test,
is a function of the device's name that gives a Backend. PyTorch is imported when it is opened.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Unavailable(Exception):  # noqa: N818 - an outcome that a probe reports, not a fault
    """This backend cannot do that here; the message says why."""


class Backend(Protocol):
    """The operations of training, on one device."""

    def describe(self) -> str:
        """The device, the library and its version."""

    def matmul(self, a: Array, b: Array, dtype: str) -> Array:
        """A product of matrices in that type, summed by the device."""

    def convolve(self, x: Array, w: Array, *, vendor: bool) -> Array:
        """Two-dimensional convolution in float32, padding 1, with the vendor's library or not."""

    def normalise(self, x: Array, *, vendor: bool) -> Array:
        """Batch norm in training mode, float32, no affine part, epsilon 1e-5."""

    def attend(self, q: Array, k: Array, v: Array, dtype: str) -> tuple[Array, str]:
        """Causal scaled dot-product attention, and the name of the kernel that computed it."""

    def compiled_add(self, a: Array, b: Array) -> Array:
        """A sum by a Triton kernel; Unavailable without Triton or a GPU."""


def open_backend(place: str, device: str | None) -> Backend:
    """The backend that ``module:function`` makes for a device; None is the best that is there."""
    module, _, function = place.partition(":")
    make: Callable[[str | None], Backend] = getattr(importlib.import_module(module), function)
    return make(device)


def open_torch(device: str | None) -> Backend:
    """PyTorch on "cuda" (which is also ROCm's name) when it is usable, else on the processor."""
    import torch

    chosen = device or ("cuda" if torch.cuda.is_available() else "cpu")
    return _Torch(torch, chosen)


class _Torch:
    def __init__(self, torch: Any, device: str) -> None:
        self._torch, self._device = torch, device

    def describe(self) -> str:
        torch, device = self._torch, self._device
        built = f"ROCm {torch.version.hip}" if torch.version.hip else f"CUDA {torch.version.cuda}"
        if device == "cpu":
            return f"torch {torch.__version__} on the processor"
        name = torch.cuda.get_device_name(device)
        arch = getattr(torch.cuda.get_device_properties(device), "gcnArchName", "")
        kernels = ", ".join(torch.cuda.get_arch_list())
        return f"torch {torch.__version__}, {built}, on {name} {arch}; kernels for {kernels}"

    def matmul(self, a: Array, b: Array, dtype: str) -> Array:
        return self._out(self._in(a, dtype) @ self._in(b, dtype))

    def convolve(self, x: Array, w: Array, *, vendor: bool) -> Array:
        torch = self._torch
        with torch.backends.cudnn.flags(enabled=vendor):
            found = torch.nn.functional.conv2d(self._in(x), self._in(w), padding=1)
        return self._out(found)

    def normalise(self, x: Array, *, vendor: bool) -> Array:
        torch = self._torch
        with torch.backends.cudnn.flags(enabled=vendor):
            found = torch.nn.functional.batch_norm(self._in(x), None, None, training=True)
        return self._out(found)

    def attend(self, q: Array, k: Array, v: Array, dtype: str) -> tuple[Array, str]:
        torch = self._torch
        tensors = [self._in(each, dtype) for each in (q, k, v)]
        found = torch.nn.functional.scaled_dot_product_attention(*tensors, is_causal=True)
        return self._out(found), self._kernel(tensors)

    def _kernel(self, tensors: list[Any]) -> str:
        """The kernel that PyTorch prefers for these tensors: the first that agrees to run alone."""
        torch = self._torch
        if self._device == "cpu":
            return "processor"
        from torch.nn.attention import SDPBackend, sdpa_kernel

        for kernel in (SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION):
            try:
                with sdpa_kernel(kernel):
                    torch.nn.functional.scaled_dot_product_attention(*tensors, is_causal=True)
            except RuntimeError:
                continue  # PyTorch says so when a kernel does not serve this device or type
            return str(kernel.name).lower()
        return "math"

    def compiled_add(self, a: Array, b: Array) -> Array:
        if self._device == "cpu":
            raise Unavailable("Triton compiles for GPUs only")
        try:
            module = importlib.import_module("underdog.hardware.probes.triton_add")
        except ImportError as error:
            raise Unavailable(f"no Triton: {error}") from error
        return self._out(module.add(self._in(a), self._in(b)))

    def _in(self, array: Array, dtype: str = "float32") -> Any:
        torch = self._torch
        return torch.from_numpy(array).to(device=self._device, dtype=getattr(torch, dtype))

    def _out(self, tensor: Any) -> Array:
        array: Array = tensor.to(device="cpu", dtype=self._torch.float64).numpy()
        return array
