"""Are puzzles right, different from each other, short enough, fair and quickly made?

    python benchmarks/puzzles.py [--each 10000] [--seed 0] [--kinds KIND ...]

Makes `--each` puzzles of every kind, their difficulties evenly over 0, 0.25, 0.5, 0.75 and 1, and

- goes through all worlds of each (`agents/puzzles/models.py`, no solver): exactly one choice has to
  be right, and it has to be the key;
- counts puzzles that are a near-duplicate of an earlier one, by the measure of `data/likeness`
  (what a build takes for one question; as a control, copies with two words swapped have to be
  found), and by a stricter one that does not look at the key: five-word shingles of the text with a
  Jaccard index of 0.8;
- counts tokens by the official formula, and applies the filters of every edition;
- lets the choices-only probe of `data/probes` guess 10,000 of all kinds, and of each kind.

`per_second` is what one process makes of all kinds mixed, proofs included, in a second of
processor time; `slowest_per_second` is that of the slowest kind. Ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter

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


def make(kind: str, count: int, seed: int) -> list[Puzzle]:
    configs = [PuzzleConfig(kind, each, seed) for each in DIFFICULTIES]
    return [make_puzzle(configs[place % len(configs)], place) for place in range(count)]


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
    parser.add_argument("--each", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    args = parser.parse_args()
    made: dict[str, list[Puzzle]] = {}
    rates, duplicates, alike, probed = {}, {}, {}, {}
    wrong = failing = 0
    for kind in args.kinds:
        make(kind, 10, args.seed + 1)  # provers are built once per process
        started = time.process_time()
        made[kind] = make(kind, args.each, args.seed)
        rates[kind] = args.each / (time.process_time() - started)
        questions = [each.question for each in made[kind]]
        faulty = sum(right_choices(each) != [each.question.answer] for each in made[kind])
        refused = sum(not passes(each) for each in questions)
        wrong, failing = wrong + faulty, failing + refused
        duplicates[kind], alike[kind] = near_duplicates(questions), alike_in_words(questions)
        probed[kind] = probe(questions[:PROBED], args.seed)
        print(
            f"{kind:<17}{rates[kind]:6.0f}/s  not one right {faulty}  over budget {refused} "
            f"(longest {max(tokens(each, estimate_tokens) for each in questions)})  "
            f"near-duplicates {duplicates[kind]:.2%}  alike {alike[kind]:.2%}  "
            f"choices only {probed[kind]:.1%}  "
            f"keys {sorted(Counter(each.answer for each in questions).items())}",
            flush=True,
        )
    everything = [each.question for puzzles in made.values() for each in puzzles]
    mixed = random.Random(args.seed).sample(everything, min(PROBED, len(everything)))
    total = sum(args.each / rate for rate in rates.values())
    print(
        json.dumps(
            {
                "puzzles": len(everything),
                "not_one_right_choice": wrong,
                "over_budget": failing,
                "planted_found": planted_found(mixed[: args.each]),
                "near_duplicates": max(duplicates.values()),
                "near_duplicates_mixed": near_duplicates(mixed),
                "alike_in_words": max(alike.values()),
                "choices_only": probe(mixed, args.seed),
                "choices_only_worst_kind": max(probed.values()),
                "per_second": round(len(everything) / total),
                "slowest_per_second": round(min(rates.values())),
            }
        )
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
