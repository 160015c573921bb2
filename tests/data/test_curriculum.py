"""The curriculum: order, equal chunks, mixed topics."""

from __future__ import annotations

from collections import Counter
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.data.curriculum import Order, Place, arrange, take_turns
from underdog.errors import InputError

DIFFICULTIES = st.lists(st.integers(0, 20).map(lambda at: at / 20), min_size=1, max_size=150)
ROWS = st.lists(
    st.tuples(st.sampled_from(["", "art", "music", "\ud800", "world"]), st.integers(0, 20)),
    min_size=1,
    max_size=150,
)
"""Topic and difficulty in twentieths."""


def stratify(
    rows: list[tuple[str, int]], *, chunks: int, seed: int = 0
) -> tuple[list[str], tuple[Place, ...]]:
    """Ids of the rows, and their places in a stratified curriculum."""
    ids = [f"q{at}" for at in range(len(rows))]
    topics, steps = zip(*rows, strict=True)
    difficulties = [step / 20 for step in steps]
    order = Order.STRATIFIED
    return ids, arrange(ids, difficulties, chunks=chunks, order=order, seed=seed, topics=topics)


@given(ROWS, st.integers(1, 12), st.sampled_from(Order))
def test_positions_are_a_permutation_and_chunks_are_equal(
    rows: list[tuple[str, int]], chunks: int, order: Order
) -> None:
    """Every position once; chunk sizes differ by one at most; chunks follow positions."""
    chunks = min(chunks, len(rows))
    ids = [f"q{at}" for at in range(len(rows))]
    topics, steps = zip(*rows, strict=True)
    difficulties = [step / 20 for step in steps]
    places = arrange(ids, difficulties, chunks=chunks, order=order, seed=0, topics=topics)
    assert sorted(each.position for each in places) == list(range(len(ids)))
    sizes = [sum(each.chunk == chunk for each in places) for chunk in range(chunks)]
    assert sum(sizes) == len(ids)
    assert max(sizes) - min(sizes) <= 1
    by_position = [each.chunk for each in sorted(places)]
    assert by_position == sorted(by_position)


@given(DIFFICULTIES)
def test_difficulty_rises_or_falls_with_the_order(difficulties: list[float]) -> None:
    """easy-to-hard never goes down, hard-to-easy never up."""
    ids = [f"q{at}" for at in range(len(difficulties))]
    for order, sign in ((Order.EASY_TO_HARD, 1), (Order.HARD_TO_EASY, -1)):
        places = arrange(ids, difficulties, chunks=1, order=order, seed=3)
        walked = [d for _, d in sorted(zip(places, difficulties, strict=True))]
        assert walked == sorted(difficulties, reverse=sign < 0)


@given(st.randoms(use_true_random=False), st.sampled_from([Order.RANDOM, Order.STRATIFIED]))
def test_the_order_of_the_input_does_not_matter(chance, order: Order) -> None:  # type: ignore[no-untyped-def]
    """Each row keeps its place when rows come in another order; another seed moves it."""
    rows = [(f"q{at}", at % 5 / 5, f"topic {at % 3}") for at in range(40)]

    def placed(given_rows: list[tuple[str, float, str]], seed: int) -> dict[str, Place]:
        ids, levels, topics = zip(*given_rows, strict=True)
        places = arrange(ids, levels, chunks=4, order=order, seed=seed, topics=topics)
        return dict(zip(ids, places, strict=True))

    turned = list(rows)
    chance.shuffle(turned)
    assert placed(turned, 1) == placed(rows, 1)
    assert placed(rows, 2) != placed(rows, 1)


def test_topics_stay_mixed_within_equal_difficulty() -> None:
    """200 rows of two topics at one difficulty: no quarter is less than a quarter of either."""
    ids = [f"a{at}" for at in range(100)] + [f"b{at}" for at in range(100)]
    places = arrange(ids, [0.5] * 200, chunks=4, order=Order.EASY_TO_HARD, seed=0)
    for chunk in range(4):
        names = [name for name, place in zip(ids, places, strict=True) if place.chunk == chunk]
        assert 12 < sum(name.startswith("a") for name in names) < 38


