"""Backends that go wrong on purpose, opened by name in the probes' own process."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import numpy as np

from underdog.hardware.probes.backend import Array, Unavailable
from underdog.hardware.probes.checks import attention, convolution


class Honest:
    """Computes in float64: right everywhere."""

    def describe(self) -> str:
        return "numpy"

    def matmul(self, a: Array, b: Array, dtype: str) -> Array:
        return a @ b

    def convolve(self, x: Array, w: Array, *, vendor: bool) -> Array:
        return convolution(x, w)

    def normalise(self, x: Array, *, vendor: bool) -> Array:
        return (x - x.mean((0, 2, 3), keepdims=True)) / np.sqrt(
            x.var((0, 2, 3), keepdims=True) + 1e-5
        )

    def attend(self, q: Array, k: Array, v: Array, dtype: str) -> tuple[Array, str]:
        return attention(q, k, v), "definition"

    def compiled_add(self, a: Array, b: Array) -> Array:
        raise Unavailable("no compiler")


class Zeros(Honest):
    """Triton on gfx1010 and the vendor's convolution write nothing, and nobody says so."""

    def convolve(self, x: Array, w: Array, *, vendor: bool) -> Array:
        right = convolution(x, w)
        return np.zeros_like(right) if vendor else right

    def compiled_add(self, a: Array, b: Array) -> Array:
        return np.zeros_like(a)


class Sick(Honest):
    """Hangs with a child of its own in one probe, crashes in another, raises in a third."""

    def normalise(self, x: Array, *, vendor: bool) -> Array:
        if vendor:
            subprocess.Popen(["sleep", "600"])
            time.sleep(600)
        os.kill(os.getpid(), signal.SIGSEGV)
        return x

    def attend(self, q: Array, k: Array, v: Array, dtype: str) -> tuple[Array, str]:
        raise RuntimeError("HIP error: invalid device function")


def open_honest(device: str | None) -> Honest:
    return Honest()


def open_zeros(device: str | None) -> Zeros:
    return Zeros()


def open_sick(device: str | None) -> Sick:
    print("a library greets")
    return Sick()


def open_broken(device: str | None) -> Honest:
    raise ImportError("libtorch_cpu.so: cannot open shared object file")
