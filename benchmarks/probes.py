"""What three versions of the same questions give away: human choices, converted, drawn at random.

    python benchmarks/probes.py [--data ../shared/data] [--limit 20000] [--seed 0] [--repeats 1]

Takes the four-choice questions of OpenTriviaQA, without those that offer "all of these" or "none of
these": no conversion makes such choices, and a version that has them would not be compared on the
same ground. Each question is put three times: with the choices that people wrote; with choices that
`underdog.data.conversion` finds when it is given question and right answer only, all right answers
being the pool; and with three right answers of other questions drawn at random among those of the
same kind. Questions that could not be converted are left out of all three. The three versions have
the same groups, so that the probes learn and are tested on the same questions. `--repeats` does it
all again with further seeds, to see how far the rates scatter. Ends with one line of JSON, of the
first seed; `reuse` is what the use of a choice in other questions tells, `seconds` processor time.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from underdog.data.answers.read import read_answer
from underdog.data.conversion.convert import ConversionConfig, convert
from underdog.data.open_question import OpenQuestion
from underdog.data.probes.probes import Probes, run_probes
from underdog.data.probes.sheet import name_units
from underdog.data.quality import Checked, Rules, check
from underdog.data.sources.find import find_files
from underdog.data.sources.read import FileRows, read_file
from underdog.mcq.question import Question, normalise

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
NAMES = ("longest_is_key", "choices_only", "reuse", "association")
VERSIONS = {"human": "_human", "converted": "", "random": "_random"}
TRIES = 60


def read_human(folder: Path) -> list[Question]:
    """Four-choice questions, each once, in the order of the files."""
    rules = Rules(reject_all_of_these=True)
    found: dict[tuple[str, str], Question] = {}
    for file in find_files([folder]):
        read = read_file(file)
        for row in read.rows if isinstance(read, FileRows) else ():
            checked = check(row, file=file.name, rules=rules)
            if isinstance(checked, Checked) and len(checked.question.choices) == 4:
                question = checked.question
                key = normalise(question.text), normalise(question.answer_text or "")
                found.setdefault(key, question)
    return list(found.values())


def converted(questions: Sequence[Question], seed: int) -> dict[int, Question]:
    """Place of a question -> the same with choices that conversion found."""
    opened = [
        OpenQuestion("opentriviaqa", at, each.text, each.answer_text or "", topic=each.topic)
        for at, each in enumerate(questions)
    ]
    rows = convert(opened, ConversionConfig(choices=4), seed=seed).rows
    return {row.row: row.question for row in rows if len(row.question.choices) == 4}


def drawn_at_random(questions: Sequence[Question], seed: int) -> dict[int, Question]:
    """Place of a question -> the same with right answers of other questions of the same kind."""
    rng = random.Random(seed)
    kinds = [read_answer(each.answer_text or "", each.text).kind for each in questions]
    pools: dict[str, list[str]] = defaultdict(list)
    for each, kind in zip(questions, kinds, strict=True):
        pools[kind].append(each.answer_text or "")
    made = {}
    for at, (each, kind) in enumerate(zip(questions, kinds, strict=True)):
        choices = {normalise(each.answer_text or ""): each.answer_text or ""}
        for _ in range(TRIES):
            other = rng.choice(pools[kind])
            choices.setdefault(normalise(other), other)
            if len(choices) == 4:
                texts = rng.sample(list(choices.values()), 4)
                answer = texts.index(each.answer_text or "")
                made[at] = Question(each.text, tuple(texts), answer, topic=each.topic)
                break
    return made


def show(name: str, probes: Probes) -> None:
    for each in probes.probes:
        value = each.value
        rate = f"{value.value:6.2%}  [{value.low:6.2%}, {value.high:6.2%}]"
        print(f"{each.name:<16}{name:<11}{rate}  n {value.n:>6}  chance {each.chance:.2%}")
    for places in probes.key_positions:
        print(f"{'key position':<16}{name:<11}{places.counts}  p {places.p}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--limit", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=1)
    args = parser.parse_args()
    folder = args.data / "opentriviaqa"
    if not folder.is_dir():
        sys.exit(f"{folder}: OpenTriviaQA is needed (its category files); give --data FOLDER")
    human = read_human(folder)
    print(f"{len(human)} four-choice questions without 'all of these'")
    result: dict[str, float] = {}
    for turn in range(args.repeats):
        seed = args.seed + turn
        made = {"converted": converted(human, seed), "random": drawn_at_random(human, seed)}
        both = sorted(made["converted"].keys() & made["random"].keys())
        versions = {"human": [human[at] for at in both]}
        versions |= {name: [found[at] for at in both] for name, found in made.items()}
        groups = name_units(versions["human"])
        print(f"seed {seed}: {len(both)} of them in all three versions")
        for name, questions in versions.items():
            started = time.process_time()
            probes = run_probes(questions, groups=groups, seed=seed, limit=args.limit)
            seconds = time.process_time() - started
            show(name, probes)
            if turn == 0:
                result[f"seconds{VERSIONS[name]}"] = round(seconds, 2)
                for each in probes.probes:
                    result[f"{each.name}{VERSIONS[name]}"] = each.value.value
    print(json.dumps(result))


if __name__ == "__main__":
    main()
