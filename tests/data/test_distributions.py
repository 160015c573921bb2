"""Distributions: every row in every count, whatever its order."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from question_files import make_questions

from underdog.data.distributions import (
    KINDS_READ,
    Bands,
    Bar,
    Distributions,
    Origin,
    distribute,
)
from underdog.data.row import Band, Row, Split
from underdog.mcq.question import Question


def row(question: Question, difficulty: float, *, chunk: int | None = 0, at: int = 0) -> Row:
    """A row with the band of its third."""
    band = list(Band)[min(int(difficulty * 3), 2)]
    split = Split.VALIDATION if chunk is None else Split.TRAIN
    position = None if chunk is None else at
    return Row(question, question.id, difficulty, band, split, chunk, position)


@pytest.fixture
def found() -> Distributions:
    questions = (
        Question("Who?", ("Ann Smith", "Bob Jones"), 0, topic="art", source="s", licence="MIT"),
        Question("In which year was it?", ("1990", "1991", "1992", "1993"), 3, source="s"),
        Question(" ".join(["w"] * 30), ("5 km", "6 km", "7 km", "8 km"), None, explanation="E"),
    )
    return distribute(
        (
            row(questions[0], 0.05),
            row(questions[1], 0.5, chunk=None),
            row(questions[2], 1.0, chunk=1, at=1),
        )
    )


def counted(bars: tuple[Bar, ...]) -> dict[str, int]:
    return {bar.label: bar.count for bar in bars if bar.count}


def test_lengths_choices_and_keys(found: Distributions) -> None:
    """Words and characters in fixed bins, whole numbers without gaps, letters from A."""
    assert counted(found.words.bars) == {"1–4": 1, "5–8": 1, "26–30": 1}
    assert [bar.label for bar in found.words.bars][:3] == ["1–4", "5–8", "9–12"]
    assert (found.words.low, found.words.median, found.words.high) == (1, 5, 30)
    assert counted(found.characters.bars) == {"6–10": 2, "3–5": 8}
    assert found.choices.bars == (Bar("2", 1), Bar("3", 0), Bar("4", 2))
    assert found.keys.bars == (Bar("A", 1), Bar("B", 0), Bar("C", 0), Bar("D", 1))
    assert found.keys.total == 2


def test_kinds_origins_chance_and_reasons(found: Distributions) -> None:
    """Answers are read with their questions; a question without a key has no kind."""
    assert counted(found.kinds.bars) == {"person": 1, "year": 1}
    assert found.origins == (Origin("", "", 1), Origin("s", "", 1), Origin("s", "MIT", 1))
    assert found.chance == pytest.approx(1 / 3, abs=1e-6)
    assert found.explained == 1


def test_difficulty_by_tenths_topics_and_chunks(found: Distributions) -> None:
    """1.0 is in the last tenth; chunks are counted from 1; held-out rows are in none."""
    assert counted(found.difficulty.bars) == {"0.0–0.1": 1, "0.5–0.6": 1, "0.9–1.0": 1}
    assert counted(found.held_out_difficulty.bars) == {"0.5–0.6": 1}
    assert found.topics == (
        Bands("", 0, 1, 1, 1, 0.75, 1, 1.0),
        Bands("art", 1, 0, 0, 0, 0.05, 1, 1.0),
    )
    assert [(bands.name, bands.rows, bands.difficulty) for bands in found.chunks] == [
        ("1", 1, 0.05),
        ("2", 1, 1.0),
    ]


def test_the_order_of_the_rows_does_not_matter_and_every_row_counts() -> None:
    """300 rows of three topics, turned about: the same value, and sums that hold."""
    chance = random.Random(4)
    rows = [
        row(replace(each, topic=f"t{at % 3}"), at / 300, chunk=None if at % 7 == 0 else at % 5)
        for at, each in enumerate(make_questions(300))
    ]
    first = distribute(rows)
    chance.shuffle(rows)
    assert distribute(rows) == first
    for histogram in (first.words, first.choices, first.keys, first.difficulty, first.kinds):
        assert histogram.total == 300
    assert first.characters.total == 1200
    assert sum(bands.rows for bands in first.topics) == 300
    assert sum(bands.held_out for bands in first.topics) == 43
    assert sum(bands.rows for bands in first.chunks) == 257
    assert KINDS_READ > 300


def test_very_long_texts_are_in_the_last_bin() -> None:
    """500 words, and choices of 2,000 letters."""
    question = Question(" ".join(["w"] * 500), ("x" * 2000, "y" * 150), 0)
    found = distribute([row(question, 0.0)])
    assert counted(found.words.bars) == {"101+": 1}
    assert counted(found.characters.bars) == {"201+": 1, "101–200": 1}
