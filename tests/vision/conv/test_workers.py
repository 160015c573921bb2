"""Pieces of work on cores of their own."""

from __future__ import annotations

import threading

import pytest
import torch

from underdog.vision.conv.workers import on_cores


def test_results_come_in_order_and_from_threads_of_one_core_each() -> None:
    """The first piece runs here, the others elsewhere; afterwards threads are as they were."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    all_there = threading.Barrier(3)

    def piece(number: int) -> tuple[int, int, int, bool]:
        all_there.wait(60)  # so that no thread can take two
        return number, torch.get_num_threads(), threading.get_ident(), torch.is_grad_enabled()

    try:
        with torch.no_grad():
            found = on_cores([lambda number=number: piece(number) for number in range(3)])
        assert torch.get_num_threads() == 3
        made_later: list[int] = []
        later = threading.Thread(target=lambda: made_later.append(torch.get_num_threads()))
        later.start()
        later.join(60)
        assert made_later == [3]
    finally:
        torch.set_num_threads(before)
    assert [each[0] for each in found] == [0, 1, 2]
    assert {each[1] for each in found} == {1}
    assert len({each[2] for each in found}) == 3
    assert found[0][2] == threading.get_ident()
    assert not any(each[3] for each in found)


def test_inference_tensors_can_be_written() -> None:
    """Inference mode is a thread's own, too."""
    with torch.inference_mode():
        target = torch.zeros(4)
        on_cores([lambda row=row: target[row : row + 2].fill_(row + 1) for row in (0, 2)])
    assert target.tolist() == [1, 1, 3, 3]


@pytest.mark.parametrize("guilty", [0, 1])
def test_a_failure_is_raised_when_all_have_ended(guilty: int) -> None:
    """Whichever piece fails, nobody writes on behind the caller's back."""
    ended = []

    def piece(number: int) -> None:
        if number == guilty:
            raise ValueError(f"piece {number}")
        ended.append(number)

    before = torch.get_num_threads()
    with pytest.raises(ValueError, match=f"piece {guilty}"):
        on_cores([lambda number=number: piece(number) for number in (0, 1)])
    assert ended == [1 - guilty]
    assert torch.get_num_threads() == before
