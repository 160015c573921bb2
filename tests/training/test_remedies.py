"""The plan as a pure function of the recipe and the remedies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.errors import InputError, RunError
from underdog.training.guards.config import Guard, GuardConfig, OnGuard
from underdog.training.remedies import (
    Remedy,
    choose_remedy,
    parts_of_step,
    plan_steps,
    replays,
    told,
)
from underdog.training.schedule import ScheduleConfig

CHUNKS = [at // 12 for at in range(48)]
LENGTHS = [10 + at % 7 for at in range(48)]
CONFIG = ScheduleConfig(epochs=2, batch_size=4, learning_rate=(1e-2, 5e-3))
STEPS, _ = plan_steps(CHUNKS, LENGTHS, CONFIG, seed=1)
BORDERS = [number + 1 for number, batch in enumerate(STEPS) if batch.last_of_chunk]


@st.composite
def remedies(draw: st.DrawFn) -> list[Remedy]:
    """Up to four, in the order of their steps, as guards make them."""
    places = sorted(draw(st.lists(st.integers(1, len(STEPS)), max_size=4)))
    kinds = st.sampled_from([Guard.NON_FINITE, Guard.EXPLOSION, Guard.COLLAPSE])
    found: list[Remedy] = []
    for step in places:
        chunk = STEPS[step - 1].chunk
        found.append(
            choose_remedy(
                draw(kinds),
                "",
                at=(step, chunk),
                earlier=[],
                config=GuardConfig(),
                on_guard=OnGuard.REMEDY,
            )
        )
    return found


@given(remedies())
def test_what_is_done_stays_done(given_remedies: list[Remedy]) -> None:
    """Up to the last remedy's step, batches and rates are those of the plan without it; equal
    remedies give an equal plan.
    """
    batches, rates = plan_steps(CHUNKS, LENGTHS, CONFIG, seed=1, remedies=given_remedies)
    assert (batches, rates) == plan_steps(CHUNKS, LENGTHS, CONFIG, seed=1, remedies=given_remedies)
    if not given_remedies:
        return
    last = given_remedies[-1].step
    earlier, their_rates = plan_steps(CHUNKS, LENGTHS, CONFIG, seed=1, remedies=given_remedies[:-1])
    assert batches[:last] == earlier[:last]
    assert rates[:last] == their_rates[:last]


@given(remedies())
def test_every_row_is_still_shown(given_remedies: list[Remedy]) -> None:
    """Each fresh row twice (two epochs), in its own chunk, whatever was remedied."""
    batches, rates = plan_steps(CHUNKS, LENGTHS, CONFIG, seed=1, remedies=given_remedies)
    shown = sorted(row.row for batch in batches for row in batch.rows if not row.replayed)
    assert shown == sorted([*range(48), *range(48)])
    assert all(CHUNKS[row.row] < row.chunk for b in batches for row in b.rows if row.replayed)
    assert len(rates) == len(batches)
    assert all(0 < rate <= 1e-2 for rate in rates)


def test_replay_rises_from_nothing_too() -> None:
    """With a ratio of 0 a raised chunk replays a tenth; never more rows than fresh ones."""
    none = ScheduleConfig(batch_size=4, replay_ratio=(0.0, 0.0))
    collapse = Remedy("collapse", BORDERS[0], 0, replay_factor=2.0)
    batches, _ = plan_steps(CHUNKS, LENGTHS, none, seed=1, remedies=[collapse])
    replayed = [sum(row.replayed for row in b.rows) for b in batches]
    assert sum(replayed) == 3  # round(12 * 0.1) in each of three chunks
    many = [collapse] * 9
    full, _ = plan_steps(CHUNKS, LENGTHS, CONFIG, seed=1, remedies=many)
    of_chunk_1 = [row for b in full if b.chunk == 1 for row in b.rows]
    assert sum(row.replayed for row in of_chunk_1) == 24


def test_factors_multiply() -> None:
    """Two collapses quarter the rate and quadruple the replay of what comes after both."""
    both = [Remedy("collapse", 8, 0, 0.5, 2.0), Remedy("collapse", 16, 1, 0.5, 2.0)]
    assert replays([0, 1, 2], both) == {0: 1.0, 1: 2.0, 2: 4.0}
    parts = [Remedy("memory", 1, 0, parts_factor=2.0), Remedy("memory", 1, 0, parts_factor=1.5)]
    assert parts_of_step(2, parts) == 6


def test_a_policy_of_stop_and_too_many_remedies_end_the_run() -> None:
    """With the cause, the step and what to try."""
    had = [Remedy("explosion", 3, 0, scale_factor=0.5)] * 3
    with pytest.raises(RunError, match=r"after 3 remedies, step 9: cause. Try: a lower alpha"):
        choose_remedy(
            Guard.EXPLOSION,
            "cause",
            at=(9, 0),
            earlier=had,
            config=GuardConfig(),
            on_guard=OnGuard.REMEDY,
        )
    with pytest.raises(RunError, match='or on_guard "remedy"'):
        choose_remedy(
            Guard.COLLAPSE,
            "cause",
            at=(9, 0),
            earlier=[],
            config=GuardConfig(),
            on_guard=OnGuard.STOP,
        )


def test_a_remedy_is_told_in_words() -> None:
    """Only what it changes."""
    remedy = Remedy("explosion", 9, 0, scale_factor=0.5)
    assert told(remedy, restored_step=5, alpha=128) == (
        "weights of step 5 restored, adapter's scale times 0.5 (alpha 128)"
    )
    collapse = Remedy("collapse", 9, 0, 0.5, 2.0)
    assert told(collapse, restored_step=None, alpha=None) == (
        "learning rate of the rest times 0.5, replay of the chunks to come times 2"
    )


def test_impossible_remedies_are_refused() -> None:
    """A factor of zero would end learning in silence."""
    with pytest.raises(InputError, match="factors above 0"):
        Remedy("collapse", 3, 0, rate_factor=0.0)
