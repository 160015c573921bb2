"""Input gradients by adding columns up: right for every way in which taps can meet."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from cases import CPU, poisoned

from underdog.vision.conv.algorithms.col2im import add_up
from underdog.vision.conv.algorithms.window import Window
from underdog.vision.conv.bounds import judge
from underdog.vision.conv.spec import ConvSpec, Layout, Part
from underdog.vision.conv.tune import operands

BUDGET_BYTES = 1 << 20


def windows(dtype: str, layout: Layout) -> list[ConvSpec]:
    """Kernels that leave gaps, meet side by side and overlap twice and more, with padding of every
    kind, in one direction and, otherwise, in the other.
    """
    found = []
    for kernel, stride, pad, hole in product((1, 2, 3, 6), (1, 2, 3), (0, 1, 4), (1, 2)):
        other = (3, 2, 1)
        for (kh, sh, ph), (kw, sw, pw) in (
            ((kernel, stride, pad), other),
            (other, (kernel, stride, pad)),
        ):
            found.append(
                ConvSpec.of(
                    (2, 3, 12, 13),
                    (4, 3, kh, kw),
                    stride=(sh, sw),
                    padding=(ph, ph, pw, pw),
                    dilation=hole,
                    dtype=dtype,
                    layout=layout,
                )
            )
    return found


@pytest.mark.parametrize("chunk_bytes", [1, BUDGET_BYTES])
@pytest.mark.parametrize(
    ("dtype", "layout"),
    [
        ("float32", Layout.CHANNELS_LAST),
        ("float64", Layout.CONTIGUOUS),
        ("bfloat16", Layout.CHANNELS_LAST),
    ],
)
def test_it_is_the_input_gradient(dtype: str, layout: Layout, chunk_bytes: int) -> None:
    """Row by row and whole images at once, with temporaries from memory full of NaN."""
    (work,) = poisoned(1, budget_bytes=BUDGET_BYTES, chunk_bytes=chunk_bytes)
    for spec in windows(dtype, layout):
        g, w = operands(spec, Part.INPUT, CPU, seed=1)
        dx = torch.full(spec.shape_of(Part.INPUT), float("nan"), dtype=g.dtype)
        pixels = g.permute(0, 2, 3, 1), w, dx.permute(0, 2, 3, 1)
        add_up(*pixels, Window.of(spec), work.afresh())
        assert judge(spec, Part.INPUT, g, w, dx, roundings=1.0).holds, spec


def test_its_reference_is_what_autograd_says() -> None:
    """The reference itself, on one window in which three taps meet."""
    spec = ConvSpec.of((1, 2, 9, 9), (3, 2, 6, 6), stride=2, padding=1, dtype="float64")
    g, w = operands(spec, Part.INPUT, CPU, seed=1)
    x = torch.zeros(spec.shape_of(Part.INPUT), dtype=torch.float64, requires_grad=True)
    torch.nn.functional.conv2d(x, w, stride=2, padding=1).backward(g)  # type: ignore[no-untyped-call]
    found = torch.empty_like(x)
    (work,) = poisoned(1, budget_bytes=BUDGET_BYTES, chunk_bytes=BUDGET_BYTES)
    pixels = g.permute(0, 2, 3, 1), w, found.detach().permute(0, 2, 3, 1)
    add_up(*pixels, Window.of(spec), work)
    torch.testing.assert_close(found, x.grad)
