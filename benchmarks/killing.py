"""A command of `underdog` in a process of its own that is killed after some time, or not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def underdog(*arguments: str) -> list[str]:
    """Its command line, with the Python that runs this."""
    return [sys.executable, "-m", "underdog", *arguments]


def finish(command: Sequence[str], log: Path, kill_after_s: float | None) -> bool:
    """True when it came to its end, False when it was killed first, with SIGKILL and all that it
    had started. Its output is added to `log`; any status but 0 ends the benchmark.
    """
    with log.open("ab") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, start_new_session=True)
        try:
            status = process.wait(kill_after_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return False
    if status:
        sys.exit(f"status {status}; see {log}")
    return True
