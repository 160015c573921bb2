"""One question of a built set, with everything later stages need to know about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from underdog.errors import InputError
from underdog.mcq.question import Question


class Band(StrEnum):
    """Share of the set by difficulty; where the borders lie is a setting of the build."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


class Split(StrEnum):
    """Which part a question belongs to. Questions of one group always share it."""

    TRAIN = "train"
    VALIDATION = "validation"


@dataclass(frozen=True, slots=True)
class Row:
    """`difficulty` runs from 0 (easy) to 1 (hard). `chunk` and `position` are the place in the
    curriculum (both from 0, position over the whole train split), None outside the train split.
    """

    question: Question
    group: str
    difficulty: float
    band: Band
    split: Split
    chunk: int | None
    position: int | None
    converted: bool = False
    """The source asked an open question; all choices but the right one were drawn for it."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.difficulty <= 1.0:
            raise InputError("a difficulty from 0 to 1", got=str(self.difficulty))
        placed = self.chunk is not None and self.position is not None
        if placed != (self.split is Split.TRAIN):
            raise InputError("a place in the curriculum exactly for training rows", got=repr(self))
