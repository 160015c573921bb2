"""Build question sets of 15K, 60K and 150K rows with `underdog data build`, each as a user would.

    python benchmarks/build.py [--sizes 15000 60000 150000] [--data ../shared/data] [--repeats 1]

First the whole folder of real files (OpenTriviaQA, ARC, OpenBookQA, GSM8K), then samples of it as
JSON Lines, the largest filled up with synthetic rows: the words of a real row, each replaced by one
drawn from all real words, so that lengths and word frequencies stay and near-duplicates do not
multiply. Every build is a process of its own. Time is wall time with start and imports; memory is
the highest sum of proportional set sizes over the process and its workers, four times a second.
Ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from underdog.data.quality import Checked, Rules, check
from underdog.data.reject import Reject
from underdog.data.sources.find import find_files
from underdog.data.sources.read import FileRows, read_file

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
FOLDERS = ("opentriviaqa", "science", "gsm8k")
POLL_S = 0.25


class Measured(NamedTuple):
    """One build: wall time, the highest memory of all its processes, what it said of itself."""

    seconds: float
    peak_mb: float
    summary: dict[str, Any]


def read_records(paths: list[Path]) -> list[dict[str, Any]]:
    """Every row that passes the checks, as the plain records that any reader understands."""
    records = []
    for file in find_files(paths):
        read = read_file(file)
        for found in read.rows if isinstance(read, FileRows) else ():
            row = check(found, file=file.name, rules=Rules())
            if not isinstance(row, Reject):
                records.append(to_record(row))
    return records


def to_record(row: Any) -> dict[str, Any]:
    if isinstance(row, Checked):
        question = row.question
        fields = {"question": question.text, "choices": list(question.choices)}
        return {**fields, "answer_text": question.answer_text, "topic": question.topic}
    return {"question": row.text, "answer": row.answer, "topic": row.topic}


def synthetic(real: list[dict[str, Any]], count: int, rng: random.Random) -> list[dict[str, Any]]:
    words = [word for record in real for word in record["question"].split()]
    choice_words = [w for r in real for text in r.get("choices", ()) for w in text.split()]

    def redraw(text: str, vocabulary: list[str]) -> str:
        return " ".join(rng.choice(vocabulary) for _ in text.split())

    made = []
    for _ in range(count):
        record = dict(rng.choice(real))
        record["question"] = redraw(record["question"], words)
        if "choices" in record:
            texts = [redraw(text, choice_words) for text in record["choices"]]
            place = record["choices"].index(record["answer_text"])
            record |= {"choices": texts, "answer_text": texts[place]}
        made.append(record)
    return made


def measure(paths: list[Path], out: Path, flags: list[str]) -> Measured:
    command = [sys.executable, "-m", "underdog", "data", "build", *map(str, paths)]
    started = time.perf_counter()
    with (out.parent / f"{out.name}.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--out", str(out), *flags], stdout=log, stderr=log, start_new_session=True
        )
        peak = 0
        while process.poll() is None:
            peak = max(peak, tree_bytes(process.pid))
            time.sleep(POLL_S)
    seconds = time.perf_counter() - started
    if process.returncode:
        sys.exit(f"the build failed with status {process.returncode}; see {log.name}")
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    return Measured(seconds, peak / 1e6, summary)


def tree_bytes(session: int) -> int:
    """Proportional set sizes of every process of the session, summed: shared pages count once."""
    total = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            if os.getsid(int(folder.name)) == session:
                rollup = (folder / "smaps_rollup").read_text()
                total += 1024 * int(rollup.split("Pss:")[1].split()[0])
        except (OSError, IndexError):
            continue
    return total


def write_lines(path: Path, records: list[dict[str, Any]]) -> Path:
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")
    return path


def told(made: Measured) -> str:
    return f"{made.seconds:.1f} s, {made.peak_mb:.0f} MB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[15_000, 60_000, 150_000])
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--repeats", type=int, default=1)
    args, flags = parser.parse_known_args()
    folders = [args.data / name for name in FOLDERS if (args.data / name).is_dir()]
    if not folders:
        sys.exit(f"{args.data}: the folders {', '.join(FOLDERS)} are needed")
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        whole = min(measure(folders, work / f"whole{turn}", flags) for turn in range(args.repeats))
        read, kept = whole.summary["read"], whole.summary["kept"]
        print(f"real files: {read} read, {kept} kept, {told(whole)}")
        result["rows"] = read
        result["seconds"], result["peak_mb"] = round(whole.seconds, 2), round(whole.peak_mb)
        rng = random.Random(0)
        real = read_records(folders)
        rng.shuffle(real)
        for size in args.sizes:
            records = real[:size] + synthetic(real, max(size - len(real), 0), rng)
            path = write_lines(work / f"rows{size}.jsonl", records)
            made = min(
                measure([path], work / f"set{size}_{turn}", flags) for turn in range(args.repeats)
            )
            print(f"{size}: {made.summary['kept']} kept, {told(made)}")
            result[f"seconds_{size}"] = round(made.seconds, 2)
            result[f"peak_mb_{size}"] = round(made.peak_mb)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
