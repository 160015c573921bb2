"""The summary as a value and as JSON."""

from __future__ import annotations

import json
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

import pytest
from question_files import make_questions

from underdog.data.leakage import LeakCheck
from underdog.data.mix import MixLine
from underdog.data.reject import Reason, Reject
from underdog.data.row import Band, Row, Split
from underdog.data.summary import (
    FileCount,
    Groups,
    Growth,
    Step,
    Summary,
    count_chunks,
    count_groups,
    count_rejects,
    count_splits,
    tally,
    to_plain,
)

CHECK = LeakCheck(
    sampled=1,
    against=2,
    word_threshold=0.6,
    word_pairs=0,
    word_highest=0.0,
    character_threshold=0.8,
    character_pairs=0,
    character_highest=0.0,
    settled=0,
)


def rows() -> list[Row]:
    """Three training rows in two chunks and a held-out one; two share a group."""
    one, two, three, four = make_questions(4)
    return [
        Row(one, "a", 0.1, Band.EASY, Split.TRAIN, 0, 0),
        Row(two, "a", 0.2, Band.EASY, Split.TRAIN, 0, 1),
        Row(three, "b", 0.3, Band.EASY, Split.TRAIN, 1, 2),
        Row(four, "c", 0.4, Band.HARD, Split.VALIDATION, None, None),
    ]


def summary(**changes: object) -> Summary:
    made = rows()
    return Summary(
        files=(FileCount("f", "JSON", "00", 5, 4, 1, ()),),
        skipped={},
        reasons={"duplicate": 1},
        splits=count_splits(made),
        bands=tally([row.band.value for row in made]),
        chunks=count_chunks(made),
        topics={"": 4},
        sources={"": 4},
        licences={"": 4},
        groups=count_groups(made),
        check=CHECK,
        digests={},
        **changes,  # type: ignore[arg-type]
    )


def test_counts_of_rows() -> None:
    """Chunks in order, splits always both, groups of two or more joined."""
    made = rows()
    assert count_chunks(made) == (2, 1)
    assert count_splits(made) == {"train": 3, "validation": 1}
    texts = sorted(row.question.text for row in made[:2])
    assert count_groups(made) == Groups(3, 2, 2, texts[0])
    assert tally(["b", "a", "b", "c"]) == {"b": 2, "a": 1, "c": 1}
    reject = Reject("f", 1, Reason.DUPLICATE, "", "")
    assert count_rejects([reject, reject._replace(reason=Reason.NO_ANSWER), reject]) == {
        "duplicate": 2,
        "no answer": 1,
    }


def test_what_a_build_did_not_do_is_empty() -> None:
    """A summary can be made of the counts alone, and is JSON."""
    value = summary().to_json()
    assert (value["read"], value["kept"], value["rejected"]) == (5, 4, 1)
    assert value["steps"] == []
    assert value["conversion"] is None
    assert json.loads(json.dumps(value)) == value


def test_every_part_becomes_plain_json() -> None:
    """Values of other rooms by their own to_json, named tuples and dataclasses by their fields."""
    value = summary(
        steps=(Step("read", 5, 5),),
        mix=(MixLine("s", ("a", "b"), 5, None, 4, "cap"),),
        growth=Growth(1, 2, 3),
        kinds={"integer": 2},
    ).to_json()
    assert value["steps"] == [{"name": "read", "rows_in": 5, "rows_out": 5, "note": ""}]
    assert value["mix"][0]["sources"] == ["a", "b"]
    assert value["growth"] == {"kept": 1, "added": 2, "alike": 3}
    assert value["check"]["sampled"] == 1
    assert json.loads(json.dumps(value)) == value


class Colour(StrEnum):
    RED = "red"


class Pair(NamedTuple):
    left: int
    right: tuple[str, ...]


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Pair(1, ("a",)), {"left": 1, "right": ["a"]}),
        (
            {Colour.RED: (Groups(1, 2, 3, "t"),)},
            {"red": [{"count": 1, "joined": 2, "largest": 3, "largest_text": "t"}]},
        ),
        ([None, 0.5, "x"], [None, 0.5, "x"]),
        (Fraction(1, 2), Fraction(1, 2)),
    ],
)
def test_plain_values(value: object, plain: object) -> None:
    """What is neither a container nor a value of ours is left as it is."""
    assert to_plain(value) == plain