@given(st.lists(st.integers(1, 40), min_size=1, max_size=9))
def test_turns_are_never_early_or_late_by_a_whole_one(sizes: list[int]) -> None:
    """After every place, every part is within Tijdeman's bound of its share; all turns come."""
    turns = take_turns(sizes)
    assert Counter(turns) == Counter(dict(enumerate(sizes)))
    bound = 1 - 1 / max(2 * len(sizes) - 2, 1)
    had = [0] * len(sizes)
    for place, turn in enumerate(turns, start=1):
        had[turn] += 1
        for part, size in enumerate(sizes):
            assert abs(had[part] - place * size / len(turns)) <= bound + 1e-9


@given(ROWS, st.integers(1, 12))
def test_every_chunk_has_every_topic_in_its_share(rows: list[tuple[str, int]], chunks: int) -> None:
    """A stratified chunk has less than two rows more or fewer of a topic than its share says."""
    _, places = stratify(rows, chunks=chunks)
    whole = Counter(topic for topic, _ in rows)
    for chunk in range(min(chunks, len(rows))):
        inside = [topic for (topic, _), at in zip(rows, places, strict=True) if at.chunk == chunk]
        for topic, count in whole.items():
            assert abs(inside.count(topic) - count * len(inside) / len(rows)) < 2


@given(ROWS, st.integers(1, 12))
def test_every_topic_rises_from_easy_to_hard(rows: list[tuple[str, int]], chunks: int) -> None:
    """In a stratified order no row is easier than an earlier one of its topic, so that the mean
    difficulty of a topic never falls from one chunk to the next.
    """
    _, places = stratify(rows, chunks=chunks)
    for name in {topic for topic, _ in rows}:
        own = sorted(
            (place, step)
            for (topic, step), place in zip(rows, places, strict=True)
            if topic == name
        )
        steps = [step for _, step in own]
        assert steps == sorted(steps)
        means = [
            fmean(step for place, step in own if place.chunk == chunk)
            for chunk in sorted({place.chunk for place, _ in own})
        ]
        assert means == sorted(means)


@settings(max_examples=20)
@given(st.integers(0, 5))
def test_difficulty_still_rises_over_stratified_chunks(seed: int) -> None:
    """One topic easy, one hard: each chunk is harder than the one before, and half of each."""
    rows = [("easy", at // 10) for at in range(100)] + [
        ("hard", 10 + at // 10) for at in range(100)
    ]
    _, places = stratify(rows, chunks=5, seed=seed)
    chunks = [
        [row for row, place in zip(rows, places, strict=True) if place.chunk == chunk]
        for chunk in range(5)
    ]
    means = [fmean(step for _, step in chunk) for chunk in chunks]
    assert means == sorted(means)
    assert means[-1] - means[0] > 6
    assert [sum(topic == "easy" for topic, _ in chunk) for chunk in chunks] == [20] * 5
    plain = arrange(
        [f"q{at}" for at in range(200)],
        [step / 20 for _, step in rows],
        chunks=5,
        order=Order.EASY_TO_HARD,
        seed=seed,
    )
    assert {rows[at][0] for at, place in enumerate(plain) if place.chunk == 0} == {"easy"}


def test_a_small_set_has_a_chunk_for_each_row() -> None:
    """Three rows in ten chunks are three chunks; no chunk at all is refused."""
    three = (["a", "b", "c"], [0.1, 0.3, 0.2])
    places = arrange(*three, chunks=10, order=Order.EASY_TO_HARD, seed=0)
    assert [place.chunk for place in places] == [0, 2, 1]
    assert arrange([], [], chunks=10, order=Order.RANDOM, seed=0) == ()
    assert arrange([], [], chunks=10, order=Order.STRATIFIED, seed=0, topics=[]) == ()
    with pytest.raises(InputError, match="1 chunk or more; got 0"):
        arrange(*three, chunks=0, order=Order.RANDOM, seed=0)


def test_a_stratified_order_needs_topics() -> None:
    """Without them the error says what is missing."""
    with pytest.raises(InputError, match="the topic of every row for a stratified order; got none"):
        arrange(["a"], [0.5], chunks=1, order=Order.STRATIFIED, seed=0)
