"""How long, in how much memory, does a whole tournament of in-process baselines take?

    python benchmarks/tournament.py --sizes 16 32 64 --workers 2

Each size is one `underdog tournament run`, a double round robin of 20 questions per innings on the
embedded bank, in a process of its own: start, question sets, every answer judged, every event on
disk, table and ratings printed. Seconds are of the clock; memory is the largest sum of resident
sizes over the process and its workers, looked at every 50 ms. Ends with one line of JSON; there is
no peer: no other program plays question-and-answer matches.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

LOOK_S = 0.05
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Cost(NamedTuple):
    """What one tournament took; `processor_s` is of all its processes."""

    matches: int
    seconds: float
    processor_s: float
    peak_mb: float
    store_mb: float


def tree_bytes(pid: int) -> int:
    """Resident size of a process and all below it; pages that they share count for each."""
    try:
        resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    return resident + sum(tree_bytes(int(child)) for child in children)


def spent_s() -> float:
    """Processor seconds of all children that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(size: int, workers: int, folder: Path) -> Cost:
    out = folder / str(size)
    specs = ["longest", "always-b", *["random"] * (size - 2)]
    command = [sys.executable, "-m", "underdog", "tournament", "run", "--entrants", *specs]
    command += ["--out", str(out), "--questions", "20", "--workers", str(workers)]
    started, before_s, peak = time.perf_counter(), spent_s(), 0
    with (folder / f"{size}.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        while process.poll() is None:
            peak = max(peak, tree_bytes(process.pid))
            time.sleep(LOOK_S)
    seconds = time.perf_counter() - started
    processor_s = spent_s() - before_s
    if process.returncode:
        sys.exit((folder / f"{size}.log").read_text())
    store = sum(each.stat().st_size for each in out.glob("tournament.db*"))
    return Cost(size * (size - 1), seconds, processor_s, peak / 1e6, store / 1e6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", type=int, default=[16, 32, 64])
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        costs = []
        for size in args.sizes:
            cost = measure(size, args.workers, Path(folder))
            costs.append(cost)
            per_match = 1000 * cost.seconds / cost.matches
            print(
                f"{size} entrants: {cost.matches} matches in {cost.seconds:.1f} s "
                f"({per_match:.1f} ms each; {cost.processor_s:.1f} s of processor time), "
                f"{cost.peak_mb:.0f} MB, store {cost.store_mb:.0f} MB",
                flush=True,
            )
    last = costs[-1]
    found = {"seconds": last.seconds, "peak_mb": last.peak_mb, "matches": last.matches}
    found["processor_s"] = last.processor_s
    if len(costs) > 1:
        # Processor time per further match, at the large end over the small end; 1 is linear.
        slopes = [
            (b.processor_s - a.processor_s) / (b.matches - a.matches) for a, b in pairwise(costs)
        ]
        found["growth"] = slopes[-1] / slopes[0]
    print(json.dumps({name: round(value, 2) for name, value in found.items()}))


if __name__ == "__main__":
    main()
