"""Convolutions drawn for tests, and the operands of their parts."""

from __future__ import annotations

import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor

from underdog.errors import InputError
from underdog.vision.conv.algorithms.workspace import Arena, Workspace
from underdog.vision.conv.spec import DTYPES, PADDING_MODES, ConvSpec, Layout

CPU = torch.device("cpu")
KERNELS = ((1, 1), (3, 3), (3, 3), (3, 1), (2, 3), (5, 5))


@st.composite
def specs(draw: st.DrawFn, dtypes: tuple[str, ...] = DTYPES) -> ConvSpec:
    """Small convolutions of every kind: strides, holes, groups, uneven pads, modes, layouts."""
    groups = draw(st.sampled_from((1, 1, 1, 2, 3)))
    depthwise = draw(st.booleans()) and groups > 1
    channels = groups * (1 if depthwise else draw(st.integers(1, 4)))
    kernel = draw(st.sampled_from(KERNELS))
    sides = st.integers(3, 12)
    try:
        spec = ConvSpec.of(
            (draw(st.integers(1, 3)), channels, draw(sides), draw(sides)),
            (groups * draw(st.integers(1, 4)), channels // groups, *kernel),
            stride=draw(st.sampled_from((1, 1, 2, (2, 1), 3))),
            dilation=draw(st.sampled_from((1, 1, 2, (1, 3)))),
            padding=draw(st.sampled_from((0, 1, (1, 1), (1, 0, 2, 1), 2))),
            groups=groups,
            padding_mode=draw(st.sampled_from(PADDING_MODES)),
            dtype=draw(st.sampled_from(dtypes)),
            layout=draw(st.sampled_from(tuple(Layout))),
        )
    except InputError:
        assume(False)
        raise
    assume(min(spec.height, spec.width) > max(spec.pads))
    return spec


def doubles(*shape: int, seed: int = 0) -> Tensor:
    """Standard normal, float64, asking for gradients."""
    drawn = torch.randn(shape, dtype=torch.double, generator=torch.Generator().manual_seed(seed))
    return drawn.requires_grad_()


def poisoned(count: int, *, budget_bytes: int, chunk_bytes: int) -> list[Workspace]:
    """Workspaces in memory full of NaN, so that what is read and was not written shows."""
    arenas = [Arena(CPU) for _ in range(count)]
    for arena in arenas:
        arena.grow(budget_bytes)
        arena._memory.view(torch.float32).fill_(float("nan"))
    return [
        Workspace(CPU, budget_bytes=budget_bytes, chunk_bytes=chunk_bytes, arena=arena)
        for arena in arenas
    ]
