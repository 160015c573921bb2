"""The order of training: rows by difficulty, cut into chunks of equal size.

In: ids and difficulties of the train split. Out: a position and a chunk for each. Rows of equal
difficulty stand in an order drawn from the seed, so that topics stay mixed. The order of the input
does not matter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from underdog.errors import InputError


class Order(StrEnum):
    """How difficulty changes over the curriculum."""

    EASY_TO_HARD = "easy-to-hard"
    HARD_TO_EASY = "hard-to-easy"
    RANDOM = "random"


class Place(NamedTuple):
    """Both count from 0; chunks differ in size by one row at most."""

    position: int
    chunk: int


def arrange(
    ids: Sequence[str], difficulties: Sequence[float], *, chunks: int, order: Order, seed: int
) -> tuple[Place, ...]:
    """One place per row, in the order of the input. Fewer rows than `chunks`: a chunk for each."""
    if chunks < 1:
        raise InputError("1 chunk or more", got=str(chunks))
    chunks = min(chunks, len(ids))
    sign = {Order.EASY_TO_HARD: 1.0, Order.HARD_TO_EASY: -1.0, Order.RANDOM: 0.0}[order]
    drawn = [hashlib.sha256(f"order\x1f{seed}\x1f{each}".encode()).digest() for each in ids]
    ranked = sorted(range(len(ids)), key=lambda at: (sign * difficulties[at], drawn[at]))
    places = {
        at: Place(position, position * chunks // len(ids)) for position, at in enumerate(ranked)
    }
    return tuple(places[at] for at in range(len(ids)))
