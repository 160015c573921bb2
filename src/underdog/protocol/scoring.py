"""The official score, to the bit: N + 1e-9 included.

In: questions that passed and answers aligned with them by place. Out: a score. Never: a guess about
what an answer meant. Source: facts/evaluation-and-tournament.md 1.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from underdog.errors import ProtocolError

EPSILON = 1e-9
"""The official code adds it to N, so that an innings without questions scores 0 for both sides."""


@dataclass(frozen=True, slots=True)
class InningsScore:
    """`correct` of `questions` were answered rightly. Raw points are counts, scores 0 to 100."""

    questions: int
    correct: int

    def __post_init__(self) -> None:
        if not 0 <= self.correct <= self.questions:
            raise ProtocolError(
                "no more right answers than questions", got=f"{self.correct} of {self.questions}"
            )

    @property
    def answering(self) -> float:
        """What the team that answers gets: 100 per share of right answers."""
        return 100 * self.correct / (self.questions + EPSILON)

    @property
    def asking(self) -> float:
        """What the team that asks gets: 100 per share of the rest."""
        return 100 * (self.questions - self.correct) / (self.questions + EPSILON)

    @property
    def asking_points(self) -> int:
        """One raw point for each question that was not answered rightly."""
        return self.questions - self.correct

    @property
    def answering_points(self) -> int:
        """One raw point for each right answer."""
        return self.correct


def is_right(question: Mapping[str, Any], answer: Mapping[str, Any] | None) -> bool:
    """The official comparison: the first character of the key against the whole answer.

    ProtocolError for an empty key, on which the official code ends.
    """
    if answer is None:
        return False
    if not question["answer"]:
        raise ProtocolError("a key of at least one letter", got="an empty one")
    return bool(question["answer"][0] == answer["answer"])


def score_innings(
    questions: Sequence[Mapping[str, Any]], answers: Sequence[Mapping[str, Any] | None]
) -> InningsScore:
    """Count right answers; `answers[i]` belongs to `questions[i]`, None where none came.

    ProtocolError when the lengths differ.
    """
    if len(questions) != len(answers):
        raise ProtocolError(
            "one answer per question, null where there is none",
            got=f"{len(answers)} answers to {len(questions)} questions",
        )
    return InningsScore(len(questions), sum(map(is_right, questions, answers)))
