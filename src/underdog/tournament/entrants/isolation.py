"""Runs a stranger's program through the warden, and says how it ended.

In: a command, its work folder, limits. Out: a `Confined` once nothing of it runs any more. Raises
InfrastructureError when this machine, not the stranger, is at fault. Never: longer than the limit.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from underdog.errors import InfrastructureError
from underdog.tournament.entrants import warden

GIB = 1024**3
GRACE_S = 10.0
"""What the warden may take beyond the limit to end everything, on a busy machine."""
PASSED_ON = (
    "PATH",
    "LD_LIBRARY_PATH",
    "HF_HOME",
    "OMP_NUM_THREADS",
    "OMP_WAIT_POLICY",
    "CUDA_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES",
    "ROCR_VISIBLE_DEVICES",
    "HSA_OVERRIDE_GFX_VERSION",
)
"""The only variables that a stranger's program sees of ours: none can hold a secret."""


class Isolation(StrEnum):
    """What stands between a stranger's program and this machine."""

    NAMESPACES = "namespaces"
    """Own process ids, no network, everything read-only but the work folder."""
    PROCESSES = "processes"
    """Limits and the end of its process tree only; files and network are open to it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run of a program may use."""

    wall_s: float = 60.0
    """Seconds until everything of it is killed."""
    memory_bytes: int = 16 * GIB
    """Resident memory of all its processes together."""
    processes: int = 128
    """At the same time; threads do not count."""
    file_bytes: int = 2 * GIB
    """Of one file."""
    disk_bytes: int = 4 * GIB
    """Of its work folder."""
    output_limit_bytes: int = 64 * 1024**2
    """On standard output and error together; passing it ends the program."""
    output_bytes: int = 16 * 1024
    """The end of each that is kept."""


class End(StrEnum):
    """How a program ended: by itself, or by the limit that it passed."""

    EXITED = "exited"
    DEADLINE = "deadline"
    MEMORY = "memory"
    PROCESSES = "processes"
    OUTPUT = "output"
    DISK = "disk"


@dataclass(frozen=True, slots=True)
class Confined:
    """`status` is the exit status, minus the signal's number, or None when a limit ended it."""

    ended: End
    status: int | None
    elapsed_s: float
    peak_bytes: int
    left_running: int
    stdout: str
    stderr: str
    isolation: Isolation


def confine(
    command: Sequence[str],
    work: Path,
    limits: Limits,
    *,
    isolation: Isolation,
    hidden: Sequence[Path] = (),
    variables: Mapping[str, str] | None = None,
) -> Confined:
    """Run `command` in `work` (absolute, real). `hidden` folders look empty from inside."""
    temporary = work / ".tmp"
    with suppress(OSError):
        temporary.mkdir(exist_ok=True)
    settings = {
        "command": list(command),
        "work": str(work),
        "hidden": [str(path.resolve()) for path in hidden],
        "env": _environment(work) | dict(variables or {}),
        "isolation": isolation.value,
        "cpu_s": int(limits.wall_s * (os.cpu_count() or 1)) + 1,
        **{name: getattr(limits, name) for name in Limits.__dataclass_fields__},
    }
    begun = time.monotonic()
    done = _warden(settings, limits.wall_s + GRACE_S)
    if isolation is Isolation.PROCESSES and (done is None or done.returncode < 0):
        # Only in namespaces is the warden out of a stranger's reach: here it was stopped or killed.
        end_strays(work)
        ended, status = (End.DEADLINE, None) if done is None else (End.EXITED, done.returncode)
        taken_s = time.monotonic() - begun
        return Confined(ended, status, taken_s, 0, 0, "", "it attacked its warden", isolation)
    if done is None:
        raise InfrastructureError(
            "a warden that ends an entrant in time", got=f"none after {limits.wall_s + GRACE_S:g} s"
        )
    return _confined(done, isolation)


@functools.cache
def strongest() -> Isolation:
    """The strongest isolation that this machine offers, found by trying it."""
    with TemporaryDirectory(prefix="underdog-probe-") as folder:
        try:
            work = Path(folder).resolve()
            confine(["/bin/true"], work, Limits(10.0), isolation=Isolation.NAMESPACES)
        except InfrastructureError:
            return Isolation.PROCESSES
    return Isolation.NAMESPACES


def _environment(work: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return kept | {
        "HOME": str(work),
        "TMPDIR": str(work / ".tmp"),
        "LANG": "C.UTF-8",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
    }


def end_strays(work: Path) -> None:
    """Kill what still runs in a work folder, or has it as its home: what is left to do when the
    warden itself was attacked. Who hides from this too has won, as docs/entrants.md says.
    """
    for _ in range(100):
        pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
        found = [pid for pid in pids if _at(pid, work)]
        for pid in found:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if not found:
            return
        time.sleep(0.01)


def _at(pid: int, work: Path) -> bool:
    if pid == os.getpid():
        return False
    with suppress(OSError):
        if Path(os.readlink(f"/proc/{pid}/cwd")).is_relative_to(work):  # noqa: PTH115
            return True
        return f"HOME={work}\0".encode() in Path(f"/proc/{pid}/environ").read_bytes()
    return False


def _warden(settings: dict[str, Any], wall_s: float) -> subprocess.CompletedProcess[bytes] | None:
    """None when it did not end in time, and was ended."""
    command = [sys.executable, "-I", "-S", warden.__file__, json.dumps(settings)]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise InfrastructureError("a process for an entrant", got=str(error)) from error
    try:
        out, err = process.communicate(timeout=wall_s)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def _confined(done: subprocess.CompletedProcess[bytes], isolation: Isolation) -> Confined:
    try:
        report = json.loads(done.stdout)
    except ValueError as error:
        said = done.stderr.decode("utf-8", "replace").strip()[-300:]
        raise InfrastructureError(
            f"{isolation.value} to run an entrant in",
            got=f"exit status {done.returncode} {said}".strip(),
            hint="--isolation processes, on a machine where nothing else is at stake",
        ) from error
    if report["not_started"]:
        # What is started is named by us, whatever the entry holds.
        raise InfrastructureError("a program that can be started", got=report["not_started"])
    return Confined(
        End(report["ended"]),
        report["status"],
        float(report["elapsed_s"]),
        int(report["peak_bytes"]),
        int(report["left_running"]),
        str(report["stdout"]),
        str(report["stderr"]),
        isolation,
    )
