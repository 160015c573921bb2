"""Latency."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import ByteTokenizer, FakeClock, numbered_questions, tiny_qwen2
from underdog.errors import InputError
from underdog.inference.latency import LatencyConfig, measure_latency, nearest_rank, time_answers
from underdog.inference.scorer import Scorer, ScoringConfig
from underdog.mcq.question import Question

QUESTIONS = numbered_questions(7)


def test_figures_by_hand() -> None:
    """Warm-up is apart, percentiles are times that happened, questions come round again."""
    clock, asked = FakeClock(), list[str]()
    delays = iter([9.0, 8.0, *(number / 100 for number in range(100, 0, -1))])

    def answer(question: Question) -> None:
        asked.append(question.id)
        clock.advance(next(delays))

    found = time_answers(
        answer, QUESTIONS, clock=clock, config=LatencyConfig(questions=100, warmup=2), load_s=3.5
    )
    assert found.warmup_s == 17.0
    assert (found.p50_s, found.p95_s, found.p99_s, found.max_s) == pytest.approx(
        (0.50, 0.95, 0.99, 1.00)
    )
    assert found.mean_s == pytest.approx(0.505)
    assert found.load_s == 3.5
    assert asked[:9] == [question.id for question in (*QUESTIONS[:2], *QUESTIONS)]
    assert found.to_json()["batch"] == 1


@given(st.lists(st.floats(0, 1e3), min_size=1, max_size=300), st.floats(0.01, 1.0))
def test_a_percentile_covers_its_share(times: list[float], share: float) -> None:
    """At least the share is no slower; with the next faster time it would be less."""
    ordered = sorted(times)
    found = nearest_rank(ordered, share)
    assert found in ordered
    assert sum(each <= found for each in ordered) >= share * len(ordered) - 1e-6
    assert sum(each < found for each in ordered) < share * len(ordered) + 1e-6


def test_a_scorer_is_timed_one_question_at_a_time() -> None:
    """The clock is read before and after every question, and round the warm-up."""
    clock = FakeClock(steps=[0.0] + [0.25] * 100)
    scorer = Scorer(tiny_qwen2(), ByteTokenizer(), ScoringConfig())
    config = LatencyConfig(questions=4, warmup=1)
    found = measure_latency(scorer, QUESTIONS, clock=clock, config=config)
    assert (found.p50_s, found.max_s, found.warmup_s) == (0.25, 0.25, 0.25)
    assert clock.now_s == 0.25 * 9
    assert found.load_s is None


def test_impossible_measurements_are_refused() -> None:
    """Nothing to time, and nobody to ask."""
    with pytest.raises(InputError, match="at least 1 timed question"):
        LatencyConfig(questions=0)
    with pytest.raises(InputError, match="at least 1 timed question"):
        LatencyConfig(warmup=-1)
    with pytest.raises(InputError, match="at least one question to time"):
        time_answers(print, [], clock=FakeClock(), config=LatencyConfig())
