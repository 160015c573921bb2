"""Converted questions, read one by one: is a wrong choice the key again, right too, or no like?

    python benchmarks/alias_sample.py [check | draw | show] [--answers FILE]

Takes the open questions of `convert.py` (OpenTriviaQA without its choices), converts all of them
with all of their right answers as the pool, and draws those questions with four choices whose
identities have the lowest hashes, so that the sample depends on no order of rows. Questions with
two choices are left out: "yes" and "no" cannot be names of each other.

`check` makes the sample again and compares it with `alias_sample.csv`, which holds what a reader
said of each question, the first of these that holds: `alias` (a wrong choice is another name,
spelling or equal value of the key, or of another wrong choice), `also right` (a wrong choice is
something else and answers the question as well), `unclear` (that could not be settled), `off kind`
(a wrong choice is plainly no such thing as was asked for, so that it goes without knowing the
matter), `ok`. `changed` counts rows of the sample that were read with other wrong choices, or not
at all: their verdicts are stale and counted nowhere else. A second table leaves out questions that
refer to what is not there ("which of these"), which a build refuses as open questions.
`draw` writes the file anew and keeps the verdicts of unchanged rows; `show` prints the rows without
a verdict with their questions, for a reader. Ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from convert import read_real
from underdog.data.answers.read import read_answer
from underdog.data.conversion.convert import ConversionConfig, PoolAnswer, convert
from underdog.data.open_question import OpenQuestion
from underdog.data.quality import Checked, check
from underdog.data.sources.candidate import Candidate, KeyKind
from underdog.interval import wilson

ANSWERS = Path(__file__).with_name("alias_sample.csv")
COLUMNS = ("row", "kind", "key", "distractor_1", "distractor_2", "distractor_3", "verdict", "note")
VERDICTS = {
    "alias": "alias_errors",
    "also right": "also_right",
    "off kind": "off_kind",
    "unclear": "unclear",
    "ok": "ok",
}
"""Verdict -> its name in the last line."""
SAMPLE, SEED = 200, 1


class Read(NamedTuple):
    """A row of the file, its verdict "" where nobody has read it yet."""

    row: str
    """File and line of the question, "opentriviaqa/animals:2"."""
    kind: str
    key: str
    distractors: tuple[str, ...]
    verdict: str = ""
    note: str = ""

    @property
    def subject(self) -> tuple[str, str, frozenset[str]]:
        """What a verdict is about: the order of the wrong choices does not matter."""
        return self.row, self.key, frozenset(self.distractors)


class Drawn(NamedTuple):
    """A question of the sample, not read yet."""

    read: Read
    text: str

    @property
    def stands_alone(self) -> bool:
        """Whether a build would have taken it for an open question."""
        row = place(self.read)[1]
        candidate = Candidate(row, self.text, None, self.read.key, KeyKind.TEXT)
        return isinstance(check(candidate, file=""), OpenQuestion)


def draw(open_questions: Sequence[OpenQuestion]) -> list[Drawn]:
    """The sample, sorted by file and line."""
    pool = [PoolAnswer(each.answer, each.text, each.topic) for each in open_questions]
    made = convert(open_questions, ConversionConfig(), seed=SEED, pool=pool)
    four = [each for each in made.rows if len(each.question.choices) == 4]
    drawn = sorted(four, key=rank)[:SAMPLE]
    found = [Drawn(as_read(each), each.question.text) for each in drawn]
    return sorted(found, key=lambda each: place(each.read))


def rank(checked: Checked) -> str:
    question = checked.question
    opened = OpenQuestion("", 0, question.text, question.answer_text or "")
    return hashlib.sha256(f"{SEED}\x1f{opened.identity}".encode()).hexdigest()


def as_read(checked: Checked) -> Read:
    question = checked.question
    key = question.answer_text or ""
    others = tuple(choice for choice in question.choices if choice != key)
    kind = read_answer(key, question.text).kind.value
    return Read(f"{checked.file}:{checked.row}", kind, key, others)


def place(read: Read) -> tuple[str, int]:
    file, _, line = read.row.rpartition(":")
    return file, int(line)


def read_answers(path: Path) -> list[Read]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Read(
                each["row"],
                each["kind"],
                each["key"],
                tuple(each[name] for name in COLUMNS if name.startswith("distractor")),
                each["verdict"],
                each["note"],
            )
            for each in csv.DictReader(file)
        ]


def write_answers(path: Path, reads: Sequence[Read]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for each in reads:
            writer.writerow(
                [each.row, each.kind, each.key, *each.distractors, each.verdict, each.note]
            )


def with_verdicts(sample: Sequence[Read], known: Sequence[Read]) -> list[Read]:
    """The sample with the verdicts of the rows that were read with the same choices."""
    by_subject = {each.subject: each for each in known}
    return [
        each._replace(verdict=same.verdict, note=same.note)
        if (same := by_subject.get(each.subject))
        else each
        for each in sample
    ]


def count(reads: Sequence[Read]) -> Counter[str]:
    """Prints how often each verdict was given among all that have one."""
    counts = Counter(each.verdict for each in reads)
    told = len(reads) - counts[""]
    for verdict in VERDICTS if told else ():
        share = wilson(counts[verdict], told)
        bounds = f"{share.value:6.1%}  [{share.low:.1%}, {share.high:.1%}]"
        print(f"{verdict:<12}{counts[verdict]:>4} of {share.n}  {bounds}")
    return counts


def report(reads: Sequence[Read], stand_alone: Sequence[Read]) -> dict[str, Any]:
    for each in reads:
        if each.verdict not in ("", "ok"):
            choices = " | ".join([each.key, *each.distractors])
            print(f"{each.verdict}: {each.row}: {choices}\n    {each.note}")
    print(f"\nthe {len(stand_alone)} that a build would convert")
    count(stand_alone)
    print(f"\nall {len(reads)}")
    counts = count(reads)
    named = {name: counts[verdict] for verdict, name in VERDICTS.items() if verdict != "ok"}
    return {"sample": len(reads), **named, "changed": counts[""]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("command", nargs="?", choices=("check", "draw", "show"), default="check")
    parser.add_argument("--answers", type=Path, default=ANSWERS)
    args = parser.parse_args()
    open_questions, origin = read_real()
    if origin != "OpenTriviaQA":
        sys.exit("OpenTriviaQA is needed (its category files in ../shared/data/opentriviaqa)")
    known = read_answers(args.answers) if args.answers.exists() else []
    sample = draw(open_questions)
    reads = with_verdicts([each.read for each in sample], known)
    if args.command == "draw":
        write_answers(args.answers, reads)
    if args.command == "show":
        for each, drawn in zip(reads, sample, strict=True):
            if not each.verdict:
                print(f"{each.row} ({each.kind}): {drawn.text}\n  {each.key}")
                print("".join(f"    {other}\n" for other in each.distractors))
    stand_alone = [each for each, drawn in zip(reads, sample, strict=True) if drawn.stands_alone]
    print(json.dumps(report(reads, stand_alone)))


if __name__ == "__main__":
    main()
