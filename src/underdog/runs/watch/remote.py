"""A run on another machine or in a container: the observer is sent there and answers in lines.

In: a host for the system's ssh, or a command prefix such as "docker exec -i NAME". Out: the
observations, as if the run were here. Nothing is installed or written there: the sources of the few
modules below travel over standard input to `python3 -`, which needs Python 3.10 and Linux; it ends
when its standard input closes. Never: a password (ssh asks for itself), a write, a signal to the
run.
"""

from __future__ import annotations

import json
import shlex
import subprocess
from contextlib import suppress
from importlib.resources import files
from typing import Any

from underdog.errors import InputError, RunError
from underdog.runs.watch.sight import Observation

MODULES = (
    "underdog.errors",
    "underdog.hardware.telemetry.amdgpu",
    "underdog.hardware.telemetry.nvml",
    "underdog.hardware.telemetry.reading",
    "underdog.hardware.telemetry.processes",
    "underdog.hardware.telemetry.sampler",
    "underdog.runs.readings",
    "underdog.runs.watch.sight",
    "underdog.runs.watch.tail",
    "underdog.runs.watch.journals",
    "underdog.runs.watch.observer",
)
"""In an order in which each needs only those before it."""
_START = """
import sys, types
if sys.version_info < (3, 10):
    sys.exit("Python 3.10 or newer is needed, this is " + sys.version.split()[0])
for _name, _source in SOURCES:
    _parts = _name.split(".")
    for _end in range(1, len(_parts)):
        _package = ".".join(_parts[:_end])
        if _package not in sys.modules:
            sys.modules[_package] = types.ModuleType(_package)
            sys.modules[_package].__path__ = []
    _module = types.ModuleType(_name)
    sys.modules[_name] = _module
    exec(compile(_source, _name, "exec"), _module.__dict__)
from underdog.errors import UnderdogError
from underdog.runs.watch.observer import Observer, find_target
import json
try:
    _observer = Observer(find_target(TARGET, PID))
except UnderdogError as error:
    print(json.dumps({"error": str(error)}), flush=True)
    sys.exit(0)
for _line in sys.stdin:
    print(json.dumps(_observer.look().to_json()), flush=True)
"""
_BOOT = "import sys; exec(compile(sys.stdin.read(int(sys.stdin.readline())), 'collector', 'exec'))"


def split_host(run: str) -> tuple[str | None, str]:
    """Take "user@host:RUN" in two; a path is no host."""
    host, colon, name = run.partition(":")
    if not colon or not name or not host or "/" in host or host.startswith("."):
        return None, run
    if host.startswith("-"):
        raise InputError("a host as ssh knows it is needed", got=host)
    return host, name


def collector(target: str, pid: int | None = None) -> str:
    """A whole Python program that observes a target and needs no package."""
    sources = [(name, _source(name)) for name in MODULES]
    return f"SOURCES = {sources!r}\nTARGET = {target!r}\nPID = {pid!r}\n{_START}"


def _source(name: str) -> str:
    package, _, module = name.rpartition(".")
    return (files(package) / f"{module}.py").read_text(encoding="utf-8")


def command_for(host: str | None, prefix: str | None) -> list[str]:
    """What starts Python there. A prefix goes inside the host where both are given."""
    python = [*shlex.split(prefix or ""), "python3", "-c", _BOOT]
    if host is None:
        return python
    return ["ssh", "-o", "BatchMode=no", "--", host, shlex.join(python)]


class Remote:
    """A collector at work elsewhere. It is the one process that a watch starts, and may end."""

    def __init__(self, command: list[str], program: str) -> None:
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        except OSError as error:
            raise InputError(
                "a command that can be started is needed", got=str(error), where=command[0]
            ) from error
        self._send(f"{len(program)}\n{program}")

    def look(self) -> Observation:
        """Ask for one observation. RunError when the other side ended."""
        self._send("look\n")
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            raise RunError(
                "an answer from the other side is needed",
                got=f"its end with status {self._process.returncode}",
                hint="python3 of version 3.10 or newer must be there; try the same ssh by hand",
            )
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise InputError(f"over there: {answer['error'].rstrip('.')}")
        return Observation.from_json(answer)

    def _send(self, text: str) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # the answer that does not come tells more
            self._process.stdin.write(text)
            self._process.stdin.flush()

    def close(self) -> None:
        """Close its input, upon which it ends by itself."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            self._process.wait()


def open_remote(
    target: str, *, host: str | None, prefix: str | None, pid: int | None = None
) -> Remote:
    """Start the collector there."""
    return Remote(command_for(host, prefix), collector(target, pid))
