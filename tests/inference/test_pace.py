"""How many questions fit into a stretch of time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fakes import numbered_questions
from underdog.inference.pace import KEPT, SAFETY, Pace, size_of

QUESTIONS = numbered_questions(30)


@given(
    rates=st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=9),
    within_s=st.floats(0.0, 500.0),
)
def test_what_fits_would_end_in_time_at_twice_the_slowest_pace(
    rates: list[float], within_s: float
) -> None:
    """And one question more would not."""
    pace = Pace()
    for rate in rates:
        pace.note(QUESTIONS[:2], rate * sum(map(size_of, QUESTIONS[:2])))
    fits = pace.fits(QUESTIONS, within_s)
    slowest = SAFETY * max(rates[-KEPT:])
    assert slowest * sum(map(size_of, QUESTIONS[:fits])) <= within_s * (1 + 1e-9)
    if fits < len(QUESTIONS):
        assert slowest * sum(map(size_of, QUESTIONS[: fits + 1])) >= within_s * (1 - 1e-9)


def test_before_anything_was_measured_one_question_is_tried() -> None:
    """And none where no time is left; nothing is noted for no question."""
    pace = Pace()
    pace.note((), 5.0)
    assert not pace.known
    assert (pace.fits(QUESTIONS, 1.0), pace.fits(QUESTIONS, 0.0), pace.fits((), 1.0)) == (1, 0, 0)
    assert pace.seconds(QUESTIONS) is None


def test_a_slow_batch_is_forgotten_after_four_faster_ones() -> None:
    """A machine that has become faster is believed."""
    pace = Pace()
    pace.note(QUESTIONS[:1], 100.0)
    for _ in range(KEPT - 1):
        pace.note(QUESTIONS[:1], 0.001)
    assert pace.fits(QUESTIONS, 10.0) == 0
    pace.note(QUESTIONS[:1], 0.001)
    assert pace.fits(QUESTIONS, 10.0) == len(QUESTIONS)
