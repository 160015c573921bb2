"""Near-duplicates planted in real questions: how many are found, and what is taken for one wrongly.

    python benchmarks/duplicates.py [--planted 2000] [--seed 20261121] [--data ../shared/data]

Rows: OpenTriviaQA, ARC, OpenBookQA and GSM8K (its numbers given three wrong ones each) when they
lie in ../shared/data, else the embedded bank with 64 word problems. Twins of eleven kinds, equally
many of each, are made of rows drawn by hash (tests/data/planted.py). A twin is found when it is
dropped as an exact duplicate of its original, or lands in its group; it straddles the split when it
lands on the other side, found or not. False positives: pairs of different questions that look
alike, written by hand (tests/data/look_alikes.csv), that share a group. `seconds` is processor time
of grouping, `peak_mb` the resident size of this process; with --workers the blocks are read on
worker processes and the groups are compared with those made without. The last line is one line of
JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "data"))

import planted  # noqa: E402 - lies beside the tests, which use it too

from underdog.data.duplicates import Grouping, drop_exact, group_rows, identity  # noqa: E402
from underdog.data.engine.open import open_engine  # noqa: E402
from underdog.data.leakage import check_leakage  # noqa: E402
from underdog.data.quality import Checked, check  # noqa: E402
from underdog.data.row import Band, Row, Split  # noqa: E402
from underdog.data.sources.bank import read_bank  # noqa: E402
from underdog.data.sources.find import find_files  # noqa: E402
from underdog.data.sources.read import FileRows, read_file  # noqa: E402
from underdog.data.split import split_groups  # noqa: E402
from underdog.mcq.question import Question  # noqa: E402

SHARE = 0.1


def main() -> None:
    args = arguments()
    rows, origin = read_rows(args.data)
    print(f"{len(rows)} questions of {origin}")
    twins = planted.plant_all([row.question for row in rows], count=args.planted, seed=args.seed)
    print(f"{len(twins)} near-duplicates planted")
    mixed = drop_exact([*rows, *(checked(twin.question) for twin in twins)]).rows
    started = time.process_time()
    grouping = group_rows(mixed)
    seconds = time.process_time() - started
    found = judge(mixed, grouping, twins)
    result: dict[str, Any] = {
        **found,
        **compare_look_alikes(),
        "leaks": brute_force(mixed, grouping, sample=args.sample),
        "groups": sum(size > 1 for size in Counter(grouping.groups).values()),
        "largest_group": max(Counter(grouping.groups).values()),
        "rows": len(mixed),
        "seconds": round(seconds, 2),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    if args.workers:
        with open_engine("local", workers=args.workers) as engine:
            result["equal_on_workers"] = group_rows(mixed, engine=engine) == grouping
    report(result, grouping)
    print(json.dumps(result))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--planted", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--sample", type=int, default=400, help="questions of the brute-force look")
    parser.add_argument("--workers", type=int, default=0)
    return parser.parse_args()


def read_rows(data: Path) -> tuple[tuple[Checked, ...], str]:
    """Questions without exact duplicates, and where they are from."""
    if (data / "opentriviaqa").is_dir():
        paths = [data / "opentriviaqa", data / "science"]
        files = [read_file(file) for file in find_files([path for path in paths if path.exists()])]
        found = [
            check(candidate, file=file.name)
            for file in files
            if isinstance(file, FileRows)
            for candidate in file.rows
        ]
        sums = read_sums(data / "gsm8k" / "train.jsonl")
        loose = [row for row in found if isinstance(row, Checked)]
        return drop_exact([*loose, *map(checked, sums)]).rows, "OpenTriviaQA, science and GSM8K"
    bank = [check(found, file="bank") for found in read_bank(seed=0, per_fact=1).rows]
    facts = [row for row in bank if isinstance(row, Checked)]
    return drop_exact([*facts, *map(checked, planted.word_problems())]).rows, "the embedded bank"


def read_sums(path: Path) -> list[Question]:
    """GSM8K's questions with whole numbers as answers, each beside three other numbers."""
    made = []
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for line in lines:
        record = json.loads(line)
        answer = record["answer"].split("####")[1].strip().replace(",", "")
        chance = random.Random(record["question"])
        if answer.lstrip("-").isdigit():
            shifts = [0, *chance.sample([-10, -2, -1, 1, 2, 5, 7, 10, 100], 3)]
            chance.shuffle(shifts)
            choices = tuple(str(int(answer) + shift) for shift in shifts)
            made.append(Question(record["question"], choices, shifts.index(0)))
    return made


def checked(question: Question) -> Checked:
    return Checked("planted", 1, question, "", settled=False)


def judge(
    rows: Sequence[Checked], grouping: Grouping, twins: Sequence[planted.Twin]
) -> dict[str, Any]:
    """How many twins ended with their originals, and how many on the other side of a split."""
    sides = split_groups(grouping.groups, share=SHARE, seed=0)
    groups, splits = {}, {}
    for row, group, side in zip(rows, grouping.groups, sides, strict=True):
        groups[identity(row.question)], splits[identity(row.question)] = group, side
    planted_of, found_of = Counter(twin.kind for twin in twins), Counter[str]()
    straddling = 0
    for twin in twins:
        one, other = identity(twin.original), identity(twin.question)
        found_of[twin.kind] += groups[one] == groups[other]
        if groups[one] != groups[other]:
            print(f"  missed ({twin.kind}): {twin.original.text} / {twin.question.text}")
        straddling += splits[one] is not splits[other]
    return {
        "planted": len(twins),
        "found": found_of.total(),
        "found_share": {
            kind: round(found_of[kind] / planted_of[kind], 4) for kind in planted.KINDS
        },
        "straddling": straddling,
    }


def compare_look_alikes() -> dict[str, Any]:
    """All pairs are grouped at once, so that a chain of false links counts as well."""
    pairs = planted.read_look_alikes()
    rows = drop_exact([checked(question) for pair in pairs for question in pair]).rows
    names = zip([row.question.id for row in rows], group_rows(rows).groups, strict=True)
    groups = dict(names)
    false = [pair for pair in pairs if groups[pair[0].id] == groups[pair[1].id]]
    for one, other in false:
        print(f"  taken for one: {one.text} / {other.text}")
    return {
        "look_alikes": len(pairs),
        "false_positives": len(false),
        "false_positive_share": round(len(false) / len(pairs), 4),
    }


def brute_force(rows: Sequence[Checked], grouping: Grouping, *, sample: int) -> int:
    """Near-duplicates across the split that a look without signatures finds."""
    sides = split_groups(grouping.groups, share=SHARE, seed=0)
    placed = [
        Row(
            replace(row.question),
            group,
            0.5,
            Band.EASY,
            side,
            *((0, 0) if side is Split.TRAIN else (None, None)),
        )
        for row, group, side in zip(rows, grouping.groups, sides, strict=True)
    ]
    settled = frozenset(row.question.id for row in rows if row.settled)
    found = check_leakage(placed, 0.6, settled=settled, sample=sample)
    print(found.sentence())
    return found.word_pairs + found.character_pairs + found.template_pairs


def report(result: dict[str, Any], grouping: Grouping) -> None:
    for kind, share in result["found_share"].items():
        print(f"  {kind:20s} {share:.1%}")
    templates = grouping.templates
    print(
        f"{templates.clusters} templates of {templates.rows} rows, {templates.linked} rows linked; "
        f"the largest: {templates.largest[0].pattern if templates.largest else 'none'}"
    )


if __name__ == "__main__":
    main()
