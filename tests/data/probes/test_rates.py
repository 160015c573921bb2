"""Rates of hits with intervals that know of units."""

from __future__ import annotations

import numpy as np
import planted_sets as made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.data.probes.rates import hits_of, rate_of
from underdog.data.probes.sheet import draw
from underdog.interval import Interval, wilson


@settings(max_examples=30)
@given(st.integers(1, 300), st.data())
def test_independent_hits_have_wilsons_interval(n, data):
    """With a unit per question the interval is Wilson's, to four decimals."""
    right = data.draw(st.integers(0, n))
    found = rate_of(np.repeat([1.0, 0.0], [right, n - right]), np.arange(n))
    plain = wilson(right, n)
    assert found.method == "wilson"
    assert found.n == n
    assert np.allclose(
        [found.value, found.low, found.high], [plain.value, plain.low, plain.high], atol=6e-5
    )


def test_copies_widen_the_interval_to_that_of_the_originals():
    """Ten copies of each of 200 hits have nearly the interval of the 200."""
    hits = np.arange(200) % 4 == 0
    copied = rate_of(np.repeat(hits, 10).astype(float), np.repeat(np.arange(200), 10))
    alone = rate_of(hits.astype(float), np.arange(200))
    assert (copied.n, copied.method, copied.value) == (2000, "wilson, clustered", 0.25)
    assert copied.low == pytest.approx(alone.low, abs=3e-4)
    assert copied.high == pytest.approx(alone.high, abs=3e-4)


def test_units_that_even_out_do_not_narrow_it():
    """Where each unit has one hit in four, the interval stays that of independent questions."""
    hits = np.tile([1.0, 0, 0, 0], 50)
    assert rate_of(hits, np.repeat(np.arange(50), 4)) == rate_of(hits, np.arange(200))


def test_clustered_intervals_cover_as_stated():
    """Of 400 draws of hits in units that agree within, about 95 % of intervals hold the truth."""
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        sizes = rng.integers(1, 9, 120)
        units = np.repeat(np.arange(120), sizes)
        hits = (rng.random(120) < 0.3)[units].astype(float)
        found = rate_of(hits, units)
        covered += found.low <= 0.3 <= found.high
    assert 0.92 <= covered / 400 <= 0.98


def test_all_and_nothing_keep_their_bounds():
    """A rate of 0 or 1 has an interval that ends there."""
    nothing, everything = (rate_of(np.full(50, each), np.arange(50)) for each in (0.0, 1.0))
    assert nothing == Interval(0.0, 0.0, 0.0713, 50, "wilson")
    assert everything == Interval(1.0, 0.9287, 1.0, 50, "wilson")


def test_tied_choices_share_the_hit():
    """A key alone on top is a hit, one of t on top 1/t of one, one below nothing; differences below
    six decimals are ties.
    """
    sheet = draw(made.clean_set(3, seed=0), groups=None, seed=0, limit=3).sheet
    scores = np.zeros(12)
    first, second, third = sheet.keys
    scores[first] = 1
    scores[sheet.owner == 1] = 5
    scores[second] += 1e-8
    scores[sheet.owner == 2] = [1, 2, 3, 4]
    scores[third] = 0
    assert hits_of(scores, sheet).tolist() == [1, 0.25, 0]
