"""Functions that tests hand to engines. Workers import this file, so it imports little."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

from underdog.data.engine.worker import MARK
from underdog.errors import InputError


class Spread(NamedTuple):
    """A result of several types."""

    name: str
    values: tuple[int, ...]
    share: float


def spread(block: list[int], shared: dict[str, int]) -> Spread:
    values = tuple(value * shared["factor"] for value in block)
    return Spread(f"block of {len(block)}", values, sum(values) / (len(values) + 3))


def arrays(block: Any, shared: Any) -> Any:
    """An array from arrays: every row of the block times the shared matrix."""
    return block @ shared


def stays(block: int, shared: None) -> int:
    """The process that worked on it, after so many milliseconds of processor time."""
    until = time.thread_time() + block / 1000
    while time.thread_time() < until:
        pass
    return os.getpid()


def sleeps(block: float, shared: str) -> int:
    """Leaves its process id in the folder, then sleeps."""
    (Path(shared) / str(os.getpid())).touch()
    time.sleep(block)
    return os.getpid()


def hangs_once(block: bool, shared: str) -> int:
    """Leaves its process id in the folder; told to hang it also says so, and sleeps: once."""
    (Path(shared) / str(os.getpid())).touch()
    said = Path(shared) / "hanging"
    if block and not said.exists():
        said.with_suffix(".part").write_text(str(os.getpid()))
        said.with_suffix(".part").rename(said)
        time.sleep(6e3)
    return os.getpid()


def dies_once(block: int, shared: str) -> int:
    """Every third block kills its worker, the first time."""
    assert MARK in os.environ  # else this would kill the tests
    flag = Path(shared) / str(block)
    if block % 3 == 0 and not flag.exists():
        flag.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return block * block


def dies(block: int, shared: int) -> None:
    """Block 1 ends every worker, by a signal or with a status."""
    assert MARK in os.environ
    if block == 1 and shared > 0:
        os.kill(os.getpid(), shared)
    if block == 1:
        os._exit(-shared)


def refuses(block: int, shared: int) -> int:
    """Blocks from `shared` on are wrong."""
    if block >= shared:
        raise InputError("a small block", got=str(block), where="block", hint="a smaller one")
    return block


class MoodyError(Exception):
    """Cannot be made again from what it keeps."""

    def __init__(self, one: int, other: int) -> None:
        super().__init__(f"{one} and {other}")


def moody(block: int, shared: int) -> None:
    raise MoodyError(block, shared)


def hands_out_a_lock(block: int, shared: None) -> Any:
    return threading.Lock()


def writes(block: Any, shared: Any) -> None:
    shared[0] = block


class Counted:
    """Leaves a file in a folder whenever it is unpickled."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return arrive, (self.folder,)


def arrive(folder: str) -> Counted:
    with (Path(folder) / "arrivals").open("a") as file:
        file.write(f"{os.getpid()}\n")
    return Counted(folder)


def uses(block: int, shared: Counted) -> int:
    time.sleep(0.01)
    return os.getpid()


def nests(block: list[int], shared: str) -> list[int]:
    """A block that opens an engine of its own."""
    from underdog.data.engine.open import open_engine

    with open_engine(shared, workers=3) as engine:
        return list(engine.map(refuses, block, 10**6))


def weighs(block: int, shared: str) -> Any:
    """A result of a megabyte, so that it stays in the store of the machine that made it. Leaves a
    line with the block and its parent process, which on a cluster is the machine's own.
    """
    import numpy as np

    time.sleep(0.2)  # so that every machine is needed
    with (Path(shared) / "weighed").open("a") as file:
        file.write(f"{block} {os.getppid()}\n")
    return np.full(131_072, block, np.int64)


def weighed(folder: Path) -> list[tuple[int, int]]:
    lines = (folder / "weighed").read_text().splitlines()
    return [(int(block), int(parent)) for block, parent in map(str.split, lines)]
