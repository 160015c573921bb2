"""The order of training: rows by difficulty, cut into chunks of equal size.

In: ids, difficulties and, for the stratified order, topics of the train split. Out: a position and
a chunk for each. Rows of equal difficulty stand in an order drawn from the seed. The order of the
input does not matter.

Stratified: easy to hard within every topic, and every topic in its share all the way. Sorting a
whole set by difficulty sorts its topics too, as far as some are harder than others; then the first
chunk is children's trivia and the last one physics. Here the topics take turns by a rule that keeps
each of them, after every single row, within one row of its share of the rows so far (R. Tijdeman,
The chairman assignment problem, Discrete Mathematics 32:323, 1980). A chunk, and any other stretch
of rows, lies between two such points, so that no topic is off its share there by two rows or more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from heapq import heappop, heappush
from typing import NamedTuple

from underdog.errors import InputError


class Order(StrEnum):
    """How difficulty changes over the curriculum."""

    EASY_TO_HARD = "easy-to-hard"
    HARD_TO_EASY = "hard-to-easy"
    RANDOM = "random"
    STRATIFIED = "stratified"
    """Easy to hard within every topic, with the topics mixed alike from first to last."""


class Place(NamedTuple):
    """Both count from 0; chunks differ in size by one row at most."""

    position: int
    chunk: int


def arrange(
    ids: Sequence[str],
    difficulties: Sequence[float],
    *,
    chunks: int,
    order: Order,
    seed: int,
    topics: Sequence[str] | None = None,
) -> tuple[Place, ...]:
    """One place per row, in the order of the input. Fewer rows than `chunks`: a chunk for each.

    `topics`, one per row, are needed by the stratified order and not looked at by the others.
    """
    if chunks < 1:
        raise InputError("1 chunk or more", got=str(chunks))
    chunks = min(chunks, len(ids))
    sign = {Order.HARD_TO_EASY: -1.0, Order.RANDOM: 0.0}.get(order, 1.0)
    drawn = [hashlib.sha256(f"order\x1f{seed}\x1f{each}".encode()).digest() for each in ids]
    ranked = sorted(range(len(ids)), key=lambda at: (sign * difficulties[at], drawn[at]))
    if order is Order.STRATIFIED:
        if topics is None:
            raise InputError("the topic of every row for a stratified order", got="none")
        ranked = _interleaved(ranked, topics, seed=seed)
    places = {
        at: Place(position, position * chunks // len(ids)) for position, at in enumerate(ranked)
    }
    return tuple(places[at] for at in range(len(ids)))


def _interleaved(ranked: Sequence[int], topics: Sequence[str], *, seed: int) -> list[int]:
    """The same rows with their topics taking turns; the order within a topic stays."""
    queues: dict[str, list[int]] = {}
    for at in ranked:
        queues.setdefault(topics[at], []).append(at)

    def drawn(topic: str) -> bytes:
        return hashlib.sha256(f"topic\x1f{seed}\x1f{topic}".encode("utf-8", "replace")).digest()

    # The name parts topics of one digest, which only broken surrogates can have.
    names = sorted(queues, key=lambda topic: (drawn(topic), topic))
    turns = take_turns([len(queues[name]) for name in names])
    rows = [iter(queues[name]) for name in names]
    return [next(rows[turn]) for turn in turns]


def take_turns(sizes: Sequence[int]) -> list[int]:
    """Whose turn it is at every place, for parts of these sizes (each at least 1).

    After k places, a part of size s of n in all has had its turn k * s / n times, give or take
    1 - 1 / (2 * parts - 2): Tijdeman's bound, which no order beats for all sizes. The j-th turn of
    a part may come once it would not be early by more than the bound, and must come before it is
    late by more; of the parts whose turn may come, the one that must come first is next.
    """
    total, unit = sum(sizes), 2 * (len(sizes) - 1)
    if len(sizes) < 2:
        return [0] * total
    opening = _windows(sizes, total=total, unit=unit)
    waiting: list[tuple[int, int]] = []
    turns: list[int] = []
    for place in range(1, total + 1):
        for due in opening.get(place, ()):
            heappush(waiting, due)
        turns.append(heappop(waiting)[1])
    return turns


def _windows(sizes: Sequence[int], *, total: int, unit: int) -> dict[int, list[tuple[int, int]]]:
    """By the first place at which they may come: the last place of turns, and whose they are.

    Whole numbers throughout, so that no rounding moves a turn.
    """
    opening: dict[int, list[tuple[int, int]]] = {}
    for part, size in enumerate(sizes):
        share = size * unit
        for turn in range(1, size + 1):
            first = -(-total * ((turn - 1) * unit + 1) // share)
            last = total * (turn * unit - 1) // share
            opening.setdefault(first, []).append((last, part))
    return opening
