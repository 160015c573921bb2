"""Rank correlations: as scipy has them, with an interval that covers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.data.agreement import (
    FEWEST,
    BandShare,
    DifficultyReport,
    compare_parts,
    rank,
    spearman,
)
from underdog.data.row import Band
from underdog.interval import Interval, wilson

PAIRS = st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=FEWEST, max_size=80)


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=40))
def test_ranks_are_twice_the_mid_ranks(values: list[float]) -> None:
    """Equal values share the mean of the places that they would take; ranks sum to n (n + 1)."""
    found = rank(values).tolist()
    below = [sum(other < value for other in values) for value in values]
    same = [values.count(value) for value in values]
    assert found == [2 * b + s + 1 for b, s in zip(below, same, strict=True)]
    assert sum(found) == len(values) * (len(values) + 1)


@settings(max_examples=50)
@given(PAIRS)
def test_the_correlation_is_scipys(pairs: list[tuple[int, int]]) -> None:
    """Ties included; where one side has one value there is no correlation."""
    from scipy.stats import spearmanr

    one, other = (list(map(float, side)) for side in zip(*pairs, strict=True))
    found = spearman(one, other)
    if len(set(one)) == 1 or len(set(other)) == 1:
        assert found is None
    else:
        assert found is not None
        expected = float(spearmanr(one, other).statistic)
        assert found.value == pytest.approx(expected, abs=1e-6)
        assert found.low <= found.value <= found.high
        assert found.n == len(pairs)
        turned = spearman(one[::-1], other[::-1])
        assert turned == found


def test_the_interval_is_fishers_z_with_bonett_and_wrights_variance() -> None:
    """Of 103 pairs with r = 0.5: atanh(0.5) give or take 1.96 sqrt(1.125 / 100)."""
    chance = np.random.default_rng(5)
    one = np.arange(103.0)
    best = min(
        (
            spearman(one, one + scale * chance.normal(size=103))
            for scale in np.linspace(30, 80, 200)
        ),
        key=lambda found: abs(found.value - 0.5) if found else 1.0,
    )
    assert best is not None
    r = best.value
    assert r == pytest.approx(0.5, abs=0.05)
    half = 1.959964 * math.sqrt((1 + r * r / 2) / 100)
    assert best.low == pytest.approx(math.tanh(math.atanh(r) - half), abs=1e-5)
    assert best.high == pytest.approx(math.tanh(math.atanh(r) + half), abs=1e-5)


def test_the_interval_covers_the_true_correlation() -> None:
    """Of 400 samples of 60 pairs with a true rank correlation of 0.56, 92 to 98 % cover it."""
    chance = np.random.default_rng(1)
    true = 6 / math.pi * math.asin(0.58 / 2)
    covered = 0
    for _ in range(400):
        first, noise = chance.normal(size=(2, 60))
        found = spearman(first, 0.58 * first + math.sqrt(1 - 0.58**2) * noise)
        assert found is not None
        covered += found.low <= true <= found.high
    assert 0.92 <= covered / 400 <= 0.98


def test_the_ends_and_too_few_pairs() -> None:
    """Equal orders give 1, turned ones -1, both inside their intervals; 29 pairs give nothing."""
    line = [float(at) for at in range(FEWEST)]
    same, turned = spearman(line, line), spearman(line, line[::-1])
    assert same is not None
    assert turned is not None
    assert (same.value, turned.value) == (1.0, -1.0)
    assert same.low > 0.99
    assert turned.high < -0.99
    assert spearman(line[1:], line[1:]) is None


def test_parts_come_by_weight_with_their_own_correlation() -> None:
    """The heaviest first; a part with one value has none."""
    line = np.arange(40.0)
    parts = compare_parts(
        {"flat": np.ones(40), "up": line, "down": -line},
        line,
        weights={"flat": 0.2, "up": 0.3, "down": 0.5},
        meanings={"flat": "f", "up": "u", "down": "d"},
    )
    assert [part.name for part in parts] == ["down", "up", "flat"]
    assert [part.correlation and part.correlation.value for part in parts] == [-1.0, 1.0, None]
    assert parts[0].meaning == "d"


def report(measured: int, correlation: Interval | None) -> DifficultyReport:
    bands = tuple(BandShare(band, 1 / 3, 1000, wilson(3, 10)) for band in Band)
    return DifficultyReport(3000, measured, correlation, (), bands)


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ((-0.02, 0.1, 0.22), "0.10 [-0.02, 0.22] (cannot be told from none)"),
        ((0.05, 0.1, 0.15), "0.10 [0.05, 0.15] (weak)"),
        ((0.25, 0.35, 0.45), "0.35 [0.25, 0.45] (medium)"),
        ((0.45, 0.55, 0.65), "0.55 [0.45, 0.65] (strong)"),
        ((-0.15, -0.1, -0.05), "-0.10 [-0.15, -0.05] (weak, and the wrong way round)"),
    ],
)
def test_the_sentence_says_what_the_guess_is_worth(
    bounds: tuple[float, float, float], words: str
) -> None:
    """The correlation with its interval, and a word for its size."""
    low, value, high = bounds
    sentence = report(2000, Interval(value, low, high, 2000, "spearman")).sentence()
    assert sentence == (
        "2\u202f000 of 3\u202f000 difficulties are measured by a model's margin, 1\u202f000 "
        f"guessed; the guess foretells the model's difficulty with a rank correlation of {words}"
    )


def test_the_sentence_without_predictions_or_with_too_few() -> None:
    """Nothing is claimed that was not measured."""
    assert report(0, None).sentence() == (
        "All 3\u202f000 difficulties are guessed from wording, source, answer and choices; no "
        "model's predictions were given to check them"
    )
    assert (
        report(9, None)
        .sentence()
        .endswith("too few or too equal to say how well the guess foretells the model")
    )


def test_the_report_is_plain_json() -> None:
    """Bands are named, intervals are objects."""
    value = report(9, wilson(1, 2)).to_json()
    assert value["bands"][0]["band"] == "easy"
    assert value["bands"][0]["right"]["n"] == 10
    assert value["correlation"]["method"] == "wilson"
