"""Silence is noticed, told with stacks, and told again at each doubling."""

from __future__ import annotations

from pathlib import Path

from underdog.vision.yolo.watchdog import EXIT_STALLED, Watchdog


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_silence_is_told_at_the_limit_and_at_each_doubling(tmp_path: Path) -> None:
    """The stacks of all threads are in the file that the event names."""
    clock, told = Clock(), []
    dog = Watchdog(tmp_path, lambda s, stacks: told.append((s, stacks)), stall_s=10, clock=clock)
    dog.batch()
    for now_s in (9.0, 10.0, 15.0, 20.0, 39.0, 40.0):
        clock.now_s = now_s
        dog.look()
    assert [silent_s for silent_s, _ in told] == [10.0, 20.0, 40.0]
    stacks = (tmp_path / told[0][1]).read_text(encoding="utf-8")
    assert "test_silence_is_told" in stacks or "Thread" in stacks
    dog.beat()
    clock.now_s += 9.0
    dog.look()
    assert len(told) == 3


def test_slow_batches_and_the_first_one_have_more_time() -> None:
    """Ten medians of a batch's time, or five limits before there was any."""
    clock = Clock()
    dog = Watchdog(Path(), lambda *_: None, stall_s=10, clock=clock)
    assert dog.limit_s == 50
    for _ in range(3):
        clock.now_s += 4.0
        dog.batch()
    assert dog.limit_s == 40


def test_a_stall_may_end_the_process(tmp_path: Path) -> None:
    """With the status that says: repeat the same command."""
    clock, ended = Clock(), []
    dog = Watchdog(tmp_path, lambda *_: None, stall_s=1, end=ended.append, clock=clock)
    clock.now_s = 5.0
    dog.look()
    assert ended == [EXIT_STALLED] == [75]


def test_the_thread_ends_with_the_block(tmp_path: Path) -> None:
    """Nothing is left running."""
    with Watchdog(tmp_path, lambda *_: None, stall_s=60) as dog:
        dog.batch()
    assert not dog._thread.is_alive()
