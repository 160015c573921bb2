"""Order and bounds, with a crew that finishes blocks in an order of the test's choice."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.data.engine.order import AHEAD, in_order
from underdog.data.engine.outcome import Done, Failed
from underdog.errors import InputError


class FakeCrew:
    """Gives back some of its blocks when asked, by chance; remembers the most it was given."""

    def __init__(self, places: int, seed: int, wrong: frozenset[int] = frozenset()) -> None:
        self.places = places
        self.given: dict[int, Any] = {}
        self.most_given = 0
        self.largest = -1
        self.dropped: list[int] | None = None
        self._chance, self._wrong = random.Random(seed), wrong

    def free(self) -> bool:
        return len(self.given) < self.places

    def give(self, index: int, block: Any) -> None:
        assert self.free()
        self.given[index] = block
        self.most_given = max(self.most_given, len(self.given))
        self.largest = index

    def collect(self, *, wait: bool) -> Mapping[int, Done[Any] | Failed]:
        least = 1 if wait else 0
        picked = self._chance.sample(
            sorted(self.given), self._chance.randint(min(least, len(self.given)), len(self.given))
        )
        return {index: self._finish(index) for index in picked}

    def _finish(self, index: int) -> Done[Any] | Failed:
        block = self.given.pop(index)
        if index in self._wrong:
            return Failed(InputError("a right block", got=str(block)), "trace")
        return Done(block * 2)

    def drop(self) -> None:
        self.dropped = sorted(self.given)
        self.given.clear()


@given(st.lists(st.integers(), max_size=40), st.integers(1, 5), st.integers(0, 10**6))
def test_results_keep_the_order_of_the_blocks_and_little_is_in_flight(
    blocks: list[int], places: int, seed: int
) -> None:
    """Whatever finishes first: at most `places` at work, at most AHEAD times as many handed out
    beyond the one whose turn it is.
    """
    crew = FakeCrew(places, seed)
    came = []
    for result in in_order(crew, blocks):
        assert crew.largest < len(came) + AHEAD * places
        came.append(result)
    assert came == [block * 2 for block in blocks]
    assert crew.most_given <= places
    assert crew.dropped == []


@given(st.sets(st.integers(0, 29), min_size=1), st.integers(1, 5), st.integers(0, 10**6))
def test_the_first_wrong_block_in_order_is_the_one_that_is_raised(
    wrong: set[int], places: int, seed: int
) -> None:
    """As in one process: all results before it came, and nothing is left at work."""
    crew = FakeCrew(places, seed, frozenset(wrong))
    came = []
    with pytest.raises(InputError, match=f"a right block; got {min(wrong)}\n"):  # noqa: PT012
        for result in in_order(crew, range(30)):
            came.append(result)  # noqa: PERF402 - what came before the error counts
    assert came == [block * 2 for block in range(min(wrong))]
    assert crew.given == {}


def test_stopping_early_drops_what_is_in_flight() -> None:
    """The generator is closed after its first result, while others are at work."""
    crew = FakeCrew(3, seed=1)
    results = in_order(crew, range(10))
    assert next(results) == 0
    at_work = sorted(crew.given)
    assert at_work
    results.close()
    assert crew.dropped == at_work
