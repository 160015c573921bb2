"""The places where data stages run, measured: in this process, on worker processes, on Ray.

    python benchmarks/engines.py [--rows 62000] [--workers 2] [--engines workers local] [--build]

What an engine costs: its start, a block, a megabyte in blocks, a megabyte of shared value. What it
gives: the seconds of the check of real rows (of the bank's where ../shared/data is not there) with
each engine, and from how many rows on worker processes pay. `workers` are worker processes from the
first block on, `local` is the engine of that name, which asks them only when they pay. `--build`
builds the whole set with each engine instead of checking rows only. Then whether a forked process
would survive what the stages use. Fails when two engines give different results. Ends with one line
of JSON; `own_cpu_s` is the processor time of this process, which no number of workers takes away.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import operator
import os
import pickle
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from underdog.data.engine.engine import Engine, cut
from underdog.data.engine.local import IN_PROCESS
from underdog.data.engine.open import open_engine
from underdog.data.engine.processes import Processes
from underdog.data.quality import Rows, Rules, check_rows
from underdog.data.sources.bank import read_bank
from underdog.data.sources.find import find_files
from underdog.data.sources.read import FileRows, read_file
from underdog.hardware.machine import usable_cores

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
FOLDERS = ("opentriviaqa", "science", "gsm8k")
BLOCK_ROWS = 4096
MEGABYTE = 131_072
"""Of 8-byte numbers."""
FORK_WAIT_S = 10
ENGINES = ("workers", "local", "ray")


class Cost(NamedTuple):
    """Of one engine; seconds of wall time."""

    start_s: float
    block_ms: float
    block_megabyte_ms: float
    shared_megabyte_ms: float


class Took(NamedTuple):
    """Wall time, and processor time of this process without its workers."""

    seconds: float
    own_cpu_s: float

    @classmethod
    def of(cls, work: Callable[[], Any]) -> tuple[Took, Any]:
        """Do it, and keep the time."""
        started, started_cpu = time.perf_counter(), time.process_time()
        result = work()
        return cls(time.perf_counter() - started, time.process_time() - started_cpu), result


@contextmanager
def workers_at_once(workers: int) -> Iterator[Engine]:
    """Worker processes from the first block on, whether they pay or not."""
    with closing(Processes(workers, start_s=None)) as engine:
        yield engine


def openers(names: list[str], workers: int) -> dict[str, Callable[[], Any]]:
    known: dict[str, Callable[[], AbstractContextManager[Engine]]] = {
        "workers": lambda: workers_at_once(workers),
        "local": lambda: open_engine("local", workers=workers),
        "ray": lambda: open_engine("ray", workers=workers),
    }
    return {name: known[name] for name in names}


def measure_cost(opener: Callable[[], Any], workers: int) -> Cost:
    """`operator.is_` is the function: what it does takes no time."""

    def run(engine: Engine, blocks: list[Any], shared: Any = None) -> float:
        return Took.of(lambda: list(engine.map(operator.is_, blocks, shared)))[0].seconds

    started = time.perf_counter()
    with opener() as engine:
        run(engine, [0] * workers)
        start_s = time.perf_counter() - started
        block_s = run(engine, [0] * 1000) / 1000
        array = np.ones(MEGABYTE)
        block_megabyte_s = run(engine, [array] * 200) / 200 - block_s
        shared = np.ones(200 * MEGABYTE)
        shared_megabyte_s = (run(engine, [0] * workers, shared) - workers * block_s) / 200
    return Cost(start_s, 1e3 * block_s, 1e3 * block_megabyte_s, 1e3 * shared_megabyte_s)


def read_rows(count: int) -> tuple[list[Rows], str]:
    """So many rows in blocks, the real files over and over under other names."""
    folders = [SHARED / name for name in FOLDERS if (SHARED / name).is_dir()]
    read = (
        [read_file(file) for file in find_files(folders)]
        if folders
        else [read_bank(seed=0, per_fact=2)]
    )
    files = [each for each in read if isinstance(each, FileRows)]
    blocks: list[Rows] = []
    left, turn = count, 0
    while left > 0:
        for file in files:
            rows = file.rows[:left]
            left -= len(rows)
            blocks += [Rows(f"{turn}-{file.name}", part) for part in cut(rows, BLOCK_ROWS)]
        turn += 1
    return blocks, "real rows" if folders else "rows of the bank"


def check_all(engine: Engine, blocks: list[Rows]) -> tuple[Took, str]:
    """How long the check took, and a digest of everything that came of it."""
    took, judged = Took.of(lambda: list(engine.map(check_rows, blocks, Rules())))
    return took, hashlib.sha256(repr(judged).encode("utf-8", "replace")).hexdigest()


def build_all(engine: Engine) -> tuple[Took, str]:
    """How long a whole build took, and a digest of its files."""
    from underdog.data.build import build
    from underdog.data.config import DataConfig
    from underdog.runs.files import digest_folder

    sources = [SHARED / name for name in FOLDERS if (SHARED / name).is_dir()] or ["bank"]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "set"
        took, _ = Took.of(lambda: build(sources, DataConfig(), out=out, engine=engine))
        digests = digest_folder(out)
    made = {name: each for name, each in digests.items() if "manifest" not in name}
    return took, json.dumps(made, sort_keys=True)


def compare(
    work: Callable[[Engine], tuple[Took, str]], opened: dict[str, Callable[[], Any]]
) -> dict[str, Took]:
    """By engine, `in-process` first. The second of two runs counts: the first imports."""
    work(IN_PROCESS)
    took, expected = work(IN_PROCESS)
    found = {"in-process": took}
    for name, opener in opened.items():
        with opener() as engine:
            work(engine)
            found[name], digest = work(engine)
        if digest != expected:
            sys.exit(f"{name} and in-process give different results")
    return found


def survives_fork(work: Callable[[], object]) -> bool:
    """Whether a forked process comes to the end of what its parent has done before."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    until = time.monotonic() + FORK_WAIT_S
    while time.monotonic() < until:
        if os.waitpid(child, os.WNOHANG) != (0, 0):
            return True
        time.sleep(0.02)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return False


