"""The settings of a conversion: how many choices, what becomes of yes/no, how near the choices are.

In: plain values. Out: a frozen config. Never: a setting out of its range.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from underdog.errors import InputError

FEWEST_CHOICES, MOST_CHOICES = 3, 8


class TwoOptions(StrEnum):
    """What becomes of a question that has two possible answers. It is never padded with more."""

    KEEP = "two choices"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class ConversionConfig:
    """How open questions get their choices."""

    choices: int = 4
    """Choices per question, the right one included, from 3 to 8; the competition asks four."""
    yes_no: TwoOptions = TwoOptions.KEEP
    """Yes/no, true/false and "A or B?": kept with their two choices, or rejected."""
    cell: int = 96
    """Answers among which a question's choices are drawn, from 24 to 1000; up to twice as many.
    48, 96 and 200 gave an association probe 31.2, 30.5 and 31.3 % where human choices give 27.3 %
    (OpenTriviaQA, measured on 2026-11-21)."""
    longest_answer: int = 120
    """Characters; longer answers are explanations, to which no other answer is a fair choice."""
    latest_year: int = 2026
    """No later year is offered where the right one is not later itself."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "yes_no", TwoOptions(self.yes_no))
        wanted = (
            (
                f"{FEWEST_CHOICES} to {MOST_CHOICES} choices",
                self.choices,
                FEWEST_CHOICES <= self.choices <= MOST_CHOICES,
            ),
            ("a cell of 24 to 1000 answers", self.cell, 24 <= self.cell <= 1000),
            (
                "a longest_answer of 1 to 2000",
                self.longest_answer,
                1 <= self.longest_answer <= 2000,
            ),
            ("a latest_year from 1900 to 9999", self.latest_year, 1900 <= self.latest_year <= 9999),
        )
        for what, value, fits in wanted:
            if not fits:
                raise InputError(what, got=str(value))
