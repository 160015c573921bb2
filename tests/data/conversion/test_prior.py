"""How probable numbers are as right answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underdog.data.conversion.prior import NumberPrior, Priors, YearPrior, alike


def test_round_numbers_are_likely_where_they_are_frequent() -> None:
    """Among hundreds, 300 is likelier than 317; among crooked numbers it is not."""
    rounded = NumberPrior((100 * value, 0) for value in range(1, 9))
    crooked = NumberPrior((100 * value + 17, 0) for value in range(1, 9))
    assert rounded.weight(900, 0) > 10 * rounded.weight(917, 0)
    assert crooked.weight(917, 0) > crooked.weight(900, 0) / 10


def test_small_leading_digits_are_likelier() -> None:
    """Of two numbers of one shape, the one that starts with 1 has log(2) / log(10/9) times the
    weight of the one that starts with 9 (Benford's law).
    """
    prior = NumberPrior([(23, 0), (57, 0)])
    few = [prior.weight(value, 0) for value in (13, 93)]
    assert few[0] / few[1] == pytest.approx(6.58, rel=0.05)


def test_a_first_occurrence_does_not_count() -> None:
    """A number that was right once weighs as one of its shape that never was; one that was right
    three times weighs more.
    """
    prior = NumberPrior([(23, 0), (25, 0), (25, 0), (25, 0)])
    assert prior.weight(23, 0) == prior.weight(28, 0)
    assert prior.weight(25, 0) == pytest.approx(2 * prior.weight(28, 0))


@given(st.integers(-(10**12), 10**12), st.integers(0, 3))
def test_every_number_has_a_weight(value: int, places: int) -> None:
    """Weights are positive, whatever is known."""
    assert NumberPrior([]).weight(value, places) > 0
    assert NumberPrior([(5, 0), (-17, 2)]).weight(value, places) > 0


def test_negative_numbers_are_seen() -> None:
    """A prior knows whether any answer lies below zero."""
    assert (NumberPrior([(5, 0)]).negatives, NumberPrior([(5, 0), (-1, 0)]).negatives) == (
        False,
        True,
    )


def test_years_lend_each_other_weight() -> None:
    """A year among known ones weighs more than one far off, and less than a repeated one."""
    prior = YearPrior([1969, 1970, 1972, 1980, 1980])
    assert prior.weight(1980) > prior.weight(1971) > prior.weight(1500) == prior.weight(1200) > 0


def test_frequent_kinds_have_their_own_prior() -> None:
    """A kind with 50 numbers has a prior of its own, others share one."""
    numbers = [("integer", value, 0) for value in range(50)] + [("money", 5, 2)]
    priors = Priors(numbers, [])
    assert priors.of("integer") is not priors.of("money")
    assert priors.of("money") is priors.of("percent")


@given(st.integers(-(10**9), 10**9))
def test_a_likeness_has_the_same_shape(value: int) -> None:
    """The number that stands for others has their sign, digits, zeros and first digit; a small one
    stands for itself.
    """
    like = alike(value)
    one, other = str(abs(value)), str(abs(like))
    assert (like < 0) == (value < 0)
    assert (len(one), one[0], len(one.rstrip("0"))) == (
        len(other),
        other[0],
        len(other.rstrip("0")),
    )
    assert alike(like) == like
    assert like == value or abs(value) >= 30
