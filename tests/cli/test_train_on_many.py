"""``torchrun -m underdog train`` as a user types it: two processes, one run folder, one voice."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from test_train import flags, places

from patience import PATIENCE_S
from underdog.cli.main import main
from underdog.runs.metrics import read_metrics

__all__ = ["places"]

pytestmark = pytest.mark.slow  # launchers import torch three times


def launched(words: Sequence[str], launcher: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """The command on two processes that find each other on 127.0.0.1."""
    return subprocess.run(
        [sys.executable, "-m", *launcher, "-m", "underdog", *words],
        env={**os.environ, "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


TORCHRUN = ["torch.distributed.run", "--standalone", "--local-addr", "127.0.0.1"]


def test_torchrun_trains_once_and_tells_once(places: tuple[Path, Path], tmp_path: Path) -> None:
    """The whole command: validation by the main process, one sentence at the end. Called again,
    the finished run is only told.
    """
    words = flags(places, tmp_path / "run", "--device", "cpu")
    first = launched(words, [*TORCHRUN, "--nproc-per-node", "2"])
    assert first.returncode == 0, first.stderr
    assert first.stdout.count("Adapter:") == 1
    assert "Best on 8 held-out questions" in first.stdout
    metrics = read_metrics(tmp_path / "run")
    assert [step.step for step in metrics.steps] == list(range(1, len(metrics.steps) + 1))
    assert main(words) == 0


def test_a_mistake_is_told_and_ends_the_launch(places: tuple[Path, Path], tmp_path: Path) -> None:
    """A folder of another recipe: the launcher's status is not 0, and the message names the key."""
    assert main(flags(places, tmp_path / "run")) == 0
    words = flags(places, tmp_path / "run", "--seed", "4", "--device", "cpu")
    refused = launched(words, [*TORCHRUN, "--nproc-per-node", "2"])
    assert refused.returncode != 0
    assert "training.seed was 0, now 4" in refused.stderr
