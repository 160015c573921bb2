"""One process per run folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from underdog.errors import RunError
from underdog.runs.lock import held, locked

HOLDER = """
import sys, time
from pathlib import Path
from underdog.runs.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_second_process_is_refused_and_told_who_holds_the_folder(tmp_path: Path) -> None:
    """While a live process holds the lock, another gets RunError with its process id; after
    kill -9 of the holder the folder is free at once. An onlooker sees both without locking.
    """
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert held(tmp_path)
        with pytest.raises(RunError, match=f"held by process {holder.pid}"), locked(tmp_path):
            pass
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    assert not held(tmp_path)
    with locked(tmp_path):
        assert (tmp_path / ".lock").read_text(encoding="utf-8") == str(os.getpid())
