"""Make src/underdog/data/bank/facts.csv from the fact packages (see README.md beside this file).

    python tools/bank/make_facts.py --deb UNPACKED_DEBIAN_ROOT --npm NODE_MODULES

Two runs on the same packages write the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import io
import tomllib
from collections import Counter, defaultdict
from pathlib import Path

from corrections import corrected
from rows import Row, Shelf, best_known, plain

TOPICS = (
    "geography",
    "chemistry",
    "astronomy",
    "languages",
    "computing",
    "people",
    "history",
    "mythology",
    "biology",
    "units",
    "arts",
)
OUT = Path(__file__).resolve().parents[2] / "src" / "underdog" / "data" / "bank" / "facts.csv"

KEPT = {
    "country_abroad": 260,
    "city_country": 340,
    "airport_city": 130,
    "calling_code": 70,
    "internet_domain": 90,
    "scientific_name": 110,
    "acronym": 220,
}
"""Rows kept of long relations, best known subjects first, so that no kind of fact dominates."""
WORDINGS = OUT.with_name("relations.toml")


def main() -> None:
    """Collect, clean, sort, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deb", type=Path, required=True)
    parser.add_argument("--npm", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    shelf = Shelf(given.deb, given.npm)
    found = [row for topic in TOPICS for row in importlib.import_module(topic).rows(shelf)]
    worded = set(tomllib.loads(WORDINGS.read_text(encoding="utf-8")))
    kept = unambiguous([row for row in found if row.relation in worded], shelf)
    kept = corrected(confirmed(kept, shelf), shelf)
    kept = [
        row
        for name, rows in by_relation(kept).items()
        for row in best_known(rows, KEPT.get(name, len(rows)))
    ]
    write(sorted(kept, key=lambda r: (r.relation, plain(r.subject), r.object)), given.out)
    counts = report(kept, shelf)
    Path(__file__).with_name("counts.txt").write_text(counts, encoding="utf-8")
    print(counts)


def unambiguous(found: list[Row], shelf: Shelf) -> list[Row]:
    """Rows without repeats and without a subject that has two objects in one relation."""
    objects: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in found:
        objects[row.relation, plain(row.subject)].add(plain(row.object))
    kept: dict[tuple[str, str], Row] = {}
    for row in found:
        place = (row.relation, plain(row.subject))
        if len(objects[place]) > 1:
            shelf.dropped[f"{row.relation}: two answers for one subject"] += 1
        elif "(" not in row.subject + row.object and row.object:
            kept.setdefault(place, row)
    return list(kept.values())


def confirmed(rows: list[Row], shelf: Shelf) -> list[Row]:
    """Without the unchecked rows of relations for which most rows could be checked."""
    share = {
        name: sum(1 for r in same if r.checked_against) / len(same)
        for name, same in by_relation(rows).items()
    }
    kept = [r for r in rows if r.checked_against or share[r.relation] < 0.5]
    for row in set(rows) - set(kept):
        shelf.dropped[f"{row.relation}: not confirmed"] += 1
    return kept


def by_relation(rows: list[Row]) -> dict[str, list[Row]]:
    """Rows grouped by relation, in the order given."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.relation].append(row)
    return found


def write(rows: list[Row], out: Path) -> None:
    """Write the CSV in full to a temporary file, then rename it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Row._fields)
    writer.writerows(rows)
    temporary = out.with_suffix(".csv.partial")
    temporary.write_text(text.getvalue(), encoding="utf-8")
    temporary.replace(out)


def report(rows: list[Row], shelf: Shelf) -> str:
    """The counts: rows and checked rows per relation, and why rows were dropped."""
    checked = Counter(r.relation for r in rows if r.checked_against)
    lines = [
        f"{relation:24} {count:5} rows, {checked[relation]:5} checked"
        for relation, count in sorted(Counter(r.relation for r in rows).items())
    ]
    lines.append(f"{'all':24} {len(rows):5} rows, {sum(checked.values()):5} checked")
    lines += [f"dropped {count:5} {reason}" for reason, count in sorted(shelf.dropped.items())]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
