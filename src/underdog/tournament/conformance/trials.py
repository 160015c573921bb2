"""One run of an agent in a clean copy of its entry, and what was seen.

In: an entry, an agent, its flags, the files it reads. Out: a `Trial`. Never: a judgement.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from underdog.protocol.player import PlayerFault
from underdog.tournament.conformance import listener
from underdog.tournament.entrants.isolation import Confined, Isolation, Limits, confine
from underdog.tournament.entrants.workplace import read_output, workplace, write_input

REPORT = ".tmp/report.jsonl"


@dataclass(frozen=True, slots=True)
class Trial:
    """`raw` and `filtered` are the two files' values, None where there is none; `unreadable` says
    why one could not be read. `heard` is what the listener was told.
    """

    name: str
    items: int
    done: Confined
    raw: Any
    filtered: Any
    unreadable: str
    heard: tuple[Mapping[str, str], ...] = field(default=())

    @property
    def ended_well(self) -> bool:
        """By itself, with status 0."""
        return self.done.status == 0

    @property
    def last_line(self) -> str:
        """Of its standard error."""
        lines = self.done.stderr.strip().splitlines() or [""]
        return lines[-1][:200]

    @property
    def values(self) -> list[Any] | None:
        """The list that counts: the filtered one, or the raw one where that is missing."""
        found = self.filtered if self.filtered is not None else self.raw
        return found if isinstance(found, list) else None


@dataclass(frozen=True, slots=True)
class Bench:
    """How agents are run."""

    entry: Path
    isolation: Isolation
    limits: Limits
    python: str = sys.executable

    def run(
        self,
        agent: str,
        flags: Sequence[str],
        *,
        name: str,
        items: int,
        inputs: Mapping[str, Any],
        output: str,
    ) -> Trial:
        """Run `python -m agents.AGENT FLAGS --output_file outputs/OUTPUT`."""
        output_file = f"outputs/{output}"
        with workplace(self.entry) as work:
            hook = work.parent / "listener"
            hook.mkdir()
            (hook / "sitecustomize.py").write_bytes(Path(listener.__file__).read_bytes())
            for path, value in inputs.items():
                write_input(work, path, value)
            done = confine(
                [self.python, "-m", f"agents.{agent}", *flags, "--output_file", output_file],
                work,
                self.limits,
                isolation=self.isolation,
                variables={"PYTHONPATH": str(hook), "UNDERDOG_REPORT": str(work / REPORT)},
            )
            raw, why = _read(work, output_file)
            filtered, why_not = _read(work, f"outputs/filtered_{output}")
            heard = _heard(work)
        return Trial(name, items, done, raw, filtered, why or why_not, heard)


def _read(work: Path, name: str) -> tuple[Any, str]:
    try:
        return read_output(work, name), ""
    except PlayerFault as fault:
        return None, fault.detail


def _heard(work: Path) -> tuple[Mapping[str, str], ...]:
    found: list[Mapping[str, str]] = []
    with suppress(OSError):
        for line in (work / REPORT).read_text("utf-8", "replace").splitlines()[:1000]:
            with suppress(ValueError):
                value = json.loads(line)
                if isinstance(value, dict) and {"kind", "what", "caller"} <= set(value):
                    found.append({key: str(each) for key, each in value.items()})
    return tuple(found)
