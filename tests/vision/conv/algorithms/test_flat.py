"""Products in place: right at the sides, where runs of pixels leave their row."""

from __future__ import annotations

import pytest
import torch
from cases import CPU, poisoned
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.vision.conv.algorithms.flat import Flat
from underdog.vision.conv.algorithms.registry import compute
from underdog.vision.conv.algorithms.workspace import Workspace
from underdog.vision.conv.bounds import judge
from underdog.vision.conv.spec import ConvSpec, Layout, Part
from underdog.vision.conv.tune import operands

BUDGET_BYTES = 1 << 22
KERNELS = ((3, 3), (1, 3), (3, 1), (2, 2), (5, 4))


@st.composite
def as_wide(draw: st.DrawFn) -> ConvSpec:
    """Convolutions whose results are as wide as the image, uneven pads and holes among them; with a
    stride the image is a multiple as wide, and only its input gradient is served.
    """
    kernel, dilation = draw(st.sampled_from(KERNELS)), draw(st.sampled_from((1, 1, 2)))
    stride = draw(st.sampled_from((1, 1, 2, 3)))
    tall, reach = (dilation * (size - 1) + 1 for size in kernel)
    left = draw(st.integers(0, reach - 1))
    right = draw(st.integers(max(0, reach - left - stride), reach - left - 1))
    channels, out_channels = draw(st.integers(1, 9)), draw(st.integers(1, 4))
    width = stride * draw(st.integers(reach, reach + 5))
    return ConvSpec.of(
        (draw(st.integers(1, 3)), channels, draw(st.integers(tall, 9)), width),
        (out_channels, channels, *kernel),
        stride=stride,
        dilation=dilation,
        padding=(draw(st.integers(0, 3)), draw(st.integers(0, 3)), left, right),
        dtype=draw(st.sampled_from(("float32", "float64"))),
        layout=Layout.CHANNELS_LAST,
    )


@settings(max_examples=200)
@given(as_wide(), st.sampled_from((1, 2_000, BUDGET_BYTES)), st.integers(1, 2))
def test_it_is_right_up_to_the_sides(spec: ConvSpec, chunk_bytes: int, cores: int) -> None:
    """Every part that is served is within its bound, whatever the pieces and cores, with
    temporaries from memory full of NaN; all three are served at stride 1.
    """
    for part in Part:
        refusal = Flat().refusal(spec, part)
        assert bool(refusal) == (spec.stride != (1, 1) and part is not Part.INPUT)
        if refusal:
            continue
        cores = min(cores, spec.batch)
        works = poisoned(cores, budget_bytes=BUDGET_BYTES, chunk_bytes=chunk_bytes)
        a, b = operands(spec, part, CPU, seed=1)
        found = compute(Flat(), spec, part, a, b, works)
        assert judge(spec, part, a, b, found, roundings=1.0).holds


def test_operands_in_another_layout_are_copied_first() -> None:
    """An image that lies channels first, as a gradient may, gives the same numbers."""
    spec = ConvSpec.of((2, 3, 5, 6), (4, 3, 3, 3), padding=1, layout=Layout.CHANNELS_LAST)
    for part in Part:
        a, b = operands(spec, part, CPU, seed=1)
        first = [each.contiguous(memory_format=torch.contiguous_format) for each in (a, b)]
        results = [
            compute(Flat(), spec, part, *pair, [Workspace(CPU, budget_bytes=BUDGET_BYTES)])
            for pair in ((a, b), first)
        ]
        assert torch.equal(*results)


def test_a_fault_of_one_row_stays_there() -> None:
    """A NaN in the last pixel of a row reaches its neighbours, not the first of the next row."""
    spec = ConvSpec.of((1, 2, 5, 6), (3, 2, 3, 3), padding=1, layout=Layout.CHANNELS_LAST)
    x, w = operands(spec, Part.FORWARD, CPU, seed=1)
    x[0, 0, 2, 5] = float("nan")
    work = Workspace(CPU, budget_bytes=BUDGET_BYTES)
    y = compute(Flat(), spec, Part.FORWARD, x, w, [work])
    touched = torch.zeros(5, 6, dtype=torch.bool)
    touched[1:4, 4:] = True
    assert torch.equal(y.isnan().any(1)[0], touched)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"layout": Layout.CONTIGUOUS}, "channels last"),
        ({"dtype": "bfloat16"}, "half precision"),
        ({"padding": 0}, "as wide as the image"),
        ({"padding_mode": "reflect"}, "zeros"),
        ({"groups": 2}, "one group"),
        ({"dilation": 4, "padding": 4}, "as wide as the kernel"),
    ],
)
def test_what_it_does_not_serve_is_said(change: dict[str, object], reason: str) -> None:
    """Each condition has words of its own."""
    groups = change.get("groups", 1)
    options = {"padding": 1, "layout": Layout.CHANNELS_LAST} | change
    spec = ConvSpec.of((1, 4, 6, 6), (4, 4 // groups, 3, 3), **options)  # type: ignore[operator]
    assert reason in Flat().refusal(spec, Part.FORWARD)


def test_a_column_that_reads_only_padding_is_zero() -> None:
    """With holes wider than what is left of the image, a phase of the input gradient has one."""
    spec = ConvSpec.of(
        (1, 1, 5, 15),
        (1, 1, 3, 3),
        stride=3,
        dilation=2,
        padding=(0, 0, 0, 2),
        layout=Layout.CHANNELS_LAST,
    )
    g, w = operands(spec, Part.INPUT, CPU, seed=1)
    works = poisoned(1, budget_bytes=BUDGET_BYTES, chunk_bytes=BUDGET_BYTES)
    found = compute(Flat(), spec, Part.INPUT, g, w, works)
    assert judge(spec, Part.INPUT, g, w, found, roundings=1.0).holds
