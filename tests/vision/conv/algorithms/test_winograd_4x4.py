"""The larger tile: right where it is offered, and not offered where it would not be."""

from __future__ import annotations

import pytest
from cases import CPU, poisoned
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.vision.conv.algorithms.registry import compute
from underdog.vision.conv.algorithms.winograd_4x4 import ENOUGH, Winograd4x4
from underdog.vision.conv.bounds import judge
from underdog.vision.conv.spec import ConvSpec, Layout, Part
from underdog.vision.conv.tune import operands

BUDGET_BYTES = 1 << 24


@st.composite
def many_channels(draw: st.DrawFn) -> ConvSpec:
    """Enough channels on both sides; heights and widths that are multiples of four and others."""
    sides, channels = st.integers(3, 13), st.integers(ENOUGH, ENOUGH + 20)
    into = draw(channels)
    return ConvSpec.of(
        (draw(st.integers(1, 3)), into, draw(sides), draw(sides)),
        (draw(channels), into, 3, 3),
        padding=draw(st.sampled_from((0, 1, (1, 0, 2, 1)))),
        dtype=draw(st.sampled_from(("float32", "float32", "float64", "bfloat16"))),
        layout=draw(st.sampled_from(tuple(Layout))),
    )


@settings(max_examples=100)
@given(many_channels(), st.sampled_from((1, 600_000, BUDGET_BYTES)), st.integers(1, 2))
def test_it_is_within_a_plain_sums_bound(spec: ConvSpec, chunk_bytes: int, cores: int) -> None:
    """Every part that is offered, whatever the pieces and cores, with temporaries from memory full
    of NaN.
    """
    for part in Part:
        if Winograd4x4().refusal(spec, part):
            assert part is Part.WEIGHT
            continue
        cores = min(cores, spec.batch)
        works = poisoned(cores, budget_bytes=BUDGET_BYTES, chunk_bytes=chunk_bytes)
        a, b = operands(spec, part, CPU, seed=1)
        found = compute(Winograd4x4(), spec, part, a, b, works)
        verdict = judge(spec, part, a, b, found, roundings=Winograd4x4.roundings)
        assert verdict.holds, (part, verdict)


@pytest.mark.parametrize("part", tuple(Part))
def test_sums_over_few_numbers_are_left_to_others(part: Part) -> None:
    """Its error grows with the tile, a plain sum's bound with the terms: too few are refused."""
    few = ConvSpec.of((1, ENOUGH - 1, 8, 8), (ENOUGH - 1, ENOUGH - 1, 3, 3), padding=1)
    many = ConvSpec.of((8, ENOUGH, 8, 8), (ENOUGH, ENOUGH, 3, 3), padding=1)
    assert "channels or more" in Winograd4x4().refusal(few, part)
    assert not Winograd4x4().refusal(many, part)
