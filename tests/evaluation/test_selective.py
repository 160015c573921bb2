"""AUROC and the risk-coverage curve."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.errors import InputError
from underdog.evaluation.selective import auroc, selective

answers = st.lists(st.tuples(st.sampled_from([0.3, 0.5, 0.7, 0.9]), st.booleans()), min_size=1)


@given(answers)
def test_auroc_is_the_share_of_pairs_in_the_right_order(pairs: list[tuple[float, bool]]) -> None:
    """Against the definition, pair by pair, ties counting half."""
    right = [each for each, hit in pairs if hit]
    wrong = [each for each, hit in pairs if not hit]
    found = auroc(*zip(*pairs, strict=True))
    if not right or not wrong:
        assert found is None
        return
    wins = [(a > b) + (a == b) / 2 for a, b in itertools.product(right, wrong)]
    assert found == pytest.approx(sum(wins) / len(wins))


@given(answers)
def test_the_whole_coverage_is_the_plain_accuracy(pairs: list[tuple[float, bool]]) -> None:
    """And the order among equally sure answers does not matter."""
    confidences, right = zip(*pairs, strict=True)
    found = selective(confidences, right)
    assert found.curve[-1].accuracy.value == pytest.approx(sum(right) / len(right))
    turned = selective(confidences[::-1], right[::-1])
    assert turned.aurc == pytest.approx(found.aurc)
    assert [each.coverage for each in found.curve] == sorted(each.coverage for each in found.curve)


def test_sure_answers_first() -> None:
    """Ten answers, the five surest right: half the coverage without risk."""
    confidences = [0.9] * 5 + [0.4] * 5
    found = selective(confidences, [True] * 5 + [False] * 5)
    assert found.auroc == 1.0
    accuracies = {each.coverage: each.accuracy.value for each in found.curve}
    assert (accuracies[0.5], accuracies[1.0]) == (1.0, 0.5)
    assert found.aurc == pytest.approx(sum(k / (5 + k) for k in range(1, 6)) / 10)


def test_nothing_cannot_be_measured() -> None:
    """At least one answer."""
    with pytest.raises(InputError, match="one confidence per mark"):
        selective([], [])
