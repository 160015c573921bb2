"""Signals between steps."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from underdog.training.interrupts import StoppedBySignal, StopWish


def test_the_first_signal_is_a_wish_and_the_second_an_order() -> None:
    """One Ctrl-C is remembered; another one interrupts as it would without us."""
    before = signal.getsignal(signal.SIGINT)
    with StopWish() as wish:
        assert wish.signal_number is None
        os.kill(os.getpid(), signal.SIGINT)
        assert wish.signal_number == signal.SIGINT
        assert signal.getsignal(signal.SIGINT) == before
    assert signal.getsignal(signal.SIGINT) == before


def test_outside_the_main_thread_nothing_is_caught() -> None:
    """Python allows handlers in the main thread only; elsewhere the wish stays empty."""
    wishes: list[StopWish] = []

    def work() -> None:
        with StopWish() as wish:
            wishes.append(wish)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert wishes[0].signal_number is None


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_error_is_a_keyboard_interrupt_with_a_shell_status(number: int, status: int) -> None:
    """Callers that know only KeyboardInterrupt handle it; the message says what comes next."""
    stopped = StoppedBySignal(number, 12)
    assert isinstance(stopped, KeyboardInterrupt)
    assert stopped.exit_status == status
    assert "stopped after step 12, checkpoint written; the same command continues" in str(stopped)
