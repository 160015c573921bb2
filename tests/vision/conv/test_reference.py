"""The slow convolution that is right."""

from __future__ import annotations

import torch
from cases import CPU, specs
from hypothesis import given

from underdog.vision.conv import reference
from underdog.vision.conv.algorithms import native
from underdog.vision.conv.spec import ConvSpec, Part
from underdog.vision.conv.tune import operands


@given(specs(dtypes=("float64",)))
def test_it_is_pytorchs_convolution(spec: ConvSpec) -> None:
    """Two independent ways, all three parts, agree to a few roundings of float64."""
    for part in Part:
        a, b = operands(spec, part, CPU, seed=1)
        torch.testing.assert_close(
            reference.compute(spec, part, a, b),
            native.compute(spec, part, a, b),
            rtol=1e-12,
            atol=1e-12,
        )


@given(specs(dtypes=("float64",)))
def test_the_gradients_are_transposes_of_the_forward(spec: ConvSpec) -> None:
    """<conv(x, w), g> = <x, input gradient> = <w, weight gradient>."""
    x, w = operands(spec, Part.FORWARD, CPU, seed=1)
    g, _ = operands(spec, Part.INPUT, CPU, seed=2)
    product = (reference.compute(spec, Part.FORWARD, x, w) * g).sum()
    for gradient, operand in (
        (reference.compute(spec, Part.INPUT, g, w), x),
        (reference.compute(spec, Part.WEIGHT, x, g), w),
    ):
        torch.testing.assert_close((gradient * operand).sum(), product, rtol=1e-9, atol=1e-9)
