"""Doing and undoing what ``underdog doctor --fix`` lists: files written, files moved aside.

Every step is recorded before it is taken, in one JSON file, so that ``--undo`` can take all of them
back, also after a kill. Nothing is deleted; the line that would free the space is printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from underdog.errors import InputError
from underdog.hardware.doctor.mend import Mend
from underdog.runs.files import read_json, write_json, write_text

RECORD = Path(".cache/underdog/mended.json")
"""Below the home folder."""


def mend_all(mends: Sequence[Mend], home: Path, stamp: str) -> list[Path]:
    """Do each; gives the places that hold what was moved aside."""
    record = home / RECORD
    steps: list[dict[str, Any]] = _steps(record)
    aside = []
    for mend in mends:
        moved = mend.target.with_name(f"{mend.target.name}.set-aside-{stamp}")
        there = mend.target.exists()
        steps.append({"target": str(mend.target), "aside": str(moved) if there else None})
        write_json(record, {"steps": steps})
        if there:
            mend.target.rename(moved)
            aside.append(moved)
        if mend.write is not None:
            write_text(mend.target, mend.write)
    return aside


def undo_all(home: Path) -> list[str]:
    """Take every recorded step back, last first; gives one sentence for each.

    What was made anew in the meantime, such as a cache of kernels, is moved to a name beside it.
    """
    record = home / RECORD
    steps = _steps(record)
    if not steps:
        raise InputError("a record of what was mended is needed", got="none", where=record)
    told = []
    while steps:
        step = steps[-1]
        target, aside = Path(step["target"]), step["aside"]
        if aside is None:
            target.unlink(missing_ok=True)
            told.append(f"removed {target}")
        elif Path(aside).exists():
            if target.exists():
                target.rename(target.with_name(f"{target.name}.made-since"))
            Path(aside).rename(target)
            told.append(f"put back {target}")
        else:
            told.append(f"{target}: nothing to put back, {aside} is gone")
        steps.pop()
        write_json(record, {"steps": steps})
    return told


def _steps(record: Path) -> list[dict[str, Any]]:
    if not record.is_file():
        return []
    steps: list[dict[str, Any]] = read_json(record)["steps"]
    return steps
