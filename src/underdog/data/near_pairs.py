"""Pairs of sets that are nearly equal, found without comparing all with all.

MinHash signatures (`rensa`) put likely pairs into common buckets; every pair found there is then
measured by its true Jaccard index. A signature can overlook a pair, never invent one.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from underdog.data.shingles import Hashes, Integers, ShingleSets, distinct, jaccard
from underdog.errors import MissingExtraError

BANDS, ROWS_PER_BAND = 64, 4
"""A pair at Jaccard 0.6 shares a bucket with probability 1 - (1 - 0.6^4)^64 = 0.99986
(Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, 3.4.2)."""
NEIGHBOURS = 24
"""In a bucket each set meets this many others, in an order that differs by band."""
CROWD, CROWD_NEIGHBOURS = 64, 4
"""In a bucket of more than 64 sets each meets 4: where thousands of questions share a template they
still become one group through common partners, and the work stays linear."""
_BLOCK_SETS = 4096
_MIX = np.uint64(0x9E3779B97F4A7C15)


def near_pairs(sets: ShingleSets, threshold: float, *, classes: Integers | None = None) -> Integers:
    """Pairs (a, b), a < b, of a Jaccard index of at least `threshold`. Shape (pairs, 2).

    With `classes` (one number per set), only pairs of one class; a negative number is alone.
    """
    count = sets.size
    if count < 2 or not len(sets.flat):
        return np.empty((0, 2), np.int64)
    signatures = _signatures(sets)
    usable = np.diff(sets.bounds) > 0
    if classes is not None:
        usable &= classes >= 0
    codes = distinct(
        np.concatenate([*_bucket_pairs(signatures, np.flatnonzero(usable), classes=classes)])
    )
    pairs = np.stack([codes // count, codes % count], axis=1)
    return pairs[jaccard(sets, pairs) >= threshold - 1e-9]


def _signatures(sets: ShingleSets) -> NDArray[np.uint32]:
    """Shape (sets, BANDS * ROWS_PER_BAND). In blocks: rensa hands rows over as Python integers."""
    try:
        from rensa import RMinHash
    except ImportError as error:
        raise MissingExtraError.of("finding near-duplicates", "data") from error
    width = BANDS * ROWS_PER_BAND
    signatures = np.empty((sets.size, width), np.uint32)
    for start in range(0, sets.size, _BLOCK_SETS):
        bounds = sets.bounds[start : start + _BLOCK_SETS + 1]
        flat = sets.flat[bounds[0] : bounds[-1]]
        offsets = (bounds - bounds[0]).astype(np.uint64)
        matrix = RMinHash.digest_matrix_from_flat_token_hashes(flat, offsets, width, 1)
        signatures[start : start + len(bounds) - 1] = matrix.to_rows()
    return signatures


def _bucket_pairs(
    signatures: NDArray[np.uint32], usable: Integers, *, classes: Integers | None
) -> Iterator[Integers]:
    """For each band, the codes a * count + b of pairs that are neighbours in one bucket."""
    count = len(signatures)
    shuffler = np.random.default_rng(0)
    for band in range(BANDS):
        keys = np.zeros(count, np.uint64) if classes is None else classes.astype(np.uint64)
        for column in range(band * ROWS_PER_BAND, (band + 1) * ROWS_PER_BAND):
            keys = keys * _MIX + signatures[:, column]
            keys ^= keys >> np.uint64(29)
        order = usable[shuffler.permutation(len(usable))]
        order = order[np.argsort(keys[order], kind="stable")]
        yield _neighbours(keys[order], order, count=count)


def _neighbours(keys: Hashes, order: Integers, *, count: int) -> Integers:
    """Pairs of places that are at most NEIGHBOURS apart and have one key. `keys` is sorted."""
    codes = [np.empty(0, np.int64)]
    for distance in range(1, min(NEIGHBOURS, len(order) - 1) + 1):
        if distance == CROWD_NEIGHBOURS + 1:
            starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
            sizes = np.diff(np.append(starts, len(keys)))
            small = np.repeat(sizes <= CROWD, sizes)
            keys, order = keys[small], order[small]
        places = np.flatnonzero(keys[distance:] == keys[:-distance])
        if not len(places):
            break
        one, other = order[places], order[places + distance]
        codes.append(np.minimum(one, other) * count + np.maximum(one, other))
    return distinct(np.concatenate(codes))
