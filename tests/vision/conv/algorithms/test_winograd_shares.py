"""Winograd's tiles in shares: right where they are offered, and not offered where they would not
be, however the images fall into pieces and shares.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product

import pytest
import torch
from cases import CPU, poisoned
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.vision.conv.algorithms import tile_rows, winograd_1d, winograd_4x4
from underdog.vision.conv.algorithms.registry import Algorithm, compute
from underdog.vision.conv.algorithms.tile_rows import (
    ENOUGH_PER_CORE,
    TILE,
    Shares,
)
from underdog.vision.conv.algorithms.window import Piece
from underdog.vision.conv.algorithms.winograd_1d import Winograd1d
from underdog.vision.conv.algorithms.winograd_4x4 import Winograd4x4
from underdog.vision.conv.algorithms.workspace import Workspace
from underdog.vision.conv.bounds import judge
from underdog.vision.conv.spec import ConvSpec, Layout, Part
from underdog.vision.conv.tune import operands

BUDGET_BYTES = 1 << 24
ALGORITHMS: tuple[tuple[Algorithm, int], ...] = (
    (Winograd1d(), winograd_1d.ENOUGH),
    (Winograd4x4(), winograd_4x4.ENOUGH),
)


@contextmanager
def on_threads(count: int) -> Iterator[None]:
    """PyTorch's number of threads, for the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Algorithm, ConvSpec]:
    """Enough channels on both sides; heights and widths that are multiples of four and others,
    heights of several shares and of one.
    """
    algorithm, enough = draw(st.sampled_from(ALGORITHMS))
    sides, channels = st.integers(3, 13), st.integers(enough, enough + 20)
    into = draw(channels)
    spec = ConvSpec.of(
        (draw(st.integers(1, 3)), into, draw(st.integers(24, 41) | sides), draw(sides)),
        (draw(channels), into, 3, 3),
        padding=draw(st.sampled_from((0, 1, (1, 0, 2, 1), (0, 2, 1, 3), 4, 9))),
        dtype=draw(st.sampled_from(("float32", "float32", "float64", "bfloat16"))),
        layout=draw(st.sampled_from(tuple(Layout))),
    )
    return algorithm, spec


@settings(max_examples=150)
@given(
    cases(),
    st.sampled_from((1, 600_000, BUDGET_BYTES)),
    st.integers(1, 2),
    st.sampled_from((1, 2, 3, 8)),
)
def test_it_is_within_a_plain_sums_bound(
    case: tuple[Algorithm, ConvSpec], chunk_bytes: int, apart: int, threads: int
) -> None:
    """Every part that is offered, whatever the pieces and cores, with temporaries from memory full
    of NaN.
    """
    algorithm, spec = case
    for part in Part:
        if algorithm.refusal(spec, part):
            assert part is Part.WEIGHT
            continue
        works = poisoned(min(apart, spec.batch), budget_bytes=BUDGET_BYTES, chunk_bytes=chunk_bytes)
        a, b = operands(spec, part, CPU, seed=1)
        with on_threads(threads):
            found = compute(algorithm, spec, part, a, b, works)
        verdict = judge(spec, part, a, b, found, roundings=algorithm.roundings)
        assert verdict.holds, (algorithm.name, part, verdict)


def errs(algorithm: Algorithm, spec: ConvSpec, part: Part) -> bool:
    """Whether a part, made in memory full of NaN, is beyond its bound."""
    a, b = operands(spec, part, CPU, seed=1)
    works = poisoned(1, budget_bytes=BUDGET_BYTES, chunk_bytes=BUDGET_BYTES)
    found = compute(algorithm, spec, part, a, b, works)
    return not judge(spec, part, a, b, found, roundings=algorithm.roundings).holds


@pytest.mark.parametrize("algorithm", [each for each, _ in ALGORITHMS])
def test_every_width_and_padding_of_columns(algorithm: Algorithm) -> None:
    """What a row's outputs read beyond it has to be zeros, whatever lies there in memory."""
    for left, right, width in product(range(4), range(4), range(3, 9)):
        spec = ConvSpec.of(
            (1, 48, 6, width),
            (48, 48, 3, 3),
            padding=(1, 1, left, right),
            layout=Layout.CHANNELS_LAST,
        )
        for part in (Part.FORWARD, Part.INPUT):
            assert not errs(algorithm, spec, part), (left, right, width, part)


