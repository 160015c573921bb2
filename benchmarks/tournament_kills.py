"""Kill `underdog tournament run` with SIGKILL at random moments, resume it, compare the events.

    python benchmarks/tournament_kills.py --kills 20 --seed 1

One tournament of 16 baselines (240 matches) is left alone. Others get `resume` after every kill
until the kills are dealt out and every one has ended. Every second kill falls at a moment drawn
from the whole time of the undisturbed run, start-up included; the others within 4 ms after the
write-ahead log was seen to grow, that is inside of a write or close to one. "torn" counts kills
after which the log ended in the middle of a transaction. After each kill SQLite checks the file.
Events without seconds, and the table, must be equal. Ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from killing import underdog

LOOK_S = 0.0003
WRITES, NEAR_S = 40, 0.004
"""A kill near a write waits for up to so many of them, then for up to so long."""
ENTRANTS = ["longest", "always-b", *["random"] * 14]


def play(out: Path, kill: Kill | None) -> bool:
    """Run, or resume what is there; True when it ended, False when it was killed first."""
    begun = (out / "tournament.db").is_file() and events(out)
    how = ["run", "--entrants", *ENTRANTS, "--questions", "20", "--out"]
    command = underdog("tournament", *(["resume"] if begun else how), str(out))
    with (out.parent / f"{out.name}.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        if kill is not None and kill.strike(process, out / "tournament.db-wal"):
            return False
        status = process.wait()
    if status:
        sys.exit(f"status {status}; see {log.name}")
    return True


class Kill(NamedTuple):
    """After so many seconds, counted from the start or, with `writes`, from that many growths of
    the write-ahead log.
    """

    after_s: float
    writes: int

    def strike(self, process: subprocess.Popen[bytes], log: Path) -> bool:
        """False when the process ended before."""
        seen, size = 0, 0
        while seen < self.writes:
            if process.poll() is not None:
                return False
            now = log.stat().st_size if log.exists() else 0
            seen, size = seen + (now > size), now
            time.sleep(LOOK_S)
        try:
            process.wait(self.after_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return True
        return False


def torn(out: Path) -> bool:
    """Whether the write-ahead log ends in the middle of a transaction: in a frame that is not
    whole, or one without the size that a commit writes (sqlite.org/fileformat2.html, section 4).
    """
    path = out / "tournament.db-wal"
    content = path.read_bytes() if path.exists() else b""
    if len(content) < 32:
        return False
    page, salts = int.from_bytes(content[8:12], "big"), content[16:24]
    frames = range(32, len(content), 24 + page)
    mine = [at for at in frames if content[at + 8 : at + 16] == salts]
    if not mine:
        return False
    last = mine[-1]
    return last + 24 + page > len(content) or not any(content[last + 4 : last + 8])


def events(out: Path) -> list[Any]:
    """Every event without what a clock decided; the file is checked first."""
    connection = sqlite3.connect(out / "tournament.db")
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'events'").fetchone():
            return []
        rows = connection.execute("SELECT subject, kind, body FROM events ORDER BY seq").fetchall()
    finally:
        connection.close()
    bodies = [json.loads(body) for _, _, body in rows]
    for body in bodies:
        body.pop("elapsed_s", None)
    return [(*row[:2], body) for row, body in zip(rows, bodies, strict=True)]


def table(out: Path) -> Any:
    shown = subprocess.run(
        underdog("tournament", "status", str(out), "--json"),
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(shown.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    source = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole = folder / "whole"
        whole.mkdir()
        started = time.perf_counter()
        play(whole, None)
        whole_s = time.perf_counter() - started
        wanted, shown = events(whole), table(whole)
        print(f"undisturbed: {len(wanted)} events in {whole_s:.1f} s", flush=True)
        kills, inside, torn_logs, runs, equal = 0, 0, 0, 0, True
        while kills < args.kills:
            runs += 1
            out = folder / f"killed-{runs}"
            out.mkdir()
            while not play(out, draw(source, kills, whole_s) if kills < args.kills else None):
                kills += 1
                torn_logs += torn(out)
                written = len(events(out)) if (out / "tournament.db").is_file() else 0
                inside += 0 < written < len(wanted)
            same = events(out) == wanted and table(out) == shown
            equal &= same
            print(
                f"run {runs}: {kills} kills so far, {'equal' if same else 'DIFFERENT'}", flush=True
            )
    found = {"kills": kills, "kills_inside": inside, "torn": torn_logs, "runs": runs}
    print(json.dumps(found | {"equal": equal}))
    sys.exit(not equal)


def draw(source: random.Random, number: int, whole_s: float) -> Kill:
    """Every second kill near a write."""
    if number % 2:
        return Kill(source.uniform(0, NEAR_S), source.randint(1, WRITES))
    return Kill(source.uniform(0, whole_s), 0)


if __name__ == "__main__":
    main()
