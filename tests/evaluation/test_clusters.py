"""Intervals of questions that hang together."""

from __future__ import annotations

import numpy as np
import pytest

from underdog.errors import InputError
from underdog.evaluation.clusters import clustered_accuracy, clustered_difference, clustered_mean
from underdog.evaluation.compare import PairedCounts, paired_difference
from underdog.interval import wilson


def test_copies_of_questions_add_no_certainty() -> None:
    """Each of 50 questions asked ten times: the interval is about that of 50, not of 500."""
    marks = [number % 2 == 0 for number in range(50)] * 10
    groups = [f"g{number}" for number in range(50)] * 10
    found = clustered_accuracy(marks, groups)
    width, plain, honest = (
        each.high - each.low for each in (found, wilson(250, 500), wilson(25, 50))
    )
    assert width == pytest.approx(honest, rel=0.12)
    assert width > 2.5 * plain
    assert found.method == "cluster-bootstrap"


def test_different_groups_are_the_plain_interval() -> None:
    """No bootstrap where every question stands alone, or where nothing is known."""
    marks = [True, False, True, True]
    assert clustered_accuracy(marks, None) == wilson(3, 4)
    assert clustered_accuracy(marks, ["a", "b", "c", "d"]) == wilson(3, 4)
    same = clustered_difference(marks, marks, list("abcd"))
    assert same == paired_difference(PairedCounts.of(marks, marks))


def test_it_is_never_narrower_than_the_best_case() -> None:
    """All right in two groups: a bootstrap alone would claim certainty."""
    found = clustered_accuracy([True] * 20, ["a"] * 10 + ["b"] * 10)
    assert (found.low, found.high) == (wilson(20, 20).low, 1.0)


def test_coverage_under_clustering() -> None:
    """Groups of five with a common share each: 95 % intervals hold the truth about that often,
    where Wilson's do clearly less often. 200 draws of 60 groups.
    """
    generator = np.random.default_rng(0)
    hits = plain_hits = 0
    for seed in range(200):
        shares = generator.beta(1, 1, 60)
        marks = [bool(each) for each in (generator.random((60, 5)) < shares[:, None]).ravel()]
        found = clustered_accuracy(marks, [str(each // 5) for each in range(300)], seed=seed)
        plain = wilson(sum(marks), 300)
        hits += found.low <= 0.5 <= found.high
        plain_hits += plain.low <= 0.5 <= plain.high
    assert hits >= 180
    assert plain_hits < 175


def test_means_of_any_numbers() -> None:
    """A constant has no width; groups are needed for every number."""
    found = clustered_mean([0.5, 0.5, 0.5], ["a", "b", "c"])
    assert (found.low, found.value, found.high) == (0.5, 0.5, 0.5)
    with pytest.raises(InputError, match="one group per question"):
        clustered_mean([0.5], ["a", "b"])
