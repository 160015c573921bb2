"""The cut of rows over threads, and what happens on them."""

from __future__ import annotations

import threading

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from underdog.adapters.crew import LEAST_TOKENS, Crew, crew_of


@given(lengths=st.lists(st.integers(1, 400), min_size=1, max_size=20), threads=st.integers(1, 6))
@settings(max_examples=60)
def test_every_thread_has_rows_and_no_row_is_lost(lengths: list[int], threads: int) -> None:
    """In order, no share empty, at most one for each thread and for each LEAST_TOKENS tokens."""
    with crew_of(threads) as crew:
        shares = crew.shares(lengths)
    assert [length for share in shares for length in lengths[share]] == lengths
    assert all(lengths[share] for share in shares)
    assert len(shares) == max(1, min(threads, len(lengths), sum(lengths) // LEAST_TOKENS))


def test_rows_of_one_length_are_cut_evenly() -> None:
    """16 rows of 60 tokens over 2, 3 and 4 threads."""
    with crew_of(2) as crew:
        for threads, sizes in ((2, [8, 8]), (3, [5, 6, 5]), (4, [4, 4, 4, 4])):
            shares = Crew(threads, crew.pool).shares([60] * 16)
            assert [share.stop - share.start for share in shares] == sizes


def test_all_run_at_once_and_an_error_waits_for_the_others() -> None:
    """Three tasks that wait for each other all end; of an error nothing is lost, and it is raised
    when the others are done; the number of threads inside of operations is put back.
    """
    meeting, done = threading.Barrier(3), []
    before = torch.get_num_threads()

    def meet(number: int) -> int:
        meeting.wait(timeout=300)
        done.append(number)
        if number == 0:
            raise MemoryError("no room for row 0")
        return number

    with crew_of(3) as crew:
        tasks = [lambda at=at: meet(at) for at in (1, 2, 3)]
        assert crew.each(tasks) == [1, 2, 3]
        done.clear()
        with pytest.raises(MemoryError, match="row 0"):
            crew.each([lambda at=at: meet(at) for at in (0, 1, 2)])
        assert sorted(done) == [0, 1, 2]
        assert torch.get_num_threads() == 3
    torch.set_num_threads(before)
