"""Pairs of sets that are nearly equal, found without comparing all with all.

MinHash signatures (`rensa`) put likely pairs into common buckets; every pair found there is then
measured by its true Jaccard index. A signature can overlook a pair, never invent one.

Most sets share no bucket with any other. `rensa` tells which do without handing over a signature
(0.5 s for 61,000 sets); only those are compared, a fifth of the sets in trivia.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from underdog.data.shingles import ShingleSets, distinct, jaccard
from underdog.data.word_table import Hashes, Integers, Marks
from underdog.errors import MissingExtraError

ROWS_PER_BAND, FEWEST_BANDS, MOST_BANDS = 4, 64, 128
MISSED = 0.005
"""With b bands a pair at Jaccard t shares no bucket with probability (1 - t^4)^b (Leskovec,
Rajaraman, Ullman: Mining of Massive Datasets, 3.4.2). Bands are chosen for at most this, within
their bounds: 64 bands miss 1 pair in 7,000 at 0.6, 128 bands 1 in 200 at 0.45."""
NEIGHBOURS = 12
"""In a bucket each set meets this many others, in an order that differs by band."""
CROWD, CROWD_NEIGHBOURS = 64, 1
"""In a bucket of more than 64 sets each meets 1: where thousands of questions share a template they
still become one group through common partners, and the work stays linear."""
EQUAL_ROUNDS = 3
"""Orders in which places with equal keys meet: with 12 neighbours each, all pairs among 13."""
_SIGNATURE_SEED = 1
_BLOCK_SETS = 4096
_MIX = np.uint64(0x9E3779B97F4A7C15)


def near_pairs(sets: ShingleSets, threshold: float, *, classes: Integers | None = None) -> Integers:
    """Pairs (a, b), a < b, of a Jaccard index of at least `threshold`. Shape (pairs, 2).

    With `classes` (one number per set), only pairs of one class; a negative number is alone.
    """
    count = sets.size
    usable = np.flatnonzero(_usable(sets, classes))
    kept = sets.take(usable)
    if classes is not None:
        # Equal elements of different classes become different: signatures then tell classes apart.
        colours = classes[usable].astype(np.uint64) * _MIX
        kept = ShingleSets(kept.flat ^ np.repeat(colours, np.diff(kept.bounds)), kept.bounds)
    bands = count_bands(threshold)
    likely = np.flatnonzero(_share_buckets(kept, bands))
    signatures = _signatures(kept.take(likely), bands)
    codes = distinct(np.concatenate([*_bucket_pairs(signatures, usable[likely], count=count)]))
    pairs = np.stack([codes // count, codes % count], axis=1)
    if classes is not None:
        pairs = pairs[classes[pairs[:, 0]] == classes[pairs[:, 1]]]
    return pairs[jaccard(sets, pairs) >= threshold - 1e-9]


def count_bands(threshold: float) -> int:
    """How many bands it takes to find pairs at a Jaccard index of `threshold`, above 0 to 1."""
    missed = 1 - min(threshold, 0.99) ** ROWS_PER_BAND
    wanted = math.log(MISSED) / math.log(missed)
    return int(min(max(math.ceil(wanted), FEWEST_BANDS), MOST_BANDS))


def equal_pairs(keys: Hashes) -> Integers:
    """Pairs (a, b), a < b, of places with equal keys, shape (pairs, 2). Where a key is frequent a
    place meets some of the others only.
    """
    count = len(keys)
    shuffler = np.random.default_rng(0)
    codes = [np.empty(0, np.int64)]
    for _ in range(EQUAL_ROUNDS):
        order = shuffler.permutation(count)
        order = order[np.argsort(keys[order], kind="stable")]
        codes.append(_neighbours(keys[order], order, count=count))
    merged = distinct(np.concatenate(codes))
    return np.stack([merged // max(count, 1), merged % max(count, 1)], axis=1)


def _usable(sets: ShingleSets, classes: Integers | None) -> Marks:
    """Sets with an element and with another set of their class."""
    filled = np.diff(sets.bounds) > 0
    if classes is None:
        return filled
    own = np.where(filled, classes, -1)
    sizes = np.bincount(own + 1, minlength=2)
    paired: Marks = (own >= 0) & (sizes[own + 1] > 1)
    return paired


def _digest(sets: ShingleSets, width: int) -> Any:
    try:
        from rensa import RMinHash
    except ImportError as error:
        raise MissingExtraError.of("finding near-duplicates", "data") from error
    offsets = sets.bounds.astype(np.uint64)
    return RMinHash.digest_matrix_from_flat_token_hashes(sets.flat, offsets, width, _SIGNATURE_SEED)


def _share_buckets(sets: ShingleSets, bands: int) -> Marks:
    """Which sets share a bucket with another one, under the bands of `_bucket_pairs`."""
    if sets.size < 2:
        return np.zeros(sets.size, bool)
    digests = _digest(sets, bands * ROWS_PER_BAND)
    from rensa import RMinHashLSH

    # The threshold is a note of rensa's own; bands and width decide.
    index = RMinHashLSH(0.5, bands * ROWS_PER_BAND, bands)
    return np.asarray(index.query_duplicate_flags_matrix_one_shot(digests), bool)


def _signatures(sets: ShingleSets, bands: int) -> NDArray[np.uint32]:
    """Shape (sets, bands * ROWS_PER_BAND). In blocks: rensa hands rows over as Python integers."""
    width = bands * ROWS_PER_BAND
    signatures = np.empty((sets.size, width), np.uint32)
    for start in range(0, sets.size, _BLOCK_SETS):
        block = sets.take(np.arange(start, min(start + _BLOCK_SETS, sets.size)))
        rows = _digest(block, width).to_rows()
        values = np.fromiter(chain.from_iterable(rows), np.uint32, block.size * width)
        signatures[start : start + block.size] = values.reshape(-1, width)
    return signatures


def _bucket_pairs(
    signatures: NDArray[np.uint32], places: Integers, *, count: int
) -> Iterator[Integers]:
    """For each band, the codes a * count + b of pairs that are neighbours in one bucket."""
    shuffler = np.random.default_rng(0)
    for first in range(0, signatures.shape[1], ROWS_PER_BAND):
        keys = np.zeros(len(places), np.uint64)
        for column in range(first, first + ROWS_PER_BAND):
            keys = keys * _MIX + signatures[:, column]
            keys ^= keys >> np.uint64(29)
        order = shuffler.permutation(len(places))
        order = order[np.argsort(keys[order], kind="stable")]
        yield _neighbours(keys[order], places[order], count=count)


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
