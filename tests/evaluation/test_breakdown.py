"""Accuracy by label."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.errors import InputError
from underdog.evaluation.breakdown import NO_LABEL, by_label, worst

labelled = st.lists(st.tuples(st.sampled_from(["a", "b", "easy", ""]), st.booleans()), min_size=1)


@given(labelled)
def test_every_question_is_in_exactly_one_group(pairs: list[tuple[str, bool]]) -> None:
    """Counts and right answers of the groups add up to those of the whole."""
    groups = by_label([label for label, _ in pairs], [mark for _, mark in pairs])
    assert sum(group.accuracy.n for group in groups) == len(pairs)
    right = sum(round(group.accuracy.value * group.accuracy.n) for group in groups)
    assert right == sum(mark for _, mark in pairs)
    assert {group.name for group in groups} == {label or NO_LABEL for label, _ in pairs}


def test_bands_are_in_their_own_order_and_topics_by_size() -> None:
    """Easy comes before hard even when it is smaller; equal topics go by name."""
    bands = by_label(["hard", "hard", "easy", "medium"], [True] * 4)
    assert [group.name for group in bands] == ["easy", "medium", "hard"]
    topics = by_label(["b", "c", "a", "c"], [True] * 4)
    assert [group.name for group in topics] == ["c", "a", "b"]


def test_the_worst_are_large_enough_to_mean_something() -> None:
    """Nine wrong answers are no topic yet; of equal topics the larger comes first."""
    labels = ["small"] * 9 + ["bad"] * 10 + ["badder"] * 20 + ["good"] * 10
    right = [False] * 9 + [False] * 10 + [False] * 20 + [True] * 10
    assert [group.name for group in worst(by_label(labels, right))] == ["badder", "bad", "good"]


def test_at_most_five_are_worst() -> None:
    """The list is for reading."""
    labels = [f"topic {number}" for number in range(8) for _ in range(10)]
    assert len(worst(by_label(labels, [True] * 80))) == 5


def test_labels_and_marks_come_in_pairs() -> None:
    """A missing label is an error, not a shift of all that follow."""
    with pytest.raises(InputError, match="1 labels, 2 marks"):
        by_label(["a"], [True, False])
