"""The readings of a run, kept in one small text file: `readings.log`.

In: Readings, appended one by one. Out: the same, rounded as below. A kill inside a line loses that
line only; opening the file again cuts it off. Runs on Python 3.10. Never: a rewrite of old lines.

Format, all ASCII. A line that starts with "#" names the columns as JSON: {"readings": [[name, unit]
...]}; a column of card 0 is called "gpu0.watts". A line that starts with "=" holds a whole number
of units for each column, separated by commas, "-" where nothing was read. Every other line holds
the change of each column against the line before: empty for none, "-" for nothing read, and against
0 where nothing had been read; commas at its end are left out. Every 600th line is whole, and so is
the first of each sitting, so that a damaged line costs ten minutes of 1 s readings at most.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from pathlib import Path

from underdog.hardware.telemetry.reading import GPU_FIELDS, HOST_FIELDS, GpuReading, Reading

READINGS_NAME = "readings.log"
WHOLE_EVERY = 600
UNITS = {"_s": 0.1, "_bytes": 2.0**20}
"""Of a name's end; everything else is kept in whole per cent, degrees, watts, megahertz."""
Row = tuple[int | None, ...]


def unit(name: str) -> float:
    """What one step of this column is, in the unit that its name tells."""
    return next((size for end, size in UNITS.items() if name.endswith(end)), 1.0)


def rounded(reading: Reading) -> Reading:
    """As it comes back from the file."""
    names = columns(len(reading.gpus))
    return _reading(names, _row(reading))


def columns(gpus: int) -> tuple[str, ...]:
    """Of a machine with so many cards."""
    cards = (f"gpu{card}.{name}" for card in range(gpus) for name in GPU_FIELDS)
    return (*HOST_FIELDS, *cards)


class ReadingsWriter:
    """Appends to `folder`/readings.log; each line is given to the system at once."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / READINGS_NAME
        _cut_torn_line(self._path)
        # Unbuffered and O_APPEND: a line is written whole or, after a kill, cut off later.
        self._stream = self._path.open("ab", buffering=0)
        self._before: Row | None = None
        self._gpus: int | None = None
        self._lines = 0

    def append(self, reading: Reading) -> None:
        """Write one line, and the names of the columns before it where they changed."""
        row, text = _row(reading), ""
        if len(reading.gpus) != self._gpus:
            self._gpus, self._before = len(reading.gpus), None
            named = [[name, unit(name)] for name in columns(self._gpus)]
            text = f"#{json.dumps({'readings': named})}\n"
        if self._before is None or self._lines % WHOLE_EVERY == 0:
            text += "=" + ",".join("-" if value is None else str(value) for value in row)
        else:
            changes = (_change(*pair) for pair in zip(self._before, row, strict=True))
            text += ",".join(changes).rstrip(",") or ","
        self._stream.write(f"{text}\n".encode("ascii"))
        self._before, self._lines = row, self._lines + 1

    def close(self) -> None:
        """Closing twice does nothing."""
        self._stream.close()


def read_readings(path: Path) -> list[Reading]:
    """Every reading of a file that can be read; damaged lines are passed over."""
    names: tuple[str, ...] = ()
    row: Row | None = None
    found = []
    for line in path.read_bytes().split(b"\n")[:-1]:
        text = line.decode("ascii", "replace")
        if text.startswith("#"):
            names, row = _names(text), None
            continue
        row = _parsed(text, row, len(names))
        if row is not None and row[0] is not None:
            found.append(_reading(names, row))
    return found


def _change(before: int | None, now: int | None) -> str:
    if before == now:
        return ""
    return "-" if now is None else str(now - (before or 0))


def _parsed(text: str, before: Row | None, width: int) -> Row | None:
    """The row of a line; None where it is damaged or stands on a damaged one."""
    whole = text.startswith("=")
    cells = text.removeprefix("=").split(",")
    cells = cells[:width] if len(cells) > width and not any(cells[width:]) else cells
    if len(cells) > width or (whole and len(cells) != width) or (not whole and before is None):
        return None
    start: Row = (None,) * width if before is None or whole else before
    cells += [""] * (width - len(cells))
    try:
        return tuple(_applied(cell, value) for cell, value in zip(cells, start, strict=True))
    except ValueError:
        return None


def _applied(cell: str, before: int | None) -> int | None:
    if cell == "":
        return before
    return None if cell == "-" else (before or 0) + int(cell)


def _names(text: str) -> tuple[str, ...]:
    try:
        return tuple(str(name) for name, _ in json.loads(text[1:])["readings"])
    except (ValueError, LookupError, TypeError):
        return ()


def _row(reading: Reading) -> Row:
    values = [getattr(reading, name) for name in HOST_FIELDS]
    values += [getattr(gpu, name) for gpu in reading.gpus for name in GPU_FIELDS]
    names = columns(len(reading.gpus))
    return tuple(
        None if value is None or not math.isfinite(value) else round(value / unit(name))
        for name, value in zip(names, values, strict=True)
    )


def _reading(names: Sequence[str], row: Row) -> Reading:
    """Columns of names that are not known here are left out."""
    table = {
        name: value * unit(name)
        for name, value in zip(names, row, strict=True)
        if value is not None
    }
    cards = 1 + max((int(n[3 : n.index(".")]) for n in names if n.startswith("gpu")), default=-1)
    gpus = tuple(
        GpuReading(**{name: table.get(f"gpu{card}.{name}") for name in GPU_FIELDS})
        for card in range(cards)
    )
    return Reading(**{name: table[name] for name in HOST_FIELDS if name in table}, gpus=gpus)


def _cut_torn_line(path: Path) -> None:
    """Take back what a kill left unfinished; only the file's end is read."""
    if not path.exists():
        return
    with path.open("r+b") as stream:
        size = stream.seek(0, os.SEEK_END)
        start = max(0, size - 65536)
        stream.seek(start)
        stream.truncate(start + stream.read().rfind(b"\n") + 1)
