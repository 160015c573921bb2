"""Are puzzles right, different from each other, short enough, fair and quickly made?

    python benchmarks/puzzles.py [--each 10000] [--seed 0] [--kinds KIND ...] [--difficulties D ...]
                                 [--alike]

Makes `--each` puzzles of every kind and difficulty (0, 0.25, 0.5, 0.75 and 1), and for each of the
35 such sets

- goes through all worlds of each (`agents/puzzles/models.py`, no solver): exactly one choice has to
  be right, and it has to be the key;
- counts puzzles that are a near-duplicate of an earlier one, by the measure of `data/likeness`
  (what a build takes for one question; as a control, copies with two words swapped have to be
  found), and with `--alike` by a stricter one that does not look at the key: five-word shingles of
  the text with a Jaccard index of 0.8;
- counts tokens by the official formula, and applies the filters of every edition;
- lets the choices-only probe of `data/probes` guess up to 10,000 of each kind, its difficulties
  mixed.

`slowest_per_second` is what one process makes of the slowest set in a second of processor time,
proofs included. Ends with one line of JSON. All of it takes about 20 minutes of processor time:
`--kinds` and `--difficulties` make parts of it.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from typing import NamedTuple

import numpy as np

from underdog.agents.puzzles.generate import PuzzleConfig, make_puzzle
from underdog.agents.puzzles.models import right_choices
from underdog.agents.puzzles.puzzle import Puzzle
from underdog.agents.puzzles.topics import KINDS
from underdog.data.likeness import read_wordings, same_question, spelling_threshold
from underdog.data.near_pairs import equal_pairs, near_pairs
from underdog.data.probes.probes import run_probes
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question
from underdog.protocol.editions import EDITIONS
from underdog.protocol.filters import FREE_TOKENS, filter_question
from underdog.protocol.official import write_question
from underdog.protocol.tokens import CountTokens, estimate_tokens

DIFFICULTIES = (0.0, 0.25, 0.5, 0.75, 1.0)
THRESHOLD = 0.6
SHINGLE, ALIKE = 5, 0.8
PROBED = 10_000


def make(config: PuzzleConfig, count: int) -> list[Puzzle]:
    return [make_puzzle(config, number) for number in range(count)]


def near_duplicates(questions: list[Question]) -> float:
    """Share of questions that are a near-duplicate of an earlier one."""
    wordings = read_wordings(questions)
    pairs = np.concatenate(
        [
            near_pairs(wordings.texts, THRESHOLD),
            near_pairs(wordings.spellings, spelling_threshold(THRESHOLD)),
            equal_pairs(wordings.stems),
        ]
    )
    same = pairs[same_question(wordings, pairs, THRESHOLD)]
    return len({int(each) for each in same.max(axis=1)}) / len(questions)


def alike_in_words(questions: list[Question]) -> float:
    """The same by shingles of words, whatever the key. Candidates share one of the 8 shingles with
    the smallest hashes, which pairs as alike as this nearly always do.
    """
    sets = [shingles(each.text) for each in questions]
    homes: dict[tuple[str, ...], list[int]] = {}
    found = 0
    for place, own in enumerate(sets):
        smallest = sorted(own, key=hash_of)[:8]
        others = {other for each in smallest for other in homes.get(each, ())}
        found += any(len(own & sets[at]) / len(own | sets[at]) >= ALIKE for at in others)
        for each in smallest:
            homes.setdefault(each, []).append(place)
    return found / len(questions)


def shingles(text: str) -> set[tuple[str, ...]]:
    words = text.casefold().split()
    return {tuple(words[at : at + SHINGLE]) for at in range(max(1, len(words) - SHINGLE + 1))}


def hash_of(shingle: tuple[str, ...]) -> float:
    return random.Random(" ".join(shingle)).random()


def tokens(question: Question, count: CountTokens) -> int:
    message = write_question(question, Presentation.identity(4))
    texts = [message["question"], message["answer"], *message["choices"]]
    return sum(map(count, texts)) - FREE_TOKENS


def passes(question: Question) -> bool:
    message = write_question(question, Presentation.identity(4))
    return all(
        filter_question(message, estimate_tokens, each).finding is None
        for each in EDITIONS.values()
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("--each", type=int, default=10_000, help="of every kind and difficulty")
    add("--seed", type=int, default=0)
    add("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    add("--difficulties", nargs="+", type=float, default=list(DIFFICULTIES))
    add("--alike", action="store_true", help="the stricter measure of near-duplicates, too")
    args = parser.parse_args()
    cells: list[Cell] = []
    probed: dict[str, float] = {}
    planted = 1.0
    for kind in args.kinds:
        make(PuzzleConfig(kind, 0.5, args.seed + 1), 10)  # provers are built once per process
        sample: list[Question] = []
        for difficulty in args.difficulties:
            puzzles, rate = timed(PuzzleConfig(kind, difficulty, args.seed), args.each)
            cells.append(measure(puzzles, rate, alike=args.alike))
            sample += [each.question for each in puzzles[: PROBED // len(args.difficulties)]]
            print(f"{kind:<17}{difficulty:<5}{cells[-1].sentence()}", flush=True)
        probed[kind] = probe(sample, args.seed)
        planted = min(planted, planted_found(sample[: min(2000, len(sample))]))
        print(f"{kind:<17}all  choices only {probed[kind]:.1%}", flush=True)
    result = {
        "puzzles": sum(each.puzzles for each in cells),
        "sets": len(cells),
        "not_one_right_choice": sum(each.faulty for each in cells),
        "over_budget": sum(each.refused for each in cells),
        "planted_found": planted,
        "near_duplicates_worst": max(each.duplicates for each in cells),
        "choices_only_worst_kind": max(probed.values()),
        "slowest_per_second": round(min(each.rate for each in cells)),
    }
    if args.alike:
        result["alike_in_words_worst"] = max(each.alike or 0.0 for each in cells)
    print(json.dumps(result))


class Cell(NamedTuple):
    """One kind at one difficulty. `alike` is None where it was not counted."""

    puzzles: int
    rate: float
    faulty: int
    refused: int
    longest: int
    duplicates: float
    alike: float | None
    keys: tuple[int, ...]

    def sentence(self) -> str:
        """One line of the terminal."""
        shown = "" if self.alike is None else f"alike {self.alike:.2%}  "
        return (
            f"{self.rate:6.0f}/s  not one right {self.faulty}  over budget {self.refused} "
            f"(longest {self.longest})  near-duplicates {self.duplicates:.2%}  {shown}"
            f"keys {self.keys}"
        )


def timed(config: PuzzleConfig, count: int) -> tuple[list[Puzzle], float]:
    started = time.process_time()
    puzzles = make(config, count)
    return puzzles, count / (time.process_time() - started)


def measure(puzzles: list[Puzzle], rate: float, *, alike: bool) -> Cell:
    questions = [each.question for each in puzzles]
    counts = Counter(each.answer for each in questions)
    return Cell(
        len(puzzles),
        rate,
        sum(right_choices(each) != [each.question.answer] for each in puzzles),
        sum(not passes(each) for each in questions),
        max(tokens(each, estimate_tokens) for each in questions),
        near_duplicates(questions),
        alike_in_words(questions) if alike else None,
        tuple(counts[place] for place in range(4)),
    )


def planted_found(questions: list[Question]) -> float:
    """The same measure on the same puzzles, each once more with two words of its text swapped."""
    copies = []
    for each in questions:
        first, second, *rest = each.text.split()
        text = " ".join([second, first, *rest])
        copies.append(Question(text, each.choices, each.answer, topic=each.topic))
    return 2 * near_duplicates([*questions, *copies])


def probe(questions: list[Question], seed: int) -> float:
    probes = run_probes(questions, seed=seed)
    assert probes.choices_only is not None, probes.missing
    return float(probes.choices_only.value.value)


if __name__ == "__main__":
    main()
