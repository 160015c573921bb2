"""Where a detector's training stands after an epoch, on disk, as tensors and plain values only.

Ultralytics continues from a pickled model, at half precision. Here a state is what
`torch.load(weights_only=True)` reads: nothing in it can run, whoever wrote it, and weights, moments
and averages are kept to the bit. The two newest are kept, each with its digest, so that a damaged
one costs one epoch.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch

from underdog.errors import CorruptFileError, InputError
from underdog.runs.files import digest_file, read_json, replacing_file, write_json

STATES_NAME = "states"
BEST_NAME = "best.pt"
KEPT = 2
_NAME = re.compile(r"epoch-(\d{6})\.pt")


_Kept = TypeVar("_Kept")


@dataclass(frozen=True, slots=True)
class State:
    """After `epoch` (counted from 0) and `step` optimizer steps. `over` when nothing is left to
    do. The rest are state dicts of torch objects and plain numbers.
    """

    epoch: int
    step: int
    elapsed_s: float
    over: bool
    model: dict[str, Any]
    average: dict[str, Any]
    average_updates: int
    optimizer: dict[str, Any]
    scaler: dict[str, Any]
    best_fitness: float | None
    best_epoch: int
    dropped: int


def write_state(run: Path, state: State) -> None:
    """Write one, then forget all but the newest `KEPT`."""
    path = run / STATES_NAME / f"epoch-{state.epoch:06d}.pt"
    values = {name: getattr(state, name) for name in State.__slots__}
    with replacing_file(path) as partial:
        torch.save(values, partial)
    write_json(_digest_path(path), {"sha256": digest_file(path)})
    for _, old in list(_states(run))[KEPT:]:
        _digest_path(old).unlink(missing_ok=True)
        old.unlink()


@dataclass(frozen=True, slots=True)
class Best:
    """The averaged weights of the best epoch (counted from 0), and what it takes to build the
    model round them: Ultralytics' description of its layers, class names, the size trained at.
    """

    epoch: int
    average: dict[str, Any]
    architecture: dict[str, Any]
    names: tuple[str, ...]
    imgsz: int


def write_best(run: Path, best: Best) -> None:
    """Replace the best so far."""
    path = run / STATES_NAME / BEST_NAME
    with replacing_file(path) as partial:
        torch.save({name: getattr(best, name) for name in Best.__slots__}, partial)


def read_best(run: Path) -> Best:
    """What `write_best` wrote; InputError where there is none, CorruptFileError where it is not."""
    path = run / STATES_NAME / BEST_NAME
    if not path.is_file():
        raise InputError("a run of underdog vision train with a whole epoch", got="none", where=run)
    return _loaded(path, Best)


def read_newest(run: Path, *, say: Callable[[str], None]) -> State | None:
    """The newest whole state, or None; each damaged one is told and passed over."""
    for _, path in _states(run):
        try:
            return _read(path)
        except CorruptFileError as error:
            say(f"A damaged state is passed over: {error}")
    return None


def _read(path: Path) -> State:
    written = _digest_path(path)
    if not written.is_file():
        raise CorruptFileError("the digest of a state is needed", got="none", where=written)
    found = digest_file(path)
    expected = read_json(written).get("sha256")
    if found != expected:
        raise CorruptFileError("the state as written", got="another digest", where=path)
    return _loaded(path, State)


def _loaded(path: Path, kind: type[_Kept]) -> _Kept:
    """Tensors and plain values only; nothing that a file names is run."""
    try:
        return kind(**torch.load(path, map_location="cpu", weights_only=True))
    except (RuntimeError, TypeError, EOFError, pickle.UnpicklingError) as error:
        raise CorruptFileError("a state of a run", got=str(error)[:200], where=path) from error


def _states(run: Path) -> Iterator[tuple[int, Path]]:
    """By epoch, the newest first."""
    found = []
    with suppress(FileNotFoundError):
        for path in (run / STATES_NAME).iterdir():
            match = _NAME.fullmatch(path.name)
            if match:
                found.append((int(match[1]), path))
    yield from sorted(found, reverse=True)


def _digest_path(path: Path) -> Path:
    return path.with_suffix(".json")
