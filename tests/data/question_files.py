"""Small question files of every shape, written by the tests, and the questions they stand for."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from underdog.data.quality import Checked
from underdog.mcq.question import Question, normalise

WORDS = [
    "amber",
    "basin",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "harbor",
    "island",
    "jungle",
    "kettle",
    "lagoon",
    "meadow",
    "nectar",
    "orchid",
    "pebble",
    "quartz",
    "ravine",
    "saddle",
    "temple",
    "umber",
    "valley",
    "willow",
    "yonder",
    "zephyr",
    "anchor",
    "bramble",
    "canyon",
    "dagger",
    "engine",
    "falcon",
    "garnet",
    "hollow",
    "indigo",
    "jasper",
    "kernel",
    "lantern",
    "marble",
    "needle",
    "onyx",
    "pepper",
    "quiver",
    "rocket",
    "silver",
    "tundra",
    "urchin",
    "velvet",
    "walnut",
    "yellow",
    "zipper",
]


def make_questions(count: int, *, seed: int = 0, choices: int = 4) -> list[Question]:
    """Questions that share few words, so that no two are near-duplicates."""
    chance = random.Random(seed)
    made: dict[str, Question] = {}
    while len(made) < count:
        words = [f"{chance.choice(WORDS)}{chance.randrange(1000)}" for _ in range(6)]
        texts = tuple(f"{chance.choice(WORDS)} {chance.randrange(10_000)}" for _ in range(choices))
        if len(set(texts)) == choices:
            question = Question(f"What of {' '.join(words)}?", texts, chance.randrange(choices))
            made[question.id] = question
    return list(made.values())


def checked(question: Question, *, group: str = "", settled: bool = False) -> Checked:
    """A row as `quality.check` leaves it."""
    return Checked("file", 1, question, group, settled)


def records(questions: Sequence[Question]) -> list[dict[str, Any]]:
    """Rows in our own schema."""
    return [
        {
            "id": question.id,
            "text": question.text,
            "choices": list(question.choices),
            "answer": question.answer,
            "topic": question.topic,
        }
        for question in questions
    ]


def write_json(path: Path, value: Any) -> Path:
    """A JSON file."""
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return path


def write_json_lines(path: Path, values: Sequence[Any]) -> Path:
    """One JSON value per line."""
    lines = [json.dumps(value, ensure_ascii=False) for value in values]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def write_csv(path: Path, values: Sequence[dict[str, Any]]) -> Path:
    """A CSV file with a header; lists stand as JSON in their cell."""
    sink = io.StringIO(newline="")
    writer = csv.DictWriter(sink, list(values[0]))
    writer.writeheader()
    for value in values:
        writer.writerow(
            {
                name: json.dumps(item, ensure_ascii=False) if isinstance(item, list) else item
                for name, item in value.items()
            }
        )
    path.write_bytes(sink.getvalue().encode("utf-8"))
    return path


def write_parquet(path: Path, values: Sequence[dict[str, Any]]) -> Path:
    """A Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(list(values)), path)
    return path


def write_trivia(path: Path, questions: Sequence[Question]) -> Path:
    """An OpenTriviaQA file."""
    blocks = []
    for question in questions:
        choices = [f"{chr(65 + at)} {text}" for at, text in enumerate(question.choices)]
        blocks.append("\n".join([f"#Q {question.text}", f"^ {question.answer_text}", *choices, ""]))
    path.write_text("\n" + "\n".join(blocks), encoding="utf-8")
    return path


def instruction(question: Question) -> dict[str, str]:
    """An instruction record."""
    choices = " ".join(f"Answer{at + 1}: {text}" for at, text in enumerate(question.choices))
    assert question.answer is not None
    return {
        "instruction": "Please choose the correct answer to the question: "
        f"{question.text}\n\n{choices}\n\nAnswer format: answer1/answer2",
        "input": "",
        "output": f"the correct answer is answer{question.answer + 1}",
        "answer": f"answer{question.answer + 1}",
    }


_LETTERS = st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=["Cc", "Cs"])
TEXTS = st.text(_LETTERS, min_size=1, max_size=12).map(str.strip).filter(bool)


@st.composite
def any_questions(draw: st.DrawFn) -> Question:
    """Questions with any printable text, of two to six choices that differ."""
    words = draw(st.lists(TEXTS, min_size=1, max_size=6))
    choices = draw(st.lists(TEXTS, min_size=2, max_size=6, unique_by=normalise))
    answer = draw(st.integers(0, len(choices) - 1))
    return Question("a " + " ".join(words), tuple(choices), answer)
