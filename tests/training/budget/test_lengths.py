"""Row lengths: counted or assumed, and what the schedule makes of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes import numbered_questions
from underdog.data.row import Band, Row, Split
from underdog.errors import InputError
from underdog.mcq.prompt import PromptStyle
from underdog.training.batches import Encoder, choose_rows
from underdog.training.budget.lengths import Rows, assumed, counted, work_of
from underdog.training.config import ExecutionConfig, TrainingConfig
from underdog.training.schedule import ScheduleConfig

CONFIG = TrainingConfig(
    style=PromptStyle.LETTERS,
    schedule=ScheduleConfig(batch_size=8),
    execution=ExecutionConfig(accumulation=2),
)


def rows(count: int) -> tuple[Row, ...]:
    return tuple(
        Row(question, question.id, 0.5, Band.EASY, Split.TRAIN, at * 4 // count, at)
        for at, question in enumerate(numbered_questions(count))
    )


class Bytes:
    """One token per byte."""

    eos_token_id = 0

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        """The bytes."""
        return list(text.encode())


def test_counted_lengths_are_those_that_training_feeds() -> None:
    """The encoder of the trainer, and the same tokenizer here, agree row by row."""
    found = counted(rows(40), CONFIG, lambda text: len(text.encode()), where="set")
    _, lengths, _ = choose_rows(
        rows(40), Encoder(Bytes(), CONFIG.style, seed=0), max_tokens=CONFIG.max_tokens
    )
    assert [length + 1 for length in found.lengths] == list(lengths)
    assert found.answers == 3  # blank, letter, end


def test_rows_that_are_too_long_are_left_out_and_none_left_is_an_error() -> None:
    """As in training."""
    with pytest.raises(InputError, match="at most 5 tokens are needed"):
        counted(rows(4), replace(CONFIG, max_tokens=5), None, where="set")


def test_without_a_tokenizer_four_characters_are_a_token() -> None:
    """And the plan says so."""
    assert "4 characters a token" in counted(rows(4), CONFIG, None, where="set").origin


def test_averages_come_close_to_the_real_schedule() -> None:
    """Steps exactly, tokens within the padding."""
    real = counted(rows(400), CONFIG, None, where="set")
    guess = Rows(400, real.mean, real.longest, 2, "guess", 4)
    exact, averaged = work_of(real, CONFIG), work_of(guess, CONFIG)
    assert averaged.steps == exact.steps
    assert averaged.rows == exact.rows
    assert averaged.tokens == pytest.approx(exact.tokens, rel=0.06)
    assert exact.widest == real.longest


def test_impossible_assumptions_are_refused() -> None:
    """The mean lies below the longest."""
    with pytest.raises(InputError, match="at most the longest"):
        assumed(10, 50, 40, style=PromptStyle.TEXTS)
