"""Sums over rows in shares: the same sum, whatever the shares, pieces and spacing of the rows."""

from __future__ import annotations

import pytest
import torch
from cases import CPU, poisoned
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.vision.conv.algorithms import split_k
from underdog.vision.conv.algorithms.flat import Flat
from underdog.vision.conv.algorithms.gemm import Gemm
from underdog.vision.conv.algorithms.im2col import Im2col
from underdog.vision.conv.algorithms.registry import Algorithm, compute
from underdog.vision.conv.algorithms.shift import Shift
from underdog.vision.conv.algorithms.split_k import SplitK
from underdog.vision.conv.algorithms.window import wide_dtype
from underdog.vision.conv.bounds import judge
from underdog.vision.conv.spec import ConvSpec, Layout, Part
from underdog.vision.conv.tune import operands

BUDGET_BYTES = 1 << 22


@pytest.fixture
def small_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shares of two rows, so that small matrices fall into several."""
    monkeypatch.setattr(split_k, "LEAST_ROWS", 2)


def _sum(
    expected_rows: int, pieces: list[tuple[torch.Tensor, torch.Tensor, float]]
) -> torch.Tensor:
    (work,) = poisoned(1, budget_bytes=BUDGET_BYTES, chunk_bytes=BUDGET_BYTES)
    a, b, _ = pieces[0]
    total = torch.zeros(a.shape[1], b.shape[1], dtype=wide_dtype(a.dtype))
    sums = SplitK(expected_rows, total, work, dtype=a.dtype)
    for a, b, alpha in pieces:
        sums.add(a, b, alpha=alpha)
    return sums.finish()


@settings(max_examples=200)
@given(
    st.integers(0, 40),
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from((1.0, -1.0))), min_size=1, max_size=4),
    st.integers(1, 5),
    st.integers(1, 5),
    st.integers(0, 3),
)
@pytest.mark.usefixtures("small_shares")
def test_whole_numbers_add_up_exactly(
    expected: int, pieces: list[tuple[int, float]], inner: int, out: int, gap: int
) -> None:
    """Integers in float64 have no rounding: any order of summing gives the definition's number."""
    generator = torch.Generator().manual_seed(expected)

    def draw(rows: int, columns: int) -> torch.Tensor:
        wide = torch.randint(-9, 10, (rows, columns + gap), generator=generator)
        return wide.double()[:, :columns]

    drawn = [(draw(rows, inner), draw(rows, out), alpha) for rows, alpha in pieces]
    plain = sum(alpha * torch.einsum("ri,ro->io", a, b) for a, b, alpha in drawn)
    assert torch.equal(_sum(expected, drawn), plain)


@pytest.mark.usefixtures("small_shares")
def test_products_of_half_precision_are_added_in_float32() -> None:
    """One more than 2048 cannot be held in half precision; the sum of many ones can."""
    ones = torch.ones(3000, 1, dtype=torch.float16)
    total = _sum(1000, [(part, part, 1.0) for part in ones.split(1000)])
    assert total.item() == 3000


def test_rows_fall_into_shares_only_where_there_are_many_and_few_columns() -> None:
    """A share never has fewer rows than it should, nor all shares more numbers."""
    (work,) = poisoned(1, budget_bytes=BUDGET_BYTES, chunk_bytes=BUDGET_BYTES)
    most = min(100, split_k.SHARES_PER_CORE * torch.get_num_threads())
    for rows, inner, out, shares in (
        (split_k.LEAST_ROWS * 100, 9, 16, most),
        (split_k.LEAST_ROWS - 1, 9, 16, 1),
        (split_k.LEAST_ROWS * 100, 512, 512, 1),
    ):
        before = work.taken_bytes
        SplitK(rows, torch.zeros(inner, out), work, dtype=torch.float32)
        taken = work.taken_bytes - before
        assert taken == (0 if shares == 1 else shares * inner * out * 4)


@pytest.mark.parametrize(
    ("algorithm", "kernel", "stride"),
    [(Flat(), 3, 1), (Shift(), 3, 2), (Shift(), 3, 1), (Im2col(), 3, 2), (Gemm(), 1, 1)],
)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("chunk_bytes", [2_000, BUDGET_BYTES])
@pytest.mark.usefixtures("small_shares")
def test_weight_gradients_in_shares_are_within_their_bound(
    algorithm: Algorithm, kernel: int, stride: int, dtype: str, chunk_bytes: int
) -> None:
    """Every algorithm that sums over rows, in several shares and pieces."""
    spec = ConvSpec.of(
        (3, 4, 12, 14),
        (5, 4, kernel, kernel),
        stride=stride,
        padding=kernel // 2,
        dtype=dtype,
        layout=Layout.CHANNELS_LAST,
    )
    if algorithm.refusal(spec, Part.WEIGHT):
        assert (algorithm.name, dtype) == ("flat", "bfloat16")
        return
    a, b = operands(spec, Part.WEIGHT, CPU, seed=3)
    works = poisoned(1, budget_bytes=BUDGET_BYTES, chunk_bytes=chunk_bytes)
    found = compute(algorithm, spec, Part.WEIGHT, a, b, works)
    assert judge(spec, Part.WEIGHT, a, b, found, roundings=algorithm.roundings).holds
