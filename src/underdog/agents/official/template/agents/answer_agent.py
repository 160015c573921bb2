"""Answers the questions of a file with the entry's model, by the likelihood of each choice.

    python -m agents.answer_agent [--input_file F] [--output_file F] [--batch_size B] [--verbose]

Writes the answers as JSON texts, and as objects beside it, null where a question has no choices:
the place of an answer is the place of its question. No text is generated, so none can be malformed.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from agents.files import HERE, filtered_name, read_json, write_list

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def main() -> None:
    """Read, score, write."""
    parser = argparse.ArgumentParser(description="Answer questions.")
    parser.add_argument("--input_file", default="outputs/filtered_questions.json")
    parser.add_argument("--output_file", default="outputs/answers.json")
    parser.add_argument("--batch_size", type=int, default=5)
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    questions = read_json(Path(args.input_file))
    answers = answer_all(questions if isinstance(questions, list) else [], args.batch_size)
    output = Path(args.output_file)
    write_list(output, [json.dumps(each, ensure_ascii=False) for each in answers])
    write_list(filtered_name(output, "answers.json"), answers)
    if args.verbose:
        print(f"{len(answers)} answers in {output}")


def answer_all(questions: list[Any], batch_size: int) -> list[Any]:
    """One answer per question, in order."""
    read = [understood(each) for each in questions]
    asked = [each for each in read if each is not None]
    scores = iter(_scores(asked, max(batch_size, 1)))
    return [None if each is None else _answer(next(scores)) for each in read]


def _scores(asked: list[tuple[str, list[str]]], batch_size: int) -> list[list[float]]:
    if not asked:
        return []
    from agents.model import Model

    model = Model(HERE)
    found: list[list[float]] = []
    for start in range(0, len(asked), batch_size):
        found += model.score(asked[start : start + batch_size])
    return found


def understood(question: Any) -> tuple[str, list[str]] | None:
    """Text and bare choices, from a list or an object of choices, labelled or not."""
    value = question
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if not isinstance(value, dict):
        return None
    choices = value.get("choices")
    if isinstance(choices, dict):
        choices = [choices[key] for key in sorted(choices)]
    if not isinstance(choices, list) or not 1 <= len(choices) <= len(LETTERS):
        return None
    texts = [str(choice) for choice in choices]
    return str(value.get("question") or ""), _bare(texts)


def _bare(texts: list[str]) -> list[str]:
    """Labels are taken off when every choice has its own."""
    labelled = all(
        text[:1].upper() == LETTERS[place] and text[1:2] in (")", ".", ":")
        for place, text in enumerate(texts)
    )
    bare = [text[2:].strip() for text in texts] if labelled else texts
    return bare if all(bare) else texts


def _answer(scores: list[float]) -> dict[str, str]:
    best = max(range(len(scores)), key=lambda place: (scores[place], -place))
    return {"answer": LETTERS[best], "reasoning": "The most likely of the choices."}


if __name__ == "__main__":
    main()
