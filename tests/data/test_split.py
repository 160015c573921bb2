"""The split: by group, by seed, by nothing else."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from question_files import checked, make_questions

from underdog.data.duplicates import label_components, name_groups
from underdog.data.row import Split
from underdog.data.split import hold_out, split_groups
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


PAIRS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40)


@settings(max_examples=25)
@given(PAIRS, st.randoms(use_true_random=False))
def test_no_link_crosses_the_split_and_the_order_of_rows_does_not_matter(
    pairs: list[tuple[int, int]], chance: random.Random
) -> None:
    """Components of links are named by their rows, so that shuffled rows have the same sides."""
    rows = [checked(question) for question in make_questions(31)]

    def split(order: list[int]) -> dict[int, Split]:
        places = {at: place for place, at in enumerate(order)}
        linked = np.asarray([(places[a], places[b]) for a, b in pairs], np.int64).reshape(-1, 2)
        shuffled = [rows[at] for at in order]
        groups = name_groups(shuffled, label_components(linked, len(rows)))
        return dict(zip(order, split_groups(groups, share=0.3, seed=0), strict=True))

    order = list(range(len(rows)))
    before = split(order)
    assert all(before[a] is before[b] for a, b in pairs)
    chance.shuffle(order)
    assert split(order) == before


@given(GROUPS, st.integers(-3, 200), st.integers(0, 5))
def test_no_more_rows_are_held_out_than_wanted(groups: list[str], wanted: int, seed: int) -> None:
    """And no group that is left over would still fit."""
    held = hold_out(groups, wanted, seed=seed)
    sizes = Counter(groups)
    total = sum(sizes[group] for group in held)
    assert total <= max(wanted, 0)
    assert all(total + sizes[group] > wanted for group in set(groups) - held)


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_impossible_shares_are_refused(share: float) -> None:
    """A share is from 0 to below 1."""
    with pytest.raises(InputError, match="validation share from 0 to below 1"):
        split_groups(["a"], share=share, seed=0)