@pytest.mark.parametrize("algorithm", [each for each, _ in ALGORITHMS])
def test_weight_gradients_of_every_size(algorithm: Algorithm) -> None:
    """Results that are no whole tiles, or fall into shares with rows beyond the image."""
    for height, width in ((21 + i, 22 + j) for i in range(8) for j in range(4)):
        spec = ConvSpec.of(
            (1, 8, height, width), (8, 8, 3, 3), padding=1, layout=Layout.CHANNELS_LAST
        )
        with on_threads(2):
            assert not errs(algorithm, spec, Part.WEIGHT), (height, width)


@given(st.integers(1, 9), st.integers(1, 60), st.integers(0, 3), st.sampled_from((1, 2, 3, 8, 16)))
def test_shares_hold_every_row_once(images: int, rows: int, short: int, threads: int) -> None:
    """All rows of an image come in the order they lie in, each with one place in one share; no
    share is empty.
    """
    work = Workspace(CPU, budget_bytes=BUDGET_BYTES)
    with on_threads(threads):
        shares = Shares.of(Piece(0, images, 0, rows), 1, work)
    height = TILE * rows - short
    places = torch.arange(shares.per_image * shares.rows * TILE)
    tiles = places.view(shares.per_image, shares.rows, TILE)
    found, end = [], 0
    for lines, *where in shares.bands(height):
        assert lines.start == end
        end = lines.stop
        found.append(tiles[tuple(where)].flatten())
    assert end == height
    assert torch.equal(torch.cat(found), torch.arange(height))
    assert 0 <= shares.per_image * shares.rows - rows < shares.rows


@given(st.integers(1, 40), st.integers(1, 16))
def test_all_cores_get_equally_many_shares_or_enough(images: int, threads: int) -> None:
    """Of images with so many rows that they fall into any number of shares up to 16."""
    rows = math.lcm(*range(1, 17))
    with on_threads(threads):
        shares = Shares.of(Piece(0, images, 0, rows), 1, Workspace(CPU, budget_bytes=1))
    count = images * shares.per_image
    assert threads == 1 or count % threads == 0 or count >= ENOUGH_PER_CORE * threads
    assert (shares.per_image - 1) * images < ENOUGH_PER_CORE * threads


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.booleans())
def test_tiles_are_found_by_share(images: int, per_image: int, rows: int, common: bool) -> None:
    """Whether filters are repeated or not, a share's tiles hold its own numbers."""
    count = images * per_image
    shares = Shares(images, per_image, rows, 1 if common else count)
    held = torch.arange(6 * count * rows * 5)
    seen = shares.by_share(held, (2, 3), (5,))
    assert seen.shape == (images, per_image, 2, 3, rows, 5)
    groups = held.view(shares.groups, 2, 3, count // shares.groups, rows, 5)
    for share in range(count):
        group, inside = divmod(share, count // shares.groups)
        assert torch.equal(seen.flatten(0, 1)[share], groups[group, :, :, inside])


@pytest.mark.parametrize("name", ["winograd-1d", "winograd-4x4"])
@pytest.mark.parametrize("part", [Part.FORWARD, Part.WEIGHT])
def test_filters_too_large_to_repeat_give_the_same_numbers(
    monkeypatch: pytest.MonkeyPatch, name: str, part: Part
) -> None:
    """Shares with filters of their own and shares that have them in common differ by roundings."""
    algorithm = {each.name: each for each, _ in ALGORITHMS}[name]
    spec = ConvSpec.of((2, 48, 40, 20), (48, 48, 3, 3), padding=1, layout=Layout.CHANNELS_LAST)
    a, b = operands(spec, part, CPU, seed=1)
    found = []
    for most in (1 << 30, 1):
        monkeypatch.setattr(tile_rows, "MOST_FILTERS_BYTES", most)
        with on_threads(2):
            works = poisoned(1, budget_bytes=BUDGET_BYTES, chunk_bytes=BUDGET_BYTES)
            found.append(compute(algorithm, spec, part, a, b, works))
    torch.testing.assert_close(found[0], found[1], rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("part", tuple(Part))
@pytest.mark.parametrize(("algorithm", "enough"), ALGORITHMS)
def test_sums_over_few_numbers_are_left_to_others(
    algorithm: Algorithm, enough: int, part: Part
) -> None:
    """Its error grows with the tile, a plain sum's bound with the terms: too few are refused."""
    few = ConvSpec.of((1, enough - 1, 6, 6), (enough - 1, enough - 1, 3, 3), padding=1)
    many = ConvSpec.of((12, enough, 6, 6), (enough, enough, 3, 3), padding=1)
    assert "channels or more" in algorithm.refusal(few, part)
    assert not algorithm.refusal(many, part)
