"""Candidate pairs by MinHash against all pairs by brute force."""

from __future__ import annotations

import itertools

import numpy as np

from underdog.data.near_pairs import near_pairs
from underdog.data.shingles import ShingleSets, jaccard


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


def test_the_index_of_known_pairs() -> None:
    """Two of four elements in common, none, all."""
    flat = np.asarray([1, 2, 3, 2, 3, 4, 7, 1, 2, 3], np.uint64)
    sets = ShingleSets(flat, np.asarray([0, 3, 6, 7, 10]))
    pairs = np.asarray([[0, 1], [0, 2], [0, 3]])
    assert jaccard(sets, pairs).tolist() == [0.5, 0.0, 1.0]
