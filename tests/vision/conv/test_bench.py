"""The benchmark measures what it says."""

from __future__ import annotations

import pytest

from underdog.vision.conv.bench import Layer, contenders, headline, run, totals_s
from underdog.vision.conv.engine import Choice, Engine, Fixed

TINY = (Layer("tiny", 2, 4, 3, 2, 16), Layer("point", 4, 4, 1, 1, 8))


def test_all_contenders_on_all_layers() -> None:
    """Ours keeps input and weight; unfolding keeps the columns; ratios are of the totals."""
    timings = run(contenders(Engine(Fixed(Choice("shift")))), batch=2, rounds=1, layers=TINY)
    assert len(timings) == 10
    kept = {each.contender: each.saved_bytes for each in timings if each.layer == "tiny"}
    own_bytes = 4 * (2 * 2 * 16 * 16 + 4 * 2 * 9)
    assert kept["ours"] == kept["native"] == own_bytes
    assert kept["unfold + matmul"] > 2 * own_bytes
    totals = totals_s(timings)
    assert headline(timings)["unfold_speedup"] == pytest.approx(
        totals["unfold + matmul"] / totals["ours"]
    )
