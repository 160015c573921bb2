"""Can forty and more hostile entrants spoil a tournament of four honest ones?

    python benchmarks/hostile.py

One round robin, 4 questions per innings, of every behaviour in tests/hostile_entries.py (folders,
in namespaces) and tests/hostile_servers.py (servers on this machine) and four honest entrants. The
honest ones play each other alone first. Afterwards: which faults were named, which games among
honest entrants differ, which processes and folders are left, what was touched outside of work
folders. Exit status 1 unless all is well. Ends with one line of JSON; there is no peer: no other
program plays such matches.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from hostile_entries import FOLDERS  # noqa: E402  (found by the line above)
from hostile_servers import WRONG  # noqa: E402
from hostile_tournament import isolated, play_hostile  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--item-s", type=float, default=2.5, help="seconds for one item")
    args = parser.parse_args()
    if not isolated():
        sys.exit("this kernel makes no namespaces for ordinary users: nothing is run")
    with tempfile.TemporaryDirectory(prefix="hostile-") as name:
        scratch = Path(name).resolve()
        seen = play_hostile(tuple(FOLDERS), tuple(WRONG), scratch, item_s=args.item_s)
    for title in ("misnamed", "changed", "leftovers", "touched"):
        for line in getattr(seen, title):
            print(f"{title}: {line}")
    hostile = len(FOLDERS) + len(WRONG)
    found = {
        "seconds": round(seen.seconds, 1),
        "hostile": hostile,
        "games": seen.games,
        "named": hostile + 4 - len(seen.misnamed),
        "of": hostile + 4,
        "changed": len(seen.changed),
        "leftovers": len(seen.leftovers),
        "touched": len(seen.touched),
    }
    print(json.dumps(found))
    bad = not seen.finished or any((seen.misnamed, seen.changed, seen.leftovers, seen.touched))
    sys.exit(int(bad))


if __name__ == "__main__":
    main()
