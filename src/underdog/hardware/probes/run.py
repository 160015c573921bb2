"""Runs probes in a process group of their own, and kills the group when its time is over.

Out: one Probed for each probe: right, wrong, raised, crashed (with the signal's name), hung or
unavailable. Never: a probe in this process, which must survive whatever the driver does.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, Any, Protocol

TORCH = "underdog.hardware.probes.backend:open_torch"
NAMES = (
    "product-float32",
    "product-float16",
    "product-bfloat16",
    "sum-bfloat16",
    "convolution",
    "convolution-native",
    "batch-norm",
    "batch-norm-native",
    "attention",
    "triton-add",
)
OPENING = "import"
"""The name under which a backend is reported that cannot be opened at all."""
LIMIT_S = 120.0
"""For one probe: a first import of torch from a slow disk and a first compilation by MIOpen fit."""
LAST_WORDS = 600


class Result(StrEnum):
    """How a probe ended."""

    RIGHT = "right"
    WRONG = "wrong"
    RAISED = "raised"
    CRASHED = "crashed"
    HUNG = "hung"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Probed:
    """`told` says what was seen: figures, an error, a signal. `device` is None without figures."""

    name: str
    result: Result
    told: str
    device: str | None = None


class Bar(Protocol):
    """What reports progress; `underdog.cli.console.ProgressBar` is one."""

    def begin(self, task: str, total: int | None) -> None:
        """A task of so many steps begins."""

    def advance(self, steps: int = 1, note: str = "") -> None:
        """So many steps were done."""

    def end(self) -> None:
        """The task is over."""


def run_probes(
    *,
    names: Sequence[str] = NAMES,
    backend: str = TORCH,
    device: str | None = None,
    limit_s: float = LIMIT_S,
    progress: Bar | None = None,
) -> tuple[Probed, ...]:
    """Run them in order. One process serves all that go well; after a crash or a hang the next
    probe has a fresh one. When the backend cannot even be opened, that is the only answer.
    """
    if progress is not None:
        progress.begin("probes", len(names))
    found: list[Probed] = []
    while len(found) < len(names) and not (found and found[-1].name == OPENING):
        for each in _serve(names[len(found) :], backend=backend, device=device, limit_s=limit_s):
            found.append(each)
            if progress is not None:
                progress.advance(note=f"{each.name} {each.result.value}")
    if progress is not None:
        progress.end()
    return tuple(found)


def _serve(
    names: Sequence[str], *, backend: str, device: str | None, limit_s: float
) -> Iterator[Probed]:
    """What one process answers, up to and with the probe that ends it."""
    command = [sys.executable, "-m", "underdog.hardware.probes.child", backend, device or ""]
    with tempfile.TemporaryFile() as complaints:
        child = subprocess.Popen(
            [*command, *names],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            start_new_session=True,
        )
        lines = _Lines(child)
        try:
            for name in names:
                try:
                    answer = lines.next_answer(limit_s)
                except TimeoutError:
                    told = f"no answer within {limit_s:g} s; its process group was killed"
                    yield Probed(name, Result.HUNG, told)
                    return
                if answer is None:
                    yield _crashed(name, child, complaints)
                    return
                yield _judged(name, answer)
                if "closed" in answer:
                    return
        finally:
            kill_group(child)


class _Lines:
    """Answers of a child, read with a deadline; what libraries print between them is skipped."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stdout is not None
        self._stream, self._rest = child.stdout, b""
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._stream, selectors.EVENT_READ)

    def next_answer(self, limit_s: float) -> dict[str, Any] | None:
        """The next one; None at the end of the output; TimeoutError when neither comes."""
        end = time.monotonic() + limit_s
        while True:
            line, mark, rest = self._rest.partition(b"\n")
            if mark:
                self._rest = rest
                answer = _parsed(line)
                if answer is not None:
                    return answer
                continue
            if not self._selector.select(max(0.0, end - time.monotonic())):
                raise TimeoutError
            more = os.read(self._stream.fileno(), 1 << 16)
            if not more:
                return None
            self._rest += more


def kill_group(child: subprocess.Popen[bytes]) -> None:
    """End a child and all that it started, and reap it."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        child.wait(timeout=10)  # a process inside a broken driver may outlive even SIGKILL
    if child.stdout is not None:
        child.stdout.close()


def _crashed(name: str, child: subprocess.Popen[bytes], complaints: IO[bytes]) -> Probed:
    status = child.wait()
    complaints.seek(0)
    last = complaints.read().decode("utf-8", errors="replace").strip()[-LAST_WORDS:]
    ended = f"ended by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
    return Probed(name, Result.CRASHED, f"{ended}: {last}" if last else ended)


def _judged(name: str, answer: dict[str, Any]) -> Probed:
    if "closed" in answer:
        return Probed(OPENING, Result.RAISED, answer["closed"])
    if "unavailable" in answer:
        return Probed(name, Result.UNAVAILABLE, answer["unavailable"])
    if "raised" in answer:
        return Probed(name, Result.RAISED, answer["raised"])
    told = f"error {float(answer['error']):.2g}, allowed {answer['allowed']:.2g}"
    told += f"; {answer['note']}" if answer["note"] else ""
    result = Result.RIGHT if answer["right"] else Result.WRONG
    return Probed(name, result, told, answer["device"])


def _parsed(line: bytes) -> dict[str, Any] | None:
    with suppress(ValueError):
        value = json.loads(line)
        if isinstance(value, dict) and isinstance(value.get("probe"), dict):
            answer: dict[str, Any] = value["probe"]
            return answer
    return None
