"""The whole curriculum as one list, decided before the first step.

In: rows in curriculum order, settings, a seed. Out: which row is shown when, whether it is a
replay, how rows are cut into batches and the learning rate of each. Never: a model, a clock, a
global random state. Everything here is a pure function, so a resumed run needs nothing else.

Replay follows Algorithm R (Vitter 1985, "Random Sampling with a Reservoir", section 2): every
row of the earlier chunks is in the reservoir with the same probability. The project this grew from
overwrote a random slot for every new row, which favours recent rows.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from underdog.errors import InputError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ScheduleConfig:
    """How often, how many at once, how fast, and how much of the past."""

    epochs: int = 1
    """Times each chunk is gone through before the next one, at least 1."""
    batch_size: int = 16
    """Rows per optimizer step, at least 1. 16 in the 72B recipes."""
    learning_rate: tuple[float, float] = (2e-5, 1e-5)
    """Of the first and of the last chunk, linear between them. Default: the 72B recipes."""
    warm_up_steps: int = 0
    """Steps at the start of the run over which the learning rate rises linearly from 0."""
    replay_capacity: int = 500
    """Rows the reservoir holds, 0 for no replay. Default: the 72B recipes."""
    replay_ratio: tuple[float, float] = (0.1, 0.2)
    """Replayed rows per new row, in the second and in the last chunk, linear between them."""

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 1:
            raise InputError(
                "epochs and a batch_size of at least 1", got=f"{self.epochs}, {self.batch_size}"
            )
        if self.warm_up_steps < 0 or self.replay_capacity < 0:
            raise InputError(
                "warm_up_steps and a replay_capacity of at least 0",
                got=f"{self.warm_up_steps}, {self.replay_capacity}",
            )
        if not all(0 < rate < 1 for rate in self.learning_rate):
            raise InputError("learning rates between 0 and 1", got=str(self.learning_rate))
        if not all(0 <= ratio <= 1 for ratio in self.replay_ratio):
            raise InputError("replay ratios from 0 to 1", got=str(self.replay_ratio))


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """One showing of one row. `row` is its index in the list the schedule was made from, `chunk`
    the chunk in whose turn it is shown, `epoch` the pass over that chunk, `showing` how often the
    row was shown before; all from 0.
    """

    row: int
    chunk: int
    epoch: int
    showing: int
    replayed: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one optimizer step, all of one chunk. `last_of_chunk` marks its border."""

    rows: tuple[ScheduleRow, ...]
    chunk: int
    last_of_chunk: bool


LEAST_RAISED = 0.1
"""A replay ratio that is raised is at least this afterwards: that of the 72B recipes' start."""


def make_schedule(
    chunks: Sequence[int],
    config: ScheduleConfig,
    *,
    seed: int,
    replay_factors: Mapping[int, float] | None = None,
) -> tuple[ScheduleRow, ...]:
    """Every showing in order. `chunks[i]` is row i's chunk; chunks are gone through in rising
    order, their rows in random order, mixed with replays of rows of earlier chunks only.

    `replay_factors` multiply the replay ratio of single chunks; chunks before the first that has
    another factor than 1 are shown as they are without it.
    """
    factors = replay_factors or {}
    shown: Counter[int] = Counter()
    schedule: list[ScheduleRow] = []
    reservoir = Reservoir(config.replay_capacity, seed=seed)
    turns = sorted(set(chunks))
    for turn, chunk in enumerate(turns):
        fresh = [row for row, of in enumerate(chunks) if of == chunk]
        ratio = replay_ratio(turn, len(turns), config.replay_ratio)
        replays = round(len(fresh) * raised(ratio, factors.get(chunk, 1.0), turn))
        for epoch in range(config.epochs):
            rng = random.Random(f"{seed} chunk {chunk} epoch {epoch}")
            drawn = [(row, True) for row in _draw(reservoir.rows, replays, rng)]
            mixed = [(row, False) for row in fresh] + drawn
            rng.shuffle(mixed)
            for row, replayed in mixed:
                schedule.append(ScheduleRow(row, chunk, epoch, shown[row], replayed))
                shown[row] += 1
        for row in fresh:
            reservoir.add(row)
    return tuple(schedule)


