"""Kill `underdog tournament run` with SIGKILL at random moments, resume it, compare the events.

    python benchmarks/tournament_kills.py --kills 20 --seed 1

One tournament of 16 baselines (240 matches) is left alone and timed. Others get `resume` after
every kill until the kills are dealt out and every one has ended. After each kill SQLite checks the
file. Events without seconds, and the table, must be equal. Ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from killing import finish, underdog

ENTRANTS = ["longest", "always-b", *["random"] * 14]


def play(out: Path, kill_after_s: float | None) -> bool:
    """Run, or resume what is there; True when it ended, False when it was killed first."""
    begun = (out / "tournament.db").is_file() and events(out)
    how = ["run", "--entrants", *ENTRANTS, "--questions", "20", "--out"]
    command = underdog("tournament", *(["resume"] if begun else how), str(out))
    return finish(command, out.with_name(f"{out.name}.log"), kill_after_s)


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
        kills, inside, runs, equal = 0, 0, 0, True
        while kills < args.kills:
            runs += 1
            out = folder / f"killed-{runs}"
            out.mkdir()
            while not play(out, source.uniform(0, whole_s) if kills < args.kills else None):
                kills += 1
                written = len(events(out)) if (out / "tournament.db").is_file() else 0
                inside += 0 < written < len(wanted)
            same = events(out) == wanted and table(out) == shown
            equal &= same
            print(f"run {runs}: {kills} kills so far, {'equal' if same else 'DIFFERENT'}")
    print(json.dumps({"kills": kills, "kills_inside": inside, "runs": runs, "equal": equal}))


if __name__ == "__main__":
    main()
