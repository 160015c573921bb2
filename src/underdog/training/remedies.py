"""What guards have changed in a run, and the plan that follows from it.

A run's remedies are a list that only grows; the learning rates, the replays, the adapter's scale
and the parts of a step are pure functions of the recipe and that list. The list is in every
checkpoint, so that a continued run needs nothing else to be the same run.

Why which remedy. Numbers that are not finite: the weights go back, and the learning rate of the
rest is halved; the adapter's scale stays, since halving it would cost half of what was learnt and
nothing says that the adapter is to blame. Exploding gradients: both gradients of a LoRA, and what
it adds, are proportional to its scale, so the scale is halved (256 becomes 64 after two, the
fall-back of the 72B recipes). In both cases the step counter moves on and the rows in between are
not shown again: PaLM (Chowdhery et al. 2022, section 5.1) went back about 100 steps and skipped
the batches around a spike, and found that a spike needs those batches at those weights.
Collapse: half the learning rate, twice the replay.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from underdog.errors import InputError, RunError
from underdog.training.guards.config import Guard, GuardConfig, OnGuard
from underdog.training.schedule import (
    Batch,
    ScheduleConfig,
    cut_batches,
    learning_rates,
    make_schedule,
)


@dataclass(frozen=True, slots=True)
class Remedy:
    """One change, made by `guard` when `step` batches were done; it holds from the next one on.
    Replays change with the chunks after `chunk`. Factors multiply with those of earlier remedies.
    """

    guard: str
    step: int
    chunk: int
    rate_factor: float = 1.0
    replay_factor: float = 1.0
    scale_factor: float = 1.0
    parts_factor: float = 1.0

    def __post_init__(self) -> None:
        factors = (self.rate_factor, self.replay_factor, self.scale_factor, self.parts_factor)
        if self.step < 0 or not all(math.isfinite(each) and each > 0 for each in factors):
            raise InputError("a step of at least 0 and factors above 0", got=repr(self))


class _Factors(NamedTuple):
    rate: float = 1.0
    replay: float = 1.0
    scale: float = 1.0


_FACTORS = {
    Guard.NON_FINITE: _Factors(rate=0.5),
    Guard.EXPLOSION: _Factors(scale=0.5),
    Guard.COLLAPSE: _Factors(rate=0.5, replay=2.0),
}
_STOP_HINT = {
    Guard.NON_FINITE: "a lower learning rate or float32",
    Guard.EXPLOSION: "a lower alpha or learning rate",
    Guard.COLLAPSE: "a lower learning rate or more replay",
}


def choose_remedy(
    guard: Guard,
    cause: str,
    *,
    at: tuple[int, int],
    earlier: Sequence[Remedy],
    config: GuardConfig,
    on_guard: OnGuard,
) -> Remedy:
    """The remedy for a verdict after `at` = (step, chunk). RunError when the policy is to stop, or
    when this guard has had all its remedies; the weights on disk are whole then.
    """
    had = sum(remedy.guard == guard for remedy in earlier)
    if on_guard is OnGuard.STOP:
        hint = f'{_STOP_HINT[guard]}; or on_guard "remedy", which goes on from the last checkpoint'
        raise RunError("healthy steps are needed", got=f"step {at[0]}: {cause}", hint=hint)
    if had >= config.remedies:
        raise RunError(
            "healthy steps are needed",
            got=f"after {had} remedies, step {at[0]}: {cause}",
            hint=f"{_STOP_HINT[guard]}; the checkpoints hold the weights before these",
        )
    return Remedy(guard.value, *at, *_FACTORS[guard])


def parts_of_step(accumulation: int, remedies: Sequence[Remedy]) -> int:
    """Parts that a step's rows are cut into now."""
    return max(1, round(accumulation * math.prod(each.parts_factor for each in remedies)))


def plan_steps(
    chunks: Sequence[int],
    lengths: Sequence[int],
    config: ScheduleConfig,
    *,
    seed: int,
    remedies: Sequence[Remedy] = (),
) -> tuple[tuple[Batch, ...], tuple[float, ...]]:
    """Every batch of the run and its learning rate, with all remedies so far. Batches and rates up
    to the latest remedy's step are those of the plan without it: what is done stays done.
    """
    schedule = make_schedule(chunks, config, seed=seed, replay_factors=replays(chunks, remedies))
    batches = cut_batches(schedule, lengths, batch_size=config.batch_size, seed=seed)
    rates = learning_rates(batches, config)
    lowered = tuple(
        rate * math.prod(each.rate_factor for each in remedies if index >= each.step)
        for index, rate in enumerate(rates)
    )
    return batches, lowered


def replays(chunks: Sequence[int], remedies: Sequence[Remedy]) -> dict[int, float]:
    """The factor on the replay ratio of each chunk."""
    return {
        chunk: math.prod(each.replay_factor for each in remedies if chunk > each.chunk)
        for chunk in set(chunks)
    }


def told(remedy: Remedy, *, restored_step: int | None, alpha: float | None) -> str:
    """What a remedy does, as a sentence. `alpha` is the effective one where it changed."""
    parts = []
    if restored_step is not None:
        parts.append(f"weights of step {restored_step} restored")
    if remedy.rate_factor != 1:
        parts.append(f"learning rate of the rest times {remedy.rate_factor:g}")
    if remedy.replay_factor != 1:
        parts.append(f"replay of the chunks to come times {remedy.replay_factor:g}")
    if alpha is not None:
        parts.append(f"adapter's scale times {remedy.scale_factor:g} (alpha {alpha:g})")
    if remedy.parts_factor != 1:
        parts.append(f"{remedy.parts_factor:g} times as many parts per step")
    return ", ".join(parts)


def from_json(values: Sequence[Mapping[str, Any]]) -> list[Remedy]:
    """Undo `dataclasses.asdict` on each."""
    return [Remedy(**value) for value in values]