def try_fork() -> dict[str, Any]:
    """Threads of a process that has used what the stages use, and what a fork of it can do."""
    from rensa import RMinHash

    numbers, bounds = np.arange(200_000, dtype=np.uint64), np.arange(0, 200_001, 10, np.uint64)
    works: dict[str, Callable[[], object]] = {
        "numpy": lambda: np.ones((600, 600)) @ np.ones((600, 600)),
        "rensa": lambda: RMinHash.digest_matrix_from_flat_token_hashes(numbers, bounds, 256, 1),
    }
    for work in works.values():
        work()
    threads = len(list(Path("/proc/self/task").iterdir()))
    return {"threads": threads, **{name: survives_fork(work) for name, work in works.items()}}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=62_000)
    parser.add_argument("--workers", type=int, default=max(2, usable_cores()))
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--build", action="store_true", help="whole builds instead of the check")
    return parser.parse_args()


def show_costs(costs: dict[str, Cost], workers: int) -> None:
    print(f"{workers} workers    start      block   MB in blocks   MB shared")
    for name, cost in costs.items():
        print(
            f"  {name:9} {cost.start_s:7.2f} s {cost.block_ms:7.2f} ms"
            f" {cost.block_megabyte_ms:11.2f} ms {cost.shared_megabyte_ms:8.2f} ms"
        )


def show_times(what: str, found: dict[str, Took]) -> None:
    alone = found["in-process"].seconds
    for name, took in found.items():
        print(
            f"  {what} {name:11} {took.seconds:7.2f} s   {alone / took.seconds:.2f}x"
            f"   own processor time {took.own_cpu_s:.2f} s"
        )


def main() -> None:
    args = arguments()
    opened = openers(args.engines, args.workers)
    costs = {
        name: measure_cost(opener, args.workers)
        for name, opener in opened.items()
        if name != "local"
    }
    show_costs(costs, args.workers)
    result: dict[str, Any] = {"benchmark": "engines", "workers": args.workers}
    if args.build:
        found = compare(build_all, opened)
        show_times("build", found)
    else:
        blocks, origin = read_rows(args.rows)
        found = compare(lambda engine: check_all(engine, blocks), opened)
        sent = sum(len(pickle.dumps(block)) for block in blocks) / 1e6
        print(f"{args.rows} {origin} in {len(blocks)} blocks, {sent:.1f} MB")
        show_times("check", found)
        result |= {"rows": args.rows, "pays_from_rows": break_even(args.rows, found, costs)}
    result |= {"equal": True, "times": rounded(found), "costs": rounded(costs), "fork": try_fork()}
    print(f"forked after use: {result['fork']}")
    print(json.dumps(result))


def break_even(rows: int, found: dict[str, Took], costs: dict[str, Cost]) -> int | None:
    """Rows at which workers make up for their start; None when they do not save anything."""
    if "workers" not in found:
        return None
    saved_s = found["in-process"].seconds - found["workers"].seconds
    return round(rows * costs["workers"].start_s / saved_s) if saved_s > 0 else None


def rounded(values: dict[str, Any]) -> dict[str, dict[str, float]]:
    return {
        name: {key: round(number, 3) for key, number in value._asdict().items()}
        for name, value in values.items()
    }


if __name__ == "__main__":
    main()