class Reservoir:
    """A uniform sample, at most `capacity` large, of everything added so far."""

    def __init__(self, capacity: int, *, seed: int) -> None:
        self.rows: list[int] = []
        self._capacity, self._seen = capacity, 0
        self._rng = random.Random(f"{seed} reservoir")

    def add(self, row: int) -> None:
        """Algorithm R: the n-th item stays with probability capacity / n, in a random place."""
        self._seen += 1
        if len(self.rows) < self._capacity:
            self.rows.append(row)
            return
        place = self._rng.randrange(self._seen)
        if place < self._capacity:
            self.rows[place] = row


def replay_ratio(turn: int, turns: int, ratios: tuple[float, float]) -> float:
    """Replayed rows per new row in the turn-th chunk: 0 in the first (there is no past)."""
    if turn == 0:
        return 0.0
    return _between(ratios, turn - 1, turns - 1)


def raised(ratio: float, factor: float, turn: int) -> float:
    """A replay ratio times a factor, at most 1; from nothing it rises to LEAST_RAISED."""
    if factor <= 1.0 or turn == 0:
        return ratio * factor
    return min(1.0, max(ratio * factor, LEAST_RAISED))


def chunk_learning_rates(chunks: Sequence[int], rates: tuple[float, float]) -> dict[int, float]:
    """The learning rate of each chunk, falling (or rising) linearly over them."""
    turns = sorted(set(chunks))
    return {chunk: _between(rates, turn, len(turns)) for turn, chunk in enumerate(turns)}


def learning_rates(batches: Sequence[Batch], config: ScheduleConfig) -> tuple[float, ...]:
    """The learning rate of every step: its chunk's, scaled down during warm-up."""
    of_chunk = chunk_learning_rates([batch.chunk for batch in batches], config.learning_rate)
    return tuple(
        of_chunk[batch.chunk] * min(1.0, (step + 1) / (config.warm_up_steps + 1))
        for step, batch in enumerate(batches)
    )


def cut_batches(
    schedule: Sequence[ScheduleRow], lengths: Sequence[int], *, batch_size: int, seed: int
) -> tuple[Batch, ...]:
    """Cut one pass over one chunk at a time into batches of rows of similar length.

    `lengths[i]` is row i's number of tokens. Inside a pass rows are sorted by length (ties stay in
    the schedule's random order), cut, and the batches shuffled; nothing moves across a pass, so
    easy still comes before hard.
    """
    batches: list[tuple[ScheduleRow, ...]] = []
    for (chunk, epoch), rows in _passes(schedule):
        ordered = sorted(rows, key=lambda shown: lengths[shown.row])
        cut = [
            tuple(ordered[start : start + batch_size])
            for start in range(0, len(ordered), batch_size)
        ]
        random.Random(f"{seed} batches of chunk {chunk} epoch {epoch}").shuffle(cut)
        batches += cut
    following = [rows[0].chunk for rows in batches[1:]] + [None]
    return tuple(
        Batch(rows, rows[0].chunk, last_of_chunk=rows[0].chunk != after)
        for rows, after in zip(batches, following, strict=True)
    )


def _passes(
    schedule: Sequence[ScheduleRow],
) -> Iterator[tuple[tuple[int, int], list[ScheduleRow]]]:
    passes: dict[tuple[int, int], list[ScheduleRow]] = {}
    for shown in schedule:
        passes.setdefault((shown.chunk, shown.epoch), []).append(shown)
    yield from passes.items()


def _draw(rows: Sequence[T], count: int, rng: random.Random) -> list[T]:
    """`count` rows, each as often as every other one, give or take one."""
    if not rows:
        return []
    rounds, rest = divmod(count, len(rows))
    return [*rows] * rounds + rng.sample(list(rows), rest)


def _between(ends: tuple[float, float], place: int, places: int) -> float:
    """Linear from the first end (place 0) to the second (place `places` - 1)."""
    start, end = ends
    return start if places < 2 else start + (end - start) * place / (places - 1)
