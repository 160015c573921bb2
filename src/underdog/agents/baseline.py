"""Answerers that read no question: what any model must beat. Pure functions of the question."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from underdog.mcq.presentation import LETTERS
from underdog.protocol.player import Answerer, StrippedQuestion

BASELINES = ("random", "always-b", "longest")
"""Names that `baseline` knows."""


@dataclass(frozen=True, slots=True)
class RandomAnswerer:
    """Any choice, equally likely; the same one for the same question and seed."""

    seed: int = 0

    def answer(self, questions: Sequence[StrippedQuestion]) -> list[object]:
        """One letter per question."""
        return [_letter(self._place(each)) for each in questions]

    def _place(self, question: StrippedQuestion) -> int:
        key = "\x1f".join([str(self.seed), question.text, *question.choices])
        return random.Random(key).randrange(len(question.choices))


@dataclass(frozen=True, slots=True)
class ConstantAnswerer:
    """Always the same letter: what a player falls back to that answers "B" when in doubt."""

    letter: str = "B"

    def answer(self, questions: Sequence[StrippedQuestion]) -> list[object]:
        """One letter per question."""
        return [_letter(LETTERS.index(self.letter)) for _ in questions]


@dataclass(frozen=True, slots=True)
class LongestAnswerer:
    """The longest choice, the first of them when there are several: finds keys that were written
    with more care than the wrong choices.
    """

    def answer(self, questions: Sequence[StrippedQuestion]) -> list[object]:
        """One letter per question."""
        return [_letter(_longest(each.choices)) for each in questions]


def baseline(name: str, *, seed: int) -> Answerer:
    """The answerer of a name in BASELINES; only "random" heeds the seed."""
    answerers: dict[str, Answerer] = {
        "random": RandomAnswerer(seed),
        "always-b": ConstantAnswerer("B"),
        "longest": LongestAnswerer(),
    }
    return answerers[name]


def _longest(choices: Sequence[str]) -> int:
    return max(range(len(choices)), key=lambda place: (len(choices[place]), -place))


def _letter(place: int) -> dict[str, str]:
    return {"answer": LETTERS[place], "reasoning": ""}
