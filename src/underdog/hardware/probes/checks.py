"""The probes: what is computed, what the value must be, and how far off it may lie.

Every reference is float64 in numpy. Tolerances follow from the rounding of the type: a product
summed over K terms of unit size is off by about sqrt(K) times the unit roundoff of the inputs, and
four times that is allowed (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1,
for random signs). Inputs are fixed by a seed, and are first rounded to the type, so that the
rounding of inputs is not taken for an error of the kernel.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from underdog.hardware.probes.backend import Array, Backend

UNIT_ROUNDOFF = {"float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}
SAFETY = 4.0
TF32_ROUNDOFF = 2.0**-11
"""NVIDIA's cards may round float32 inputs of convolutions to 10 bits (TF32), which is allowed."""


@dataclass(frozen=True, slots=True)
class Checked:
    """`error` is the largest difference from the reference, relative to its size; `note` says what
    else was seen, such as the kernel that was taken.
    """

    error: float
    allowed: float
    note: str = ""

    @property
    def right(self) -> bool:
        """Whether the values are those of the definition. NaN is not."""
        return self.error <= self.allowed


def _product(dtype: str) -> Callable[[Backend], Checked]:
    def check(backend: Backend) -> Checked:
        rng = np.random.default_rng(1)
        inner = 192
        a = rounded(rng.standard_normal((96, inner)), dtype)
        b = rounded(rng.standard_normal((inner, 80)), dtype)
        found = backend.matmul(a, b, dtype)
        return compared(found, a @ b, roundoff=UNIT_ROUNDOFF[dtype] + UNIT_ROUNDOFF["float32"])

    return check


def _convolution(*, vendor: bool) -> Callable[[Backend], Checked]:
    def check(backend: Backend) -> Checked:
        rng = np.random.default_rng(2)
        x = rounded(rng.standard_normal((2, 8, 12, 10)), "float32")
        w = rounded(rng.standard_normal((6, 8, 3, 3)), "float32")
        return compared(backend.convolve(x, w, vendor=vendor), convolution(x, w), TF32_ROUNDOFF)

    return check


def _batch_norm(*, vendor: bool) -> Callable[[Backend], Checked]:
    def check(backend: Backend) -> Checked:
        x = rounded(np.random.default_rng(3).normal(3.0, 2.0, (4, 6, 8, 8)), "float32")
        found = backend.normalise(x, vendor=vendor)
        mean, variance = x.mean((0, 2, 3), keepdims=True), x.var((0, 2, 3), keepdims=True)
        expected = (x - mean) / np.sqrt(variance + 1e-5)
        return compared(found, expected, UNIT_ROUNDOFF["float32"] * 16)

    return check


def _attention(backend: Backend) -> Checked:
    rng = np.random.default_rng(4)
    dtype = "float16"
    q, k, v = (rounded(rng.standard_normal((2, 4, 32, 64)), dtype) for _ in range(3))
    found, kernel = backend.attend(q, k, v, dtype)
    checked = compared(found, attention(q, k, v), UNIT_ROUNDOFF[dtype])
    return Checked(checked.error, checked.allowed, f"kernel: {kernel}")


def _bfloat16(backend: Backend) -> Checked:
    """1 + 2^-9 is no bfloat16; 256 * (1/256) summed is exact only where sums are kept wider."""
    ones, small = np.ones((16, 256)), np.full((256, 16), 1 / 256)
    found = backend.matmul(ones, small, "bfloat16")
    return compared(found, ones @ small, UNIT_ROUNDOFF["bfloat16"] / 16)


def _triton(backend: Backend) -> Checked:
    rng = np.random.default_rng(5)
    a, b = (rounded(rng.standard_normal(1000), "float32") for _ in range(2))
    return compared(backend.compiled_add(a, b), a + b, UNIT_ROUNDOFF["float32"])


CHECKS: dict[str, Callable[[Backend], Checked]] = {
    "product-float32": _product("float32"),
    "product-float16": _product("float16"),
    "product-bfloat16": _product("bfloat16"),
    "sum-bfloat16": _bfloat16,
    "convolution": _convolution(vendor=True),
    "convolution-native": _convolution(vendor=False),
    "batch-norm": _batch_norm(vendor=True),
    "batch-norm-native": _batch_norm(vendor=False),
    "attention": _attention,
    "triton-add": _triton,
}
"""By name, in the order in which they run: what is needed most comes first."""


def compared(found: Array, expected: Array, roundoff: float) -> Checked:
    """The largest difference over the typical size of the reference."""
    allowed = SAFETY * roundoff * math.sqrt(math.log(expected.size + 1) + 1) * 2
    if found.shape != expected.shape:
        return Checked(math.inf, allowed, f"shape {found.shape} instead of {expected.shape}")
    size = float(np.sqrt(np.mean(expected**2)))
    with np.errstate(invalid="ignore"):
        error = float(np.max(np.abs(found - expected))) / size
    note = "all zeros" if not found.any() else "not finite" if not np.isfinite(error) else ""
    return Checked(math.inf if math.isnan(error) else error, allowed, note)


def rounded(array: Array, dtype: str) -> Array:
    """The nearest values that the type holds. numpy has no bfloat16: its low 16 bits are cut."""
    if dtype == "bfloat16":
        bits = array.astype(np.float32).view(np.uint32) & np.uint32(0xFFFF0000)
        return bits.view(np.float32).astype(np.float64)
    return array.astype(dtype).astype(np.float64)


def convolution(x: Array, w: Array) -> Array:
    """The definition, padding 1 and stride 1, by nine shifted products."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    rows, columns = x.shape[2:]
    total = np.zeros((x.shape[0], w.shape[0], rows, columns))
    for i in range(3):
        for j in range(3):
            part = padded[:, :, i : i + rows, j : j + columns]
            total += np.einsum("bchw,oc->bohw", part, w[:, :, i, j])
    return total


def attention(q: Array, k: Array, v: Array) -> Array:
    """The definition: softmax(q k^T / sqrt(d)) v, each row seeing itself and what came before."""
    scores = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
    hidden = np.triu(np.ones(scores.shape[-2:], bool), 1)
    weights = np.exp(np.where(hidden, -np.inf, scores - scores.max(-1, keepdims=True)))
    mixed: Array = (weights / weights.sum(-1, keepdims=True)) @ v
    return mixed
