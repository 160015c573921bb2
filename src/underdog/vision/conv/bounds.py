"""How far a result may be from the float64 reference.

The error of a sum of K products is judged on the scale S = sum of |a| |b| (Higham, Accuracy and
Stability of Numerical Algorithms, 2002, section 3.1). We take the largest S of the tensor, since
Winograd mixes neighbouring outputs, and allow

    c * u_sum * sqrt(K) + r * u

with u the unit roundoff of the operands' dtype, u_sum that of the accumulator, r the number of
times a result is rounded to the operands' dtype, and c = 2. sqrt(K) is the random-walk growth of
rounding errors (same book, section 2.8); the certain bound has K in its place and would let faults
through. Over 1,800 random cases (2026-11-21, CPU) no candidate came above 0.3 of it in float32; of
those that came later `winograd-1d` came to 0.3 and `winograd-4x4`, for many channels only, to 0.46.
"""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import torch
from torch import Tensor

from underdog.vision.conv import reference
from underdog.vision.conv.algorithms.window import wide_dtype
from underdog.vision.conv.spec import ZEROS, ConvSpec, Part

GROWTH = 2.0
"""c above."""
FOLD_ROUNDINGS = 4
"""More of them where the gradient of reflected, repeated or circular borders is folded back."""


class Verdict(NamedTuple):
    """`error` and `bound` are shares of the largest S."""

    error: float
    bound: float

    @property
    def holds(self) -> bool:
        """False for NaN, too."""
        return self.error <= self.bound


def bound(spec: ConvSpec, part: Part, *, roundings: float) -> float:
    """The largest error allowed, as a share of the largest S."""
    dtype: torch.dtype = getattr(torch, spec.dtype)
    u, u_sum = torch.finfo(dtype).eps / 2, torch.finfo(wide_dtype(dtype)).eps / 2
    folds = spec.padding_mode != ZEROS and any(spec.pads) and part is Part.INPUT
    roundings += FOLD_ROUNDINGS * folds
    return GROWTH * u_sum * sqrt(terms(spec, part)) + roundings * u


def terms(spec: ConvSpec, part: Part) -> int:
    """K: the most products that are summed for one number of the result."""
    taps = spec.kernel[0] * spec.kernel[1]
    if part is Part.FORWARD:
        return taps * spec.channels // spec.groups
    if part is Part.INPUT:
        return taps * spec.out_channels // spec.groups
    return spec.batch * spec.out_height * spec.out_width


def judge(
    spec: ConvSpec, part: Part, a: Tensor, b: Tensor, found: Tensor, *, roundings: float
) -> Verdict:
    """Compare a part's result with the float64 reference."""
    exact = reference.compute(spec, part, a, b)
    scale = float(reference.magnitude(spec, part, a, b).max())
    error = float((found.double() - exact).abs().max())
    share = error / scale if scale > 0 else error
    return Verdict(share, bound(spec, part, roundings=roundings))
