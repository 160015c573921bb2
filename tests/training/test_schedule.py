"""The schedule's laws."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from underdog.errors import InputError
from underdog.training.schedule import (
    Reservoir,
    ScheduleConfig,
    chunk_learning_rates,
    cut_batches,
    learning_rates,
    make_schedule,
    replay_ratio,
)

CHUNKS = st.lists(st.integers(0, 5), min_size=1, max_size=120)
CONFIGS = st.builds(
    ScheduleConfig,
    epochs=st.integers(1, 3),
    batch_size=st.integers(1, 9),
    warm_up_steps=st.integers(0, 9),
    replay_capacity=st.integers(0, 30),
    replay_ratio=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)


@given(CHUNKS, CONFIGS, st.integers(0, 3))
def test_every_row_is_new_once_per_epoch_and_replayed_rows_are_from_earlier_chunks(
    chunks: list[int], config: ScheduleConfig, seed: int
) -> None:
    """Each row is shown as new `epochs` times in its own chunk's turn; a replay looks back only."""
    schedule = make_schedule(chunks, config, seed=seed)
    new = Counter(shown.row for shown in schedule if not shown.replayed)
    assert new == dict.fromkeys(range(len(chunks)), config.epochs)
    for shown in schedule:
        assert (chunks[shown.row] < shown.chunk) == shown.replayed
        assert chunks[shown.row] <= shown.chunk


@given(CHUNKS, CONFIGS, st.integers(0, 3))
def test_showings_count_up_from_zero_for_each_row(
    chunks: list[int], config: ScheduleConfig, seed: int
) -> None:
    """The n-th time a row is shown, new or replayed, its `showing` is n - 1."""
    seen: Counter[int] = Counter()
    for shown in make_schedule(chunks, config, seed=seed):
        assert shown.showing == seen[shown.row]
        seen[shown.row] += 1


@given(CHUNKS, CONFIGS, st.integers(0, 3), st.data())
def test_batches_keep_the_curriculum_and_lose_nothing(
    chunks: list[int], config: ScheduleConfig, seed: int, data: st.DataObject
) -> None:
    """Batches hold exactly the schedule's rows, never more than `batch_size`, chunk after chunk,
    and the border is marked exactly at the last batch of each chunk.
    """
    lengths = data.draw(st.lists(st.integers(3, 40), min_size=len(chunks), max_size=len(chunks)))
    schedule = make_schedule(chunks, config, seed=seed)
    batches = cut_batches(schedule, lengths, batch_size=config.batch_size, seed=seed)
    assert Counter(shown for batch in batches for shown in batch.rows) == Counter(schedule)
    assert all(1 <= len(batch.rows) <= config.batch_size for batch in batches)
    assert all(shown.chunk == batch.chunk for batch in batches for shown in batch.rows)
    order = [batch.chunk for batch in batches]
    assert order == sorted(order)
    borders = [batch.chunk for batch in batches if batch.last_of_chunk]
    assert borders == sorted(set(chunks))


@given(CHUNKS, CONFIGS, st.integers(0, 3))
def test_learning_rates_stay_between_zero_and_the_larger_end(
    chunks: list[int], config: ScheduleConfig, seed: int
) -> None:
    """No step is faster than the fastest end, and none is at rest."""
    schedule = make_schedule(chunks, config, seed=seed)
    batches = cut_batches(schedule, [5] * len(chunks), batch_size=config.batch_size, seed=seed)
    rates = learning_rates(batches, config)
    assert len(rates) == len(batches)
    assert all(0 < rate <= max(config.learning_rate) * (1 + 1e-12) for rate in rates)


@given(CHUNKS, CONFIGS, st.integers(0, 3))
def test_the_schedule_is_a_function_of_its_arguments(
    chunks: list[int], config: ScheduleConfig, seed: int
) -> None:
    """Twice the same arguments give the same schedule and batches."""
    first, second = (make_schedule(chunks, config, seed=seed) for _ in range(2))
    assert first == second
    cut = [
        cut_batches(each, [7] * len(chunks), batch_size=4, seed=seed) for each in (first, second)
    ]
    assert cut[0] == cut[1]


def test_the_seed_decides_the_order() -> None:
    """Another seed shows the same rows in another order."""
    one, other = (make_schedule([0] * 60, ScheduleConfig(), seed=seed) for seed in (0, 1))
    assert one != other
    assert {shown.row for shown in one} == {shown.row for shown in other}


def test_the_reservoir_holds_every_row_with_equal_probability() -> None:
    """10 of 60 rows in 6,000 reservoirs: each row's count fits 1/6 (chi-square, p > 0.001)."""
    held: Counter[int] = Counter()
    for seed in range(6000):
        reservoir = Reservoir(10, seed=seed)
        for row in range(60):
            reservoir.add(row)
        assert len(set(reservoir.rows)) == 10
        held.update(reservoir.rows)
    assert chisquare([held[row] for row in range(60)]).pvalue > 0.001


