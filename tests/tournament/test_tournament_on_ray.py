"""`underdog tournament run --engine ray` on a cluster of its own: loopback, one core."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tournament_players import timeless

from patience import PATIENCE_S
from underdog.cli.main import main

pytestmark = pytest.mark.slow


def test_ray_leaves_the_rows_that_one_process_leaves(tmp_path: Path) -> None:
    """Three baselines, double round robin: every row but its seconds is the same."""
    pytest.importorskip("ray")
    run = ["tournament", "run", "--entrants", "random", "random", "longest", "--questions", "4"]
    alone, workers = tmp_path / "alone", tmp_path / "workers"
    assert main([*run, "--engine", "in-process", "--out", str(alone)]) == 0
    on_ray = [*run, "--engine", "ray", "--workers", "1", "--out", str(workers)]
    done = subprocess.run(
        [sys.executable, "-m", "underdog", *on_ray],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    assert timeless(workers) == timeless(alone)
