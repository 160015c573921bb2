"""How long open questions take to get their choices, and how much memory.

    python benchmarks/convert.py [--sizes 18518 150000] [--pool 40000] [--workers 2] [--repeats 3]

Takes OpenTriviaQA's four-choice and true/false questions without their choices when ../shared/data
is there, else the bank's questions. The pool holds `--pool` right answers, those of the questions
that are converted among them. Where there are too few rows, more are made from real ones: in a copy
every word of an answer, and every third word of its question, gives way to the word at the same
place of another answer or question of as many words, so that kinds, lengths and word frequencies
stay. Each turn is a process of its own which reads, converts 2,000 made-up questions (imports,
workers), and then measures: wall time of the conversion, and the highest resident sizes of the
process and its workers, summed, so that memory they share counts for each of them. The fastest of
`--repeats` turns counts. Ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from underdog.data.bank.facts import load_facts, load_relations
from underdog.data.bank.questions import open_questions
from underdog.data.conversion.convert import ConversionConfig, Converted, PoolAnswer, convert
from underdog.data.engine.engine import Engine
from underdog.data.engine.local import IN_PROCESS
from underdog.data.engine.processes import Processes
from underdog.data.open_question import OpenQuestion
from underdog.data.quality import UNSCREENED, Checked, check
from underdog.data.sources.find import find_files
from underdog.data.sources.read import FileRows, read_file

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "opentriviaqa"
WARM_UP = 2000


def read_real() -> tuple[list[OpenQuestion], str]:
    """Open questions, each once, in an order of their own, and where they are from."""
    found: dict[str, OpenQuestion] = {}
    if FOLDER.is_dir():
        for file in find_files([FOLDER]):
            read = read_file(file)
            for row in read.rows if isinstance(read, FileRows) else ():
                checked = check(row, file=file.name, rules=UNSCREENED)
                if isinstance(checked, Checked):
                    question = checked.question
                    answer, topic = question.answer_text or "", question.topic
                    opened = OpenQuestion(file.name, row.row, question.text, answer, topic=topic)
                    found.setdefault(opened.identity, opened)
        return [found[name] for name in sorted(found)], "OpenTriviaQA"
    for at, each in enumerate(open_questions(load_facts(), load_relations())):
        opened = OpenQuestion("bank", at, each.text, each.answer, topic=each.topic)
        found.setdefault(opened.identity, opened)
    return [found[name] for name in sorted(found)], "the bank"


def grow(real: list[OpenQuestion], count: int) -> list[OpenQuestion]:
    """`count` questions: the real ones, then copies with words of others."""
    rng = random.Random(0)
    by_words: dict[int, list[list[str]]] = defaultdict(list)
    asked = [each.text.split() for each in real]
    for each in real:
        words = each.answer.split()
        by_words[len(words)].append(words)
    grown = real[:count]
    for at in range(len(grown), count):
        model = rng.choice(real)
        words = model.answer.split()
        answer = [rng.choice(by_words[len(words)])[place] for place in range(len(words))]
        text = model.text.split()
        for place in range(0, len(text), 3):
            other = rng.choice(asked)
            text[place] = other[place % len(other)] if other else text[place]
        grown.append(model._replace(row=at, text=" ".join(text), answer=" ".join(answer)))
    return grown


@contextmanager
def open_workers(workers: int) -> Iterator[Engine]:
    if workers == 1:
        yield IN_PROCESS
        return
    with closing(Processes(workers, start_s=None)) as engine:
        yield engine


def measure(size: int, *, pool: int, workers: int) -> dict[str, Any]:
    """Convert so many questions in this process. What it warms up with is nowhere else, so that no
    cache knows what comes.
    """
    real, origin = read_real()
    rows = grow(real, max(size, pool))
    asked = rows[:size]
    answers = [PoolAnswer(each.answer, each.text, each.topic) for each in rows[:pool]]
    with open_workers(workers) as engine:
        convert(grow(real[-WARM_UP:], 2 * WARM_UP)[WARM_UP:], seed=0, engine=engine)
        started = time.perf_counter()
        made = convert(asked, ConversionConfig(), seed=1, pool=answers, engine=engine)
        seconds = time.perf_counter() - started
        peak = peak_bytes()
    return {
        "origin": origin,
        "real": min(len(real), size),
        "seconds": round(seconds, 3),
        "peak_mb": round(peak / 1e6),
        **told(made),
    }


def told(made: Converted) -> dict[str, Any]:
    reasons: dict[str, int] = defaultdict(int)
    for each in made.rejects:
        reasons[each.reason.value] += 1
    return {"converted": len(made.rows), "kinds": made.kinds, "rejected": dict(reasons)}


def peak_bytes() -> int:
    """The highest resident sizes of this session's processes so far, summed."""
    total = 0
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and os.getsid(int(folder.name)) == os.getsid(0):
                status = (folder / "status").read_text()
                total += 1024 * int(status.split("VmHWM:")[1].split()[0])
        except (OSError, IndexError):
            continue
    return total


def in_own_process(arguments: list[str]) -> dict[str, Any]:
    command = [sys.executable, __file__, "--child", *arguments]
    run = subprocess.run(command, stdout=subprocess.PIPE, start_new_session=True, check=True)
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[18_518, 150_000])
    parser.add_argument("--pool", type=int, default=40_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(measure(args.sizes[0], pool=args.pool, workers=args.workers)))
        return
    result: dict[str, Any] = {}
    print(f"{'asked':>8} {'real':>7} {'converted':>10} {'seconds':>8} {'peak MB':>8}")
    for size in args.sizes:
        options = f"--sizes {size} --pool {args.pool} --workers {args.workers}".split()
        runs = [in_own_process(options) for _ in range(args.repeats)]
        found = min(runs, key=lambda run: run["seconds"])
        numbers = (found["real"], found["converted"], found["seconds"], found["peak_mb"])
        print("{:>8} {:>7} {:>10} {:>8.2f} {:>8}".format(size, *numbers), found["origin"])
        print(f"{'':8} kinds {found['kinds']}")
        print(f"{'':8} rejected {found['rejected']}", flush=True)
        name = f"{size // 1000}k" if size % 1000 == 0 else str(size)
        result[f"seconds_{name}"] = found["seconds"]
        result["peak_mb" if size == args.sizes[0] else f"peak_mb_{name}"] = found["peak_mb"]
    print(json.dumps(result))


if __name__ == "__main__":
    main()
