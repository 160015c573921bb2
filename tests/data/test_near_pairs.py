"""Candidate pairs by MinHash against all pairs by brute force."""

from __future__ import annotations

import itertools
import sys

import numpy as np
import pytest

from underdog.data.near_pairs import (
    EQUAL_ROUNDS,
    ROWS_PER_BAND,
    _share_buckets,
    _signatures,
    count_bands,
    equal_pairs,
    near_pairs,
)
from underdog.data.shingles import ShingleSets
from underdog.errors import MissingExtraError


def random_sets(count: int, *, seed: int) -> ShingleSets:
    """Families of sets that share from none to all of twenty numbers."""
    chance = np.random.default_rng(seed)
    sets = []
    for at in range(count):
        base = np.arange(20, dtype=np.uint64) + np.uint64(1000 * (at // 6))
        fresh = chance.integers(10**6, 10**12, 20, dtype=np.uint64)
        sets.append(np.unique(np.where(chance.random(20) < chance.random() ** 2, fresh, base)))
    bounds = np.cumsum([0, *map(len, sets)])
    return ShingleSets(np.concatenate(sets), bounds.astype(np.int64))


def brute_force(sets: ShingleSets, threshold: float) -> set[tuple[int, int]]:
    parts = np.split(sets.flat, sets.bounds[1:-1])
    found = set()
    for (a, one), (b, other) in itertools.combinations(enumerate(map(set, parts)), 2):
        if one | other and len(one & other) / len(one | other) >= threshold:
            found.add((a, b))
    return found


def test_every_pair_that_brute_force_finds_is_found_and_no_other() -> None:
    """On 300 sets in families, at the threshold in use."""
    sets = random_sets(300, seed=3)
    expected = brute_force(sets, 0.6)
    assert len(expected) > 50
    assert {(a, b) for a, b in near_pairs(sets, 0.6).tolist()} == expected


def test_classes_keep_pairs_apart() -> None:
    """Only sets of one class pair up; a negative class pairs with none."""
    sets = ShingleSets(np.tile(np.arange(5, dtype=np.uint64), 4), np.arange(0, 25, 5))
    classes = np.asarray([0, 0, 1, -1])
    assert near_pairs(sets, 0.6, classes=classes).tolist() == [[0, 1]]


def test_nothing_and_empty_sets_have_no_pairs() -> None:
    """No sets, one set, and sets without elements."""
    empty = np.empty(0, np.uint64)
    for bounds in ([0], [0, 0], [0, 0, 0]):
        assert near_pairs(ShingleSets(empty, np.asarray(bounds)), 0.6).shape == (0, 2)
    mixed = ShingleSets(np.asarray([1, 1], np.uint64), np.asarray([0, 1, 1, 1, 2]))
    assert near_pairs(mixed, 0.6).tolist() == [[0, 3]]


def test_only_sets_that_share_a_bucket_are_compared_and_none_of_them_is_left_out() -> None:
    """What rensa says about buckets is what the bands here find: the same sets, not one more."""
    sets = random_sets(300, seed=4)
    bands = count_bands(0.6)
    signatures = _signatures(sets, bands).reshape(sets.size, bands, ROWS_PER_BAND)
    shared = np.zeros(sets.size, bool)
    for band in range(bands):
        _, places, counts = np.unique(
            signatures[:, band], axis=0, return_inverse=True, return_counts=True
        )
        shared |= counts[places.reshape(-1)] > 1
    assert 0 < shared.sum() < sets.size
    assert _share_buckets(sets, bands).tolist() == shared.tolist()


@pytest.mark.parametrize(
    ("threshold", "bands"), [(1.0, 64), (0.6, 64), (0.5, 83), (0.45, 127), (0.2, 128)]
)
def test_lower_thresholds_take_more_bands(threshold: float, bands: int) -> None:
    """As many as miss one pair in 200, within bounds."""
    assert count_bands(threshold) == bands


def test_equal_keys_pair_up() -> None:
    """All pairs of a small bucket; of a large one enough to connect it."""
    assert equal_pairs(np.asarray([7, 5, 7, 7], np.uint64)).tolist() == [[0, 2], [0, 3], [2, 3]]
    assert equal_pairs(np.empty(0, np.uint64)).shape == (0, 2)
    crowd = equal_pairs(np.full(500, 9, np.uint64))
    assert len(crowd) < 500 * EQUAL_ROUNDS + 1
    reached = {0}
    for _ in range(500):
        reached |= {b for a, b in crowd.tolist() if a in reached}
        reached |= {a for a, b in crowd.tolist() if b in reached}
        if len(reached) == 500:
            break
    assert len(reached) == 500


def test_a_missing_library_is_named_with_the_line_that_installs_it() -> None:
    """MinHash comes from an optional package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "rensa", None)
        with pytest.raises(MissingExtraError, match="finding near-duplicates"):
            near_pairs(random_sets(10, seed=1), 0.6)