def test_replays_favour_no_earlier_chunk() -> None:
    """Over 1,500 seeds rows of chunks 0, 1 and 2 are replayed in chunk 3 equally often
    (chi-square, p > 0.001), although the reservoir holds only 8 of the 60.
    """
    replayed: Counter[int] = Counter()
    config = ScheduleConfig(replay_capacity=8, replay_ratio=(0.2, 0.2))
    for seed in range(1500):
        for shown in make_schedule([row // 20 for row in range(80)], config, seed=seed):
            if shown.chunk == 3 and shown.replayed:
                replayed[shown.row] += 1
    counts = [replayed[row] for row in range(60)]
    assert sum(counts) == 1500 * 4
    # Rows of one draw are without replacement, which only makes counts more even than chi-square's.
    assert chisquare(counts).pvalue > 0.001


def test_overwriting_a_random_slot_would_fail_the_law() -> None:
    """The rule of the project this grew from (always overwrite once full) favours recent rows:
    the chi-square test above is able to see it.
    """
    held: Counter[int] = Counter()
    for seed in range(2000):
        reservoir = Reservoir(10, seed=seed)
        for row in range(60):
            reservoir._seen = min(reservoir._seen, 9)  # forget how many came: place < capacity
            reservoir.add(row)
        held.update(reservoir.rows)
    assert chisquare([held[row] + 1e-9 for row in range(60)]).pvalue < 1e-6


def test_the_default_replay_rises_from_ten_to_twenty_percent_over_ten_chunks() -> None:
    """Nothing in the first chunk, 10 % of 100 rows in the second, 20 in the last, never less."""
    schedule = make_schedule([row // 100 for row in range(1000)], ScheduleConfig(), seed=0)
    replays = Counter(shown.chunk for shown in schedule if shown.replayed)
    counts = [replays[chunk] for chunk in range(10)]
    assert counts[0] == 0
    assert counts[1] == 10
    assert counts[9] == 20
    assert counts == sorted(counts)


def test_a_reservoir_smaller_than_the_demand_is_shown_evenly() -> None:
    """7 replays out of 3 rows show each of them two or three times."""
    config = ScheduleConfig(replay_capacity=3, replay_ratio=(0.7, 0.7))
    schedule = make_schedule([0] * 10 + [1] * 10, config, seed=0)
    replays = Counter(shown.row for shown in schedule if shown.replayed)
    assert sorted(replays.values()) == [2, 2, 3]


def test_learning_rates_of_ten_chunks_fall_linearly() -> None:
    """2e-5 in the first chunk, 1e-5 in the last, equal steps between."""
    rates = chunk_learning_rates(range(10), (2e-5, 1e-5))
    assert rates[0] == 2e-5
    assert rates[9] == pytest.approx(1e-5)
    falls = [rates[chunk] - rates[chunk + 1] for chunk in range(9)]
    assert falls == pytest.approx([1e-5 / 9] * 9)


def test_warm_up_rises_linearly_and_then_stops() -> None:
    """Three warm-up steps reach 1/4, 2/4 and 3/4 of the rate."""
    config = ScheduleConfig(batch_size=1, learning_rate=(0.1, 0.1), warm_up_steps=3)
    batches = cut_batches(make_schedule([0] * 5, config, seed=0), [3] * 5, batch_size=1, seed=0)
    assert learning_rates(batches, config) == pytest.approx((0.025, 0.05, 0.075, 0.1, 0.1))


def test_rows_of_a_batch_have_similar_lengths() -> None:
    """Padding to the longest row of a batch costs under 3 % on lengths from 20 to 80."""
    lengths = [20 + 7 * row % 61 for row in range(640)]
    schedule = make_schedule([0] * 640, ScheduleConfig(), seed=0)
    batches = cut_batches(schedule, lengths, batch_size=16, seed=0)
    padded = sum(
        len(batch.rows) * max(lengths[shown.row] for shown in batch.rows) for batch in batches
    )
    assert padded / sum(lengths) < 1.03


def test_one_chunk_needs_no_second_end() -> None:
    """With a single chunk the first rate holds, and nothing is replayed."""
    assert chunk_learning_rates([4], (0.2, 0.1)) == {4: 0.2}
    assert replay_ratio(0, 1, (0.1, 0.2)) == 0.0
    assert replay_ratio(1, 2, (0.1, 0.2)) == 0.1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"epochs": 0}, "epochs"),
        ({"batch_size": 0}, "batch_size"),
        ({"warm_up_steps": -1}, "warm_up_steps"),
        ({"replay_capacity": -1}, "replay_capacity"),
        ({"learning_rate": (0.0, 1e-5)}, "learning rates"),
        ({"replay_ratio": (0.1, 1.2)}, "replay ratios"),
    ],
)
def test_impossible_settings_are_refused(wrong: dict[str, object], message: str) -> None:
    """Each with the name of what is wrong."""
    with pytest.raises(InputError, match=message):
        ScheduleConfig(**wrong)  # type: ignore[arg-type]
