"""The split: by group, by seed, by nothing else."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.data.row import Split
from underdog.data.split import split_groups
from underdog.errors import InputError

GROUPS = st.lists(st.integers(0, 40).map(lambda at: f"g{at}"), min_size=1, max_size=200)
SHARES = st.floats(0, 0.9)


@given(GROUPS, SHARES, st.integers(0, 5))
def test_no_group_is_on_both_sides(groups: list[str], share: float, seed: int) -> None:
    """Rows of one group share their split."""
    splits = split_groups(groups, share=share, seed=seed)
    assert all(
        len({split for split, each in zip(splits, groups, strict=True) if each == group}) == 1
        for group in groups
    )


@given(GROUPS, SHARES, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    groups: list[str], share: float, chance: random.Random
) -> None:
    """Shuffled rows, same sides."""
    before = dict(zip(groups, split_groups(groups, share=share, seed=1), strict=True))
    chance.shuffle(groups)
    assert dict(zip(groups, split_groups(groups, share=share, seed=1), strict=True)) == before


@given(st.lists(st.integers(1, 4), min_size=30, max_size=200), st.floats(0.05, 0.5))
def test_the_share_is_met(sizes: list[int], share: float) -> None:
    """With groups of up to four rows the share is met within four rows."""
    groups = [f"g{at}" for at, size in enumerate(sizes) for _ in range(size)]
    held = split_groups(groups, share=share, seed=0).count(Split.VALIDATION)
    assert abs(held - share * len(groups)) <= 4


def test_another_seed_draws_others_and_share_zero_draws_none() -> None:
    """The seed matters; nothing is held out at 0; the train split is never empty."""
    groups = [f"g{at}" for at in range(100)]
    assert split_groups(groups, share=0.2, seed=0) != split_groups(groups, share=0.2, seed=1)
    assert set(split_groups(groups, share=0, seed=0)) == {Split.TRAIN}
    assert set(split_groups(["a", "a"], share=0.5, seed=0)) == {Split.TRAIN}


def test_where_every_group_is_too_large_the_smallest_is_held_out() -> None:
    """Two groups of five at 10 %: one of them, not none."""
    splits = split_groups(["a"] * 5 + ["b"] * 6, share=0.1, seed=0)
    assert splits.count(Split.VALIDATION) == 5


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_impossible_shares_are_refused(share: float) -> None:
    """A share is from 0 to below 1."""
    with pytest.raises(InputError, match="validation share from 0 to below 1"):
        split_groups(["a"], share=share, seed=0)
