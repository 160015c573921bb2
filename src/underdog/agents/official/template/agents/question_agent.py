"""Asks questions of the entry's own bank on the topics of assets/topics.json.

    python -m agents.question_agent [--num_questions N] [--output_file F] [--batch_size B]
                                    [--verbose]

Writes the questions as JSON texts, and as objects beside it. Nothing is asked twice.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path
from typing import Any

from agents.files import HERE, filtered_name, read_json, write_list


def main() -> None:
    """Read topics and bank, draw, write."""
    parser = argparse.ArgumentParser(description="Generate questions.")
    parser.add_argument("--num_questions", type=int, default=10)
    parser.add_argument("--output_file", default="outputs/questions.json")
    parser.add_argument("--batch_size", type=int, default=5, help="taken, and without effect")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    topics = Path("assets/topics.json")
    tree = read_json(topics if topics.is_file() else HERE / "assets" / "topics.json")
    bank = read_json(HERE / "assets" / "bank.json")
    asked = draw(bank, names(tree), max(args.num_questions, 0), random.SystemRandom().random())
    if len(asked) < args.num_questions:
        print(f"the bank holds {len(asked)} questions on these topics", file=sys.stderr)
    output = Path(args.output_file)
    write_list(output, [json.dumps(each, ensure_ascii=False) for each in asked])
    write_list(filtered_name(output, "questions.json"), asked)
    if args.verbose:
        print(f"{len(asked)} questions in {output}")


def names(tree: Any) -> list[str]:
    """Every subtopic, or the topic where it has none."""
    found: list[str] = []
    for topic, parts in tree.items() if isinstance(tree, dict) else ():
        found += [str(part) for part in parts] if isinstance(parts, list) and parts else [topic]
    return found


def draw(bank: list[Any], topics: list[str], count: int, seed: float) -> list[Any]:
    """Different questions, the topics in turn; those of no listed topic only where none is left."""
    source = random.Random(seed)
    decks: dict[str, list[Any]] = {}
    for each in source.sample(bank, len(bank)):
        decks.setdefault(fold(each["topic"]), []).append(each)
    wanted = [topic for topic in topics if fold(topic) in decks]
    if not wanted:
        print("none of the topics is one of the bank's: asking from all", file=sys.stderr)
        return source.sample(bank, min(count, len(bank)))
    source.shuffle(wanted)
    asked: list[Any] = []
    while len(asked) < count and any(decks[fold(topic)] for topic in wanted):
        for topic in wanted:
            if len(asked) < count and decks[fold(topic)]:
                asked.append(decks[fold(topic)].pop() | {"topic": topic})
    return asked


def fold(topic: str) -> str:
    """Case and white space do not tell topics apart, nor what stands before a slash."""
    return " ".join(topic.rpartition("/")[2].casefold().split())


if __name__ == "__main__":
    main()
