"""The benchmark measures what it says."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
import torch

from underdog.vision.conv.bench import (
    Layer,
    balanced,
    contenders,
    headline,
    plain,
    run,
    totals_s,
    unfold_and_multiply,
)
from underdog.vision.conv.bench_page import render
from underdog.vision.conv.engine import Choice, Engine, Fixed
from underdog.vision.conv.spec import Layout

TINY = (
    Layer("tiny", 2, 4, 3, 2, 16),
    Layer("point", 4, 4, 1, 1, 8),
    Layer("depthwise", 4, 4, 3, 1, 8, groups=4, times=3),
)


def test_all_contenders_on_all_layers() -> None:
    """Ours keeps input and weight; unfolding keeps the columns; ratios are of the totals."""
    timings = run(contenders(Engine(Fixed(Choice("shift")))), batch=2, rounds=1, layers=TINY)
    assert len(timings) == 15
    kept = {each.contender: each.saved_bytes for each in timings if each.layer == "tiny"}
    own_bytes = 4 * (2 * 2 * 16 * 16 + 4 * 2 * 9)
    assert kept["ours"] == kept["native"] == own_bytes
    assert kept["unfold + matmul"] > 2 * own_bytes
    totals = totals_s(timings)
    assert headline(timings)["unfold_speedup"] == pytest.approx(
        totals["unfold + matmul"] / totals["ours"]
    )


@pytest.mark.parametrize("count", range(1, 9))
def test_each_contender_comes_behind_each_other_equally_often(count: int) -> None:
    """What one leaves in the caches is shared out among all others, not given to the same one."""
    rounds = [balanced(range(count), number) for number in range(count * (1 + count % 2))]
    assert all(sorted(order) == list(range(count)) for order in rounds)
    behind = Counter(pair for order in rounds for pair in pairwise(order))
    assert len(behind) == count * (count - 1)
    assert len(set(behind.values())) <= 1


def test_a_layer_counts_as_often_as_the_model_has_it() -> None:
    """In the totals, and on the page, which names every layer and contender."""
    timings = run(contenders(Engine(Fixed(Choice("shift")))), batch=1, rounds=1, layers=TINY)
    expected = sum(each.times * each.total_s for each in timings if each.contender == "ours")
    assert totals_s(timings)["ours"] == pytest.approx(expected)
    page = render(timings, device="a test's chip")
    assert f"{headline(timings)['vendor_ratio']:.2f} times the vendor" in page
    assert all(layer.name in page for layer in TINY)
    assert all(name in page for name in (*totals_s(timings), "a test&#39;s chip"))
    assert page.count('class="mark subject"') == 3


def test_unfold_and_multiply_is_a_convolution() -> None:
    """Grouped, too: a peer that computes something else would be no peer."""
    spec = TINY[2].spec(2, Layout.CONTIGUOUS)
    x, w = torch.randn(spec.x_shape), torch.randn(spec.w_shape)
    torch.testing.assert_close(unfold_and_multiply(x, w, spec), plain(x, w, spec))
