"""The curriculum: order, equal chunks, mixed topics."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.data.curriculum import Order, arrange
from underdog.errors import InputError

DIFFICULTIES = st.lists(st.integers(0, 20).map(lambda at: at / 20), min_size=1, max_size=150)


@given(DIFFICULTIES, st.integers(1, 12), st.sampled_from(Order))
def test_positions_are_a_permutation_and_chunks_are_equal(
    difficulties: list[float], chunks: int, order: Order
) -> None:
    """Every position once; chunk sizes differ by one at most; chunks follow positions."""
    chunks = min(chunks, len(difficulties))
    ids = [f"q{at}" for at in range(len(difficulties))]
    places = arrange(ids, difficulties, chunks=chunks, order=order, seed=0)
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


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(chance) -> None:  # type: ignore[no-untyped-def]
    """Each row keeps its place when rows come in another order; another seed moves it."""
    rows = [(f"q{at}", at % 5 / 5) for at in range(40)]
    places = dict(
        zip(
            rows,
            arrange(*zip(*rows, strict=True), chunks=4, order=Order.RANDOM, seed=1),
            strict=True,
        )
    )
    turned = list(rows)
    chance.shuffle(turned)
    again = arrange(*zip(*turned, strict=True), chunks=4, order=Order.RANDOM, seed=1)
    assert dict(zip(turned, again, strict=True)) == places
    other = arrange(*zip(*rows, strict=True), chunks=4, order=Order.RANDOM, seed=2)
    assert dict(zip(rows, other, strict=True)) != places


def test_topics_stay_mixed_within_equal_difficulty() -> None:
    """200 rows of two topics at one difficulty: no quarter is less than a quarter of either."""
    ids = [f"a{at}" for at in range(100)] + [f"b{at}" for at in range(100)]
    places = arrange(ids, [0.5] * 200, chunks=4, order=Order.EASY_TO_HARD, seed=0)
    for chunk in range(4):
        names = [name for name, place in zip(ids, places, strict=True) if place.chunk == chunk]
        assert 12 < sum(name.startswith("a") for name in names) < 38


def test_a_small_set_has_a_chunk_for_each_row() -> None:
    """Three rows in ten chunks are three chunks; no chunk at all is refused."""
    three = (["a", "b", "c"], [0.1, 0.3, 0.2])
    places = arrange(*three, chunks=10, order=Order.EASY_TO_HARD, seed=0)
    assert [place.chunk for place in places] == [0, 2, 1]
    assert arrange([], [], chunks=10, order=Order.RANDOM, seed=0) == ()
    with pytest.raises(InputError, match="1 chunk or more; got 0"):
        arrange(*three, chunks=0, order=Order.RANDOM, seed=0)
