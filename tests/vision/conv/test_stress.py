"""Endurance runs."""

from __future__ import annotations

from underdog.vision.conv.algorithms.registry import ALGORITHMS
from underdog.vision.conv.stress import stress


def test_a_short_run_is_healthy() -> None:
    """Every algorithm at least once; counts add up; below 20 turns no slope is claimed."""
    clock = iter(range(1_000))
    report = stress(seconds=len(ALGORITHMS), clock=lambda: float(next(clock)))
    assert report.healthy
    assert report.turns == len(ALGORITHMS)
    assert report.parts == 3 * len(ALGORITHMS)
    assert report.leak_bytes is None
    assert 0 < report.worst < 1
