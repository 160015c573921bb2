"""A run that hangs: noticed from another thread, whatever the main thread is doing."""

from __future__ import annotations

import ctypes
import functools
import itertools
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from sabotage import Saboteur, sabotaged_job
from small_runs import adapter_digests

from children import CHILDREN
from fakes import FakeClock
from patience import PATIENCE_S, until
from underdog.runs.metrics import read_metrics
from underdog.training import loop
from underdog.training.guards.config import OnGuard, WatchConfig
from underdog.training.guards.stall import EXIT_STALLED
from underdog.training.metrics import MetricsWriter
from underdog.training.trainer import train
from underdog.training.watchdog import Watchdog


class Ahead:
    """The real clock, and what it is told to be ahead of it."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead_s


def test_silence_is_told_at_the_limit_and_once_per_doubling(tmp_path: Path) -> None:
    """The limit is five times as long before any step; each sentence has a file of stacks that
    name the function which hangs, and an event.
    """
    said: list[str] = []
    clock = FakeClock()
    with MetricsWriter(tmp_path, resumed_step=None) as metrics:
        dog = Watchdog(tmp_path, WatchConfig(stall_s=10), metrics, said.append, clock=clock)
        _hang(dog, clock, until_s=49.0)
        assert said == []
        dog.step(1)
        _hang(dog, clock, until_s=49.0 + 39.0)
    assert [sentence.partition(":")[0] for sentence in said] == [
        "No step for 10 s after step 1",
        "No step for 20 s after step 1",
    ]
    files = sorted(path.name for path in (tmp_path / "stalls").iterdir())
    assert files == ["step-00000001-1.txt", "step-00000001-2.txt"]
    assert "_hang" in (tmp_path / "stalls" / files[0]).read_text()
    events = read_metrics(tmp_path).events
    assert [event["guard"] for event in events] == ["stall"] * 2
    assert [event["stacks"] for event in events] == [f"stalls/{name}" for name in files]


def _hang(dog: Watchdog, clock: FakeClock, *, until_s: float) -> None:
    """Look once a second."""
    while clock.now_s < until_s:
        clock.advance(1.0)
        dog.look()


def test_beats_keep_it_quiet(tmp_path: Path) -> None:
    """Twenty limits long, with a beat in time each: nothing is said, no thread stays."""
    clock = FakeClock()
    with (
        MetricsWriter(tmp_path, resumed_step=None) as metrics,
        Watchdog(tmp_path, WatchConfig(stall_s=10), metrics, pytest.fail, clock=clock) as dog,
    ):
        dog.step(1)
        for _ in range(20):
            _hang(dog, clock, until_s=clock.now_s + 9.0)
            dog.beat()
    assert not (tmp_path / "stalls").exists()
    assert "underdog-watchdog" not in {thread.name for thread in threading.enumerate()}


def test_slow_steps_make_the_limit_longer(tmp_path: Path) -> None:
    """Steps of 4 s allow 40 s of silence, however short the given limit."""
    clock, said = FakeClock(), list[str]()
    with MetricsWriter(tmp_path, resumed_step=None) as metrics:
        dog = Watchdog(tmp_path, WatchConfig(stall_s=10), metrics, said.append, clock=clock)
        for number in range(3):
            clock.advance(4.0)
            dog.step(number)
        _hang(dog, clock, until_s=12.0 + 39.0)
        assert said == []
        _hang(dog, clock, until_s=12.0 + 40.0)
    assert len(said) == 1


class _HangingData(Saboteur):
    """The listener hangs in C after step 5: the main thread comes back to Python no more. An hour
    of it is over at once by the watchdog's clock.
    """

    clock = Ahead()

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Steps were done."""
        super().advance(steps, note)
        if self.heard == 5:
            self.clock.ahead_s = 3600.0
            ctypes.CDLL(None).sleep(6000)


def hanging_child(base_folder: Path, out: Path) -> None:
    """Train until the hang; the watchdog has to end this process."""
    torch.set_num_threads(1)
    job = sabotaged_job(base_folder, out)
    watch = WatchConfig(on_guard=OnGuard.STOP, stall_s=20.0)
    saboteur: Any = _HangingData()
    loop.Watchdog = functools.partial(Watchdog, clock=saboteur.clock)  # type: ignore[assignment,misc]
    train(
        replace(job, config=replace(job.config, watch=watch)), ask=saboteur.ask, progress=saboteur
    )


def test_a_hang_in_c_ends_the_process_under_stop_and_the_run_goes_on(
    base_folder: Path, tmp_path: Path
) -> None:
    """Exit status 75, stacks and an event on disk; the same command continues."""
    out = tmp_path / "train"
    process = CHILDREN.Process(target=hanging_child, args=(base_folder, out))
    process.start()
    process.join(PATIENCE_S)
    assert process.exitcode == EXIT_STALLED
    (event,) = [each for each in read_metrics(out).events if each["kind"] == "stopped"]
    assert (event["guard"], event["step"]) == ("stall", 4)
    assert "in advance" in (out / event["stacks"]).read_text()
    saboteur = Saboteur()
    result = train(sabotaged_job(base_folder, out), ask=saboteur.ask, progress=saboteur)
    assert result.resumed_from == 3


def test_a_hung_data_function_is_waited_for_under_remedy(
    base_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch takes an hour to reach the model once: recorded, and the run ends as usual, in the
    bytes of one that was not held up.
    """
    job = sabotaged_job(base_folder, tmp_path / "train")
    clock, said = Ahead(), list[str]()
    monkeypatch.setattr(loop, "Watchdog", functools.partial(Watchdog, clock=clock))
    passes = itertools.count()

    def hook(_module: Any, _inputs: Any) -> None:
        if next(passes) == 5:
            clock.ahead_s = 3600.0
            until(lambda: any("No step for" in each for each in said))

    handle = job.base.model.get_input_embeddings().register_forward_pre_hook(hook)
    watch = WatchConfig(stall_s=20.0)
    result = train(replace(job, config=replace(job.config, watch=watch)), say=said.append)
    handle.remove()
    told = [event["guard"] for event in read_metrics(job.out).events if event["kind"] == "remedy"]
    assert set(told) == {"stall"}
    assert result.remedies == []
    smooth = sabotaged_job(base_folder, tmp_path / "smooth")
    train(smooth)
    assert adapter_digests(job.out) == adapter_digests(smooth.out)
