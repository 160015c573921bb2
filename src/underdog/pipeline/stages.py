"""Walk stages in order, each at most once: what is on disk and whole is kept, the rest is done.

In: stages that name what they leave on disk. Out: `stages.json`, one record per finished stage with
the digests of what it left. A stage is repeated when its files are not what was written, or when
a stage before it left something else than it was built on. Never: a half-finished stage counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from underdog.runs.files import digest_file, digest_folder, digest_value, read_json, write_json

STAGES_NAME = "stages.json"


@dataclass(frozen=True, slots=True)
class Stage:
    """`outputs` are paths below the run folder that exist, whole, once `work` has returned."""

    name: str
    outputs: tuple[str, ...]
    work: Callable[[], None]


@dataclass(frozen=True, slots=True)
class StageRecord:
    """`seconds` is the wall time of the sitting that finished the stage. `built_on` and `left` are
    digests of the outputs of all stages before it, and of its own.
    """

    name: str
    seconds: float
    status: str
    built_on: str
    left: str


def walk(
    stages: Sequence[Stage],
    out: Path,
    *,
    clock: Callable[[], float],
    tell: Callable[[str], None],
) -> tuple[StageRecord, ...]:
    """Do what is missing. `tell` hears one sentence per stage that is kept or repeated."""
    stored = {record.name: record for record in read_records(out)}
    done: list[StageRecord] = []
    for stage in stages:
        built_on = digest_value([record.left for record in done])
        kept = _reusable(stored.get(stage.name), stage, built_on, out, tell)
        if kept is None:
            started = clock()
            stage.work()
            left = _digest_outputs(out, stage.outputs)
            assert left is not None, f"stage {stage.name} left nothing at {stage.outputs}"
            kept = StageRecord(stage.name, round(clock() - started, 3), "done", built_on, left)
        done.append(kept)
        write_json(out / STAGES_NAME, [asdict(record) for record in done])
    return tuple(done)


def read_records(out: Path) -> tuple[StageRecord, ...]:
    """The finished stages of a run folder, in order; empty before the first one."""
    path = out / STAGES_NAME
    entries: list[dict[str, Any]] = read_json(path) if path.exists() else []
    return tuple(StageRecord(**entry) for entry in entries)


def _reusable(
    record: StageRecord | None,
    stage: Stage,
    built_on: str,
    out: Path,
    tell: Callable[[str], None],
) -> StageRecord | None:
    if record is None:
        return None
    if record.built_on != built_on:
        tell(f"{stage.name}: repeated, because what it was built on has changed")
        return None
    if _digest_outputs(out, stage.outputs) != record.left:
        tell(f"{stage.name}: repeated, because its files are not what was written")
        return None
    tell(f"{stage.name}: kept from an earlier sitting")
    return record


def _digest_outputs(out: Path, outputs: Sequence[str]) -> str | None:
    """One digest over files and folders; None when one of them is missing."""
    found: dict[str, Any] = {}
    for name in outputs:
        path = out / name
        if path.is_dir():
            found[name] = digest_folder(path)
        elif path.is_file():
            found[name] = digest_file(path)
        else:
            return None
    return digest_value(found)
