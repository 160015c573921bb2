"""What the referee says to a player, and what a player is.

A player hands back official JSON values (see `official`); whatever else it hands back is judged,
not trusted. A player is a pure function of what it is told: asked the same again, after a kill, it
says the same again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from underdog.errors import InputError
from underdog.mcq.presentation import LETTERS

LISTED_TOPICS = "listed"
"""Value of "topics" in the identity of a team whose asking side draws its topics itself, as the
official program does: any topic of the draw is right for it at any place. A list of topics there
means that this team's questions are drawn from these topics instead of the match's."""


class PlayerFaultKind(StrEnum):
    """What a player did wrong while it was called."""

    INVALID = "invalid"
    """Nothing that could be judged item by item."""
    LATE = "late"
    CRASHED = "crashed"
    OUT_OF_MEMORY = "out_of_memory"


class PlayerFault(Exception):  # noqa: N818  (an outcome of the match, not an error of ours)
    """What a player does when it fails: adjudicated, never shown as an error of this program."""

    def __init__(self, kind: PlayerFaultKind, detail: str) -> None:
        """`detail` is one line for the log of the match."""
        super().__init__(detail)
        self.kind, self.detail = kind, detail

    def __reduce__(self) -> tuple[type[PlayerFault], tuple[PlayerFaultKind, str]]:
        return PlayerFault, (self.kind, self.detail)


@dataclass(frozen=True, slots=True)
class Past:
    """A question that the asking team itself put in an earlier innings: of the `put` times that an
    opponent had to answer it, `missed` times the answer was not right.
    """

    question_id: str
    topic: str
    put: int
    missed: int

    def __post_init__(self) -> None:
        if not 0 <= self.missed <= self.put:
            raise InputError("no more misses than answers", got=f"{self.missed} of {self.put}")


@dataclass(frozen=True, slots=True)
class QuestionCall:
    """The referee wants questions `start` to `stop` (exclusive) of an innings.

    `topics` names the topic of every question of the innings, in order, so that a player can avoid
    repeats without remembering earlier calls. `seed` is the same in both innings. `history` is what
    the team saw of its own earlier innings of the tournament: players learn from it and stay pure.
    """

    topics: tuple[str, ...]
    seed: int
    start: int
    stop: int
    history: tuple[Past, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.stop <= len(self.topics):
            raise InputError(
                f"a range of questions from 0 to {len(self.topics)}",
                got=f"{self.start} to {self.stop}",
            )


@dataclass(frozen=True, slots=True)
class StrippedQuestion:
    """A question as the answering side sees it: no key, no explanation, no topic.

    `choices` are bare texts in the order shown; the first is letter A.
    """

    text: str
    choices: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The official shape: {"question", "choices": ["A) ...", ...]}."""
        return {"question": self.text, "choices": label(self.choices)}


class Asker(Protocol):
    """The side that asks."""

    def ask(self, call: QuestionCall) -> Sequence[object]:
        """One official question per number of the call, in order."""


class Answerer(Protocol):
    """The side that answers."""

    def answer(self, questions: Sequence[StrippedQuestion]) -> Sequence[object]:
        """One official answer per question, in order: {"answer": "B", "reasoning": "..."}, and,
        where the player has them, "log_probs": natural logarithms in the order shown.
        """


@dataclass(frozen=True, slots=True)
class Entrant:
    """A team: one player for each side. `identity` is JSON that tells two teams apart, such as the
    digests of a model; a match is continued only with the entrants that began it.
    """

    name: str
    asker: Asker
    answerer: Answerer
    identity: Mapping[str, Any] = field(default_factory=dict)


def label(choices: Sequence[str]) -> list[str]:
    """Bare texts as the official format shows them: "A) Lima", "B) Quito" ..."""
    return [f"{LETTERS[place]}) {text}" for place, text in enumerate(choices)]
