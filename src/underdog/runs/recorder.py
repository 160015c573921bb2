"""Keeps the readings of a run while it runs: a thread that looks once a second.

In: the run's folder. Out: `readings.log` there. A sensor or disk that fails ends the recording,
never the run. Never: torch, a wait of the run for its recorder longer than one reading.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from underdog.hardware.telemetry.sampler import Sampler
from underdog.runs.readings import ReadingsWriter

EVERY_S = 1.0


@contextmanager
def recorded(folder: Path, *, every_s: float = EVERY_S) -> Iterator[None]:
    """Record this process and its machine while the block runs."""
    over = threading.Event()
    thread = threading.Thread(
        target=_record, args=(folder, over, every_s), name="readings", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _record(folder: Path, over: threading.Event, every_s: float) -> None:
    # A full disk or a driver that goes away must not cost the run anything: its own guards speak.
    with suppress(OSError):
        writer = ReadingsWriter(folder)
        try:
            sampler = Sampler(os.getpid(), folder)
            while True:
                writer.append(sampler.take())
                if over.wait(every_s):
                    return
        finally:
            writer.close()
