"""Unrelated rows of a public set stay apart, however alike the set words its questions."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from question_files import WORDS

from underdog.data.duplicates import group_rows
from underdog.data.hub.catalogue import SOURCES
from underdog.data.hub.columns import Row
from underdog.data.hub.record import Record
from underdog.data.quality import Checked, check
from underdog.data.sources.record import read_record

ROWS = 300
LINE = "\nWhich of these is most likely what is meant?"


def draw(chance: random.Random, count: int = 1) -> str:
    """Words that no other draw is likely to have."""
    return " ".join("".join(chance.sample(WORDS, 3)) for _ in range(count))


def make_winogrande(chance: random.Random) -> Row:
    """Two people, over and over; half of the words are the same everywhere."""
    one, other = chance.choice([("Sarah", "Maria"), ("Kyle", "Neil")])
    return {
        "sentence": f"{one} was always much better at {draw(chance, 2)} than {other} so _ got "
        f"{draw(chance, 2)}.",
        "option1": one,
        "option2": other,
        "answer": chance.choice("12"),
    }


def make_hellaswag(chance: random.Random) -> Row:
    """A few activities and right endings, over and over; every video is another one."""
    endings = [chance.choice(["walks away.", "smiles."]), *(draw(chance, 4) for _ in range(3))]
    return {
        "activity_label": chance.choice(["Shaving", "Home and Garden"]),
        "ctx": f"A man is seen in a {draw(chance, 4)}. he",
        "endings": endings,
        "source_id": f"activitynet~{draw(chance, 2)}",
        "label": "0",
    }


def make_piqa(chance: random.Random) -> Row:
    """Goals of one word, of two, and as a question; a few right ways over and over."""
    goal = chance.choice(["{}", "{} {}", "How do I {} the {}?"]).format(*draw(chance, 2).split())
    right = chance.choice(["use 2 cups of water", "glue", "can be used to clean a table"])
    return {"goal": goal, "sol1": right, "sol2": draw(chance, 5), "label": 0}


def make_boolq(chance: random.Random) -> Row:
    """A passage and a question of its own; two answers in all."""
    return {
        "question": f"is a {draw(chance)} the same as a {draw(chance)}",
        "passage": f"The {draw(chance, 20)}. It is a {draw(chance, 5)}.",
        "answer": chance.random() < 0.6,
    }


def make_social_i_qa(chance: random.Random) -> Row:
    """The same questions about the same people, a few right answers; the situations differ."""
    name = chance.choice(["Sarah", "Kyle"])
    asked = chance.choice(["What will {} want to do next?", "How would {} feel afterwards?"])
    return {
        "context": f"{name} had to {draw(chance, 3)}.",
        "question": asked.format(name),
        "answerA": chance.choice(["happy", "go home"]),
        "answerB": draw(chance, 2),
        "answerC": draw(chance, 2),
        "label": "1",
    }


Make = Callable[[random.Random], Row]
MADE: dict[str, Make] = {
    "winogrande": make_winogrande,
    "hellaswag": make_hellaswag,
    "piqa": make_piqa,
    "boolq": make_boolq,
    "social_i_qa": make_social_i_qa,
}


def mapped(name: str) -> list[Record]:
    """Made-up rows in the hub's schema as records."""
    chance = random.Random(name)
    return [SOURCES[name].record(MADE[name](chance)) for _ in range(ROWS)]


def checked(records: list[dict[str, Any]]) -> list[Checked]:
    """The records as `data build` has them when it groups."""
    found = [check(read_record(at, each), file="made") for at, each in enumerate(records, start=1)]
    return [each for each in found if isinstance(each, Checked)]


@pytest.mark.parametrize("name", MADE)
def test_unrelated_rows_stay_apart(name: str) -> None:
    """No row is rejected, none shares a group, no template is seen."""
    rows = checked(mapped(name))
    assert len(rows) == ROWS
    grouping = group_rows(rows)
    assert len(set(grouping.groups)) == ROWS
    assert grouping.templates.clusters == 0


@pytest.mark.parametrize("name", ["winogrande", "hellaswag", "piqa"])
def test_a_line_behind_every_text_would_join_them(name: str) -> None:
    """Why the mapping adds none: 300 rows become half as many groups at most."""
    records = [{**each, "question": each["question"] + LINE} for each in mapped(name)]
    assert len(set(group_rows(checked(records)).groups)) <= ROWS / 2
