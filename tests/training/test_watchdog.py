"""A run that hangs: noticed from another thread, whatever the main thread is doing."""

from __future__ import annotations

import ctypes
import multiprocessing
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from sabotage import Saboteur, sabotaged_job
from small_runs import adapter_digests

from underdog.runs.metrics import read_metrics
from underdog.training.guards.config import OnGuard, WatchConfig
from underdog.training.guards.stall import EXIT_STALLED
from underdog.training.metrics import MetricsWriter
from underdog.training.trainer import train
from underdog.training.watchdog import Watchdog

CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(["underdog.training.trainer"])


def test_silence_is_told_once_per_doubling_and_kept_waiting_for(tmp_path: Path) -> None:
    """Limit 0.2 s before any step is 5 times that; two doublings give two files of stacks that
    name the function which hangs.
    """
    said: list[str] = []
    watch = WatchConfig(stall_s=0.05)
    with (
        MetricsWriter(tmp_path, resumed_step=None) as metrics,
        Watchdog(tmp_path, watch, metrics, said.append) as dog,
    ):
        dog.step(1)
        _hang(0.35)
        dog.beat()
    files = sorted(path.name for path in (tmp_path / "stalls").iterdir())
    assert files[:2] == ["step-00000001-1.txt", "step-00000001-2.txt"]
    assert "_hang" in (tmp_path / "stalls" / files[0]).read_text()
    assert said[0].startswith("No step for 0 s after step 1: stacks in ")
    events = read_metrics(tmp_path).events
    assert [event["guard"] for event in events] == ["stall"] * len(files)
    assert events[0]["stacks"] == "stalls/step-00000001-1.txt"


def _hang(seconds: float) -> None:
    time.sleep(seconds)


def test_beats_keep_it_quiet(tmp_path: Path) -> None:
    """Four limits long, with a beat every fifth of one: nothing is said, no thread stays."""
    with (
        MetricsWriter(tmp_path, resumed_step=None) as metrics,
        Watchdog(tmp_path, WatchConfig(stall_s=0.25), metrics, pytest.fail) as dog,
    ):
        dog.step(1)
        for _ in range(20):
            time.sleep(0.05)
            dog.beat()
    assert not (tmp_path / "stalls").exists()
    assert "underdog-watchdog" not in {thread.name for thread in threading.enumerate()}


def test_slow_steps_make_the_limit_longer(tmp_path: Path) -> None:
    """Steps of 0.1 s allow 1 s of silence, however short the given limit."""
    with (
        MetricsWriter(tmp_path, resumed_step=None) as metrics,
        Watchdog(tmp_path, WatchConfig(stall_s=0.3), metrics, pytest.fail) as dog,
    ):
        for number in range(3):
            time.sleep(0.1)
            dog.step(number)
        time.sleep(0.6)
        dog.beat()


class _HangingData(Saboteur):
    """The listener hangs in C after step 5: the main thread comes back to Python no more."""

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Steps were done."""
        super().advance(steps, note)
        if self.heard == 5:
            ctypes.CDLL(None).sleep(600)


def hanging_child(base_folder: Path, out: Path) -> None:
    """Train until the hang; the watchdog has to end this process."""
    torch.set_num_threads(1)
    job = sabotaged_job(base_folder, out)
    watch = WatchConfig(on_guard=OnGuard.STOP, stall_s=1.5)
    saboteur: Any = _HangingData()
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
    process.join(60)
    assert process.exitcode == EXIT_STALLED
    (event,) = [each for each in read_metrics(out).events if each["kind"] == "stopped"]
    assert (event["guard"], event["step"]) == ("stall", 4)
    assert "in advance" in (out / event["stacks"]).read_text()
    saboteur = Saboteur()
    result = train(sabotaged_job(base_folder, out), ask=saboteur.ask, progress=saboteur)
    assert result.resumed_from == 3


def test_a_hung_data_function_is_waited_for_under_remedy(base_folder: Path, tmp_path: Path) -> None:
    """A batch takes 1.2 s to reach the model once: recorded, and the run ends as usual, in the
    bytes of one that was not held up.
    """
    job = sabotaged_job(base_folder, tmp_path / "train")
    watch = WatchConfig(stall_s=0.4)
    slow = iter([0.0] * 5 + [1.2])

    def hook(_module: Any, _inputs: Any) -> None:
        time.sleep(next(slow, 0.0))

    handle = job.base.model.get_input_embeddings().register_forward_pre_hook(hook)
    result = train(replace(job, config=replace(job.config, watch=watch)))
    handle.remove()
    told = [event["guard"] for event in read_metrics(job.out).events if event["kind"] == "remedy"]
    assert set(told) == {"stall"}
    assert result.remedies == []
    smooth = sabotaged_job(base_folder, tmp_path / "smooth")
    train(smooth)
    assert adapter_digests(job.out) == adapter_digests(smooth.out)
