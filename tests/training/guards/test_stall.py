"""How long silence is ordinary."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from underdog.training.guards.stall import ended, limit_s, stalled

TIMES = st.lists(st.floats(0.001, 1000), min_size=1, max_size=50)


@given(TIMES, st.floats(0.1, 500))
def test_no_step_of_usual_length_is_a_stall(times: list[float], at_least: float) -> None:
    """The limit is at least the given one and ten times the median step."""
    limit = limit_s(times, at_least)
    assert limit >= at_least
    assert not stalled(sorted(times)[len(times) // 2], limit, 0) or at_least < 0.001


def test_before_the_first_step_there_is_more_time() -> None:
    """Kernels are compiled then."""
    assert limit_s([], 120) == 600


def test_it_tells_once_per_doubling() -> None:
    """At 1, 2, 4 and 8 limits of silence, and not in between."""
    told, at = 0, []
    for second in range(100):
        if stalled(second, 10, told):
            told += 1
            at.append(second)
    assert at == [10, 20, 40, 80]


def test_the_message_names_the_stacks() -> None:
    """Where to look and what goes on."""
    assert "none for 130 s; all threads' stacks are in a/b.txt" in str(ended(130.2, "a/b.txt"))
