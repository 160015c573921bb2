"""The description of a machine."""

from __future__ import annotations

import json
import os
from pathlib import Path

from underdog.hardware.machine import Machine, read_machine, usable_cores

CPUINFO = "processor\t: 0\nmodel name\t: AMD EPYC 9654: 96-Core\nflags\t\t: fpu\n"
MEMINFO = "MemTotal:       24689012 kB\nMemFree:        12 kB\n"


def test_a_recorded_machine_is_read(tmp_path: Path) -> None:
    """Name and memory come from /proc, the name with its own colon."""
    (tmp_path / "cpuinfo").write_text(CPUINFO)
    (tmp_path / "meminfo").write_text(MEMINFO)
    machine = read_machine(tmp_path)
    assert machine.cpu == "AMD EPYC 9654: 96-Core"
    assert machine.memory_bytes == 24689012 * 1024


def test_a_machine_without_proc_is_still_described(tmp_path: Path) -> None:
    """A Mac has no /proc: memory is unknown, everything else is there."""
    machine = read_machine(tmp_path)
    assert machine.memory_bytes is None
    assert machine.cpu
    assert machine.python.count(".") == 2


def test_the_description_is_plain_json_with_the_packages_that_matter() -> None:
    """It goes into run headers as it is; packages that are not installed are left out."""
    machine = read_machine()
    value = json.loads(json.dumps(machine.to_json()))
    assert Machine(**value) == machine
    assert "numpy" in machine.packages
    assert "no such package" not in machine.packages


def test_cores_are_those_this_process_may_use() -> None:
    """A container's limit counts, not the machine's size."""
    assert usable_cores() == len(os.sched_getaffinity(0))
