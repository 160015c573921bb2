"""Two models on the same questions."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.errors import InputError
from underdog.evaluation.compare import (
    PairedCounts,
    compare,
    mcnemar,
    paired_difference,
    questions_needed,
)

tables = st.tuples(*[st.integers(0, 60)] * 4).filter(any).map(lambda four: PairedCounts(*four))
pairs = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=200)


def swapped(counts: PairedCounts) -> PairedCounts:
    return PairedCounts(counts.both_right, counts.only_second, counts.only_first, counts.both_wrong)


@pytest.mark.parametrize(
    ("b", "c", "p"), [(12, 3, 0.035), (3, 12, 0.035), (6, 5, 1.0), (0, 0, 1.0)]
)
def test_the_figures_of_the_fact_sheet(b: int, c: int, p: float) -> None:
    """12 against 3 is a difference, 6 against 5 is none."""
    assert round(mcnemar(b, c), 3) == p


@given(st.integers(0, 40), st.integers(0, 40))
def test_mcnemar_is_the_two_sided_tail_of_a_fair_coin(b: int, c: int) -> None:
    """Twice the smaller tail of the binomial distribution, at most 1, by plain summation."""
    tail = sum(math.comb(b + c, k) for k in range(min(b, c) + 1)) / 2 ** (b + c)
    assert mcnemar(b, c) == pytest.approx(min(1.0, 2 * tail), rel=1e-9)


@given(pairs)
def test_swapping_the_models_swaps_the_verdict_and_nothing_else(
    marks: list[tuple[bool, bool]],
) -> None:
    """Same p, same questions needed, mirrored difference, same winner by name."""
    first, second = [one for one, _ in marks], [two for _, two in marks]
    there = compare(first, second, names=("A", "B"))
    back = compare(second, first, names=("B", "A"))
    assert there.p_value == back.p_value
    assert there.winner == back.winner
    assert there.questions_needed == back.questions_needed
    assert there.difference.value == -back.difference.value
    assert there.difference.low == pytest.approx(-back.difference.high, abs=1e-12)


@given(tables)
def test_the_difference_lies_in_its_interval_within_minus_1_and_1(counts: PairedCounts) -> None:
    """Whatever the table, empty margins included."""
    interval = paired_difference(counts)
    assert -1 <= interval.low <= interval.value <= interval.high <= 1
    mirrored = paired_difference(swapped(counts))
    assert (interval.low, interval.high) == pytest.approx(
        (-mirrored.high, -mirrored.low), abs=1e-12
    )


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        ((36, 12, 2, 0), 0.0569, 0.3404),  # Newcombe 1998, table II, method 10
        ((14, 5, 0, 22), 0.0115, 0.2265),  # Altman et al., Statistics with Confidence, p. 52
        ((1, 7, 1, 12), 0.0256, 0.5069),  # Bentur 2009 in Fagerland et al. 2017, chapter 8
    ],
)
def test_published_intervals_are_met(
    table: tuple[int, int, int, int], low: float, high: float
) -> None:
    """Printed there for first - second; ours is second - first."""
    interval = paired_difference(swapped(PairedCounts(*table)))
    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


def test_the_better_model_is_named_with_its_evidence() -> None:
    """The sentence holds the difference, its interval and the p value."""
    found = compare([False] * 30 + [True] * 20, [True] * 50, names=("base", "tuned"))
    assert found.winner == "tuned"
    assert found.questions_needed is None
    assert found.sentence().startswith("tuned is better than base by 60.0 points (95 % interval +")
    assert "McNemar p = 1.9e-09" in found.sentence()


def test_the_sentence_is_the_same_whoever_is_named_first() -> None:
    """The interval shown is the winner's lead, with its sign, in either order."""
    marks = [False] * 30 + [True] * 20, [True] * 45 + [False] * 5
    one = compare(*marks, names=("base", "tuned"))
    other = compare(*reversed(marks), names=("tuned", "base"))
    assert one.sentence() == other.sentence()


def test_what_is_not_separable_says_how_many_questions_would_be() -> None:
    """The number grows with the noise; the sentence names it."""
    first = [True] * 6 + [False] * 5 + [True] * 89
    second = [False] * 6 + [True] * 5 + [True] * 89
    found = compare(first, second, names=("base", "tuned"))
    assert found.winner is None
    assert found.questions_needed is not None
    assert found.questions_needed > 100
    assert "base and tuned are not separable" in found.sentence()
    assert f"needs about {found.questions_needed} questions" in found.sentence()


def test_equal_models_need_no_number() -> None:
    """No number of questions shows a difference of zero."""
    found = compare([True, False, True], [False, True, True], names=("a", "b"))
    assert (found.winner, found.questions_needed) == (None, None)
    assert "equally often right" in found.sentence()


def test_questions_needed_is_connor_s_formula() -> None:
    """By hand: discordant 0.2, difference 0.1, z 1.960 and 0.842 give n = 154.7, so 155."""
    assert questions_needed(PairedCounts(20, 15, 5, 60)) == 155


@given(tables)
def test_more_questions_are_needed_than_were_not_enough(counts: PairedCounts) -> None:
    """A verdict that was missed is never promised for fewer questions."""
    needed = questions_needed(counts)
    assert (needed is None) == (counts.only_first == counts.only_second)
    assert needed is None or needed > counts.n


def test_questions_needed_keep_their_promise() -> None:
    """With that many questions four of five repetitions find the difference.

    Simulated with a fixed generator at the observed rates; the exact test is a little stricter
    than the formula's normal one, hence 0.75 to 0.85.
    """
    import random

    counts = PairedCounts(50, 12, 20, 18)
    needed = questions_needed(counts)
    assert needed is not None
    dice = random.Random(5)
    found = 0
    for _ in range(400):
        draws = dice.choices(["first", "second", "same"], [0.12, 0.20, 0.68], k=needed)
        found += mcnemar(draws.count("first"), draws.count("second")) < 0.05
    assert 0.75 <= found / 400 <= 0.85


def test_marks_of_different_questions_are_refused() -> None:
    """Both models answer the same questions, at least one."""
    with pytest.raises(InputError, match="marks of the same questions"):
        compare([True], [True, False], names=("a", "b"))
    with pytest.raises(InputError, match="at least one question"):
        compare([], [], names=("a", "b"))
