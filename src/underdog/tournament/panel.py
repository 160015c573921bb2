"""Whose word counts about a key: the asker's, or that of a panel of solvers.

In: a set of questions as the judge let it pass, and a rule. Out: the same set with disputed
questions taken out, and every vote. The rule: a key is disputed when at least `agree` solvers,
more than half of the panel, name one same other choice. Solvers are the organiser's: one that
fails stops the tournament (InfrastructureError), it never costs an entrant anything. Never: a key
or an explanation towards a solver.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from underdog.errors import InfrastructureError, InputError
from underdog.mcq.parse import parse_reply
from underdog.mcq.presentation import LETTERS, Presentation
from underdog.mcq.question import Question
from underdog.protocol.official import read_question
from underdog.protocol.player import Answerer, StrippedQuestion
from underdog.tournament.events import QuestionAsked, QuestionRejected, Refusal
from underdog.tournament.hearing import excerpt
from underdog.tournament.question_sets import QuestionSet


class Ruling(StrEnum):
    """What happens to a question whose key is disputed."""

    TRUST = "trust"
    """Nothing: the asker's key holds, as in the official code."""
    PANEL = "panel"
    """It counts against the asker: as invalid, and as answered rightly by everyone."""
    VOID = "void"
    """It counts for nobody, as if it had never been wanted."""


_REFUSAL_OF = {Ruling.PANEL: Refusal.WRONG_KEY, Ruling.VOID: Refusal.VOID_KEY}


@dataclass(frozen=True, slots=True)
class Solver:
    """One member of a panel; `identity` is JSON that tells two solvers apart."""

    name: str
    answerer: Answerer
    identity: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeyRule:
    """How keys are judged."""

    ruling: Ruling = Ruling.TRUST
    solvers: tuple[Solver, ...] = ()
    """The panel; nobody with `trust`, else solvers with names of their own."""
    agree: int = 0
    """Solvers that must name one same other choice: more than half of them, 0 with `trust`."""

    def __post_init__(self) -> None:
        size = len(self.solvers)
        if self.ruling is Ruling.TRUST:
            if size or self.agree:
                raise InputError("no panel where keys are trusted", got=f"{size} solvers")
            return
        if not size:
            raise InputError(
                f"a panel of solvers to judge keys by ({self.ruling})",
                got="none",
                hint="--panel SPEC SPEC SPEC",
            )
        if len({each.name for each in self.solvers}) != size:
            raise InputError("solvers with names of their own", got=f"{self.names}")
        if not size // 2 < self.agree <= size:
            raise InputError(
                f"{size // 2 + 1} to {size} solvers that must agree, out of {size}",
                got=str(self.agree),
            )

    @property
    def names(self) -> list[str]:
        """Of the solvers, in order."""
        return [each.name for each in self.solvers]

    def to_json(self) -> dict[str, Any]:
        """As in the header of a tournament."""
        solvers = [{"name": each.name, "identity": dict(each.identity)} for each in self.solvers]
        return {"ruling": self.ruling.value, "agree": self.agree, "solvers": solvers}


def majority(solvers: int) -> int:
    """The least number of solvers that must agree."""
    return solvers // 2 + 1


class KeyJudged(NamedTuple):
    """What a panel said about one question: letters as shown, in the order of the solvers; None
    for a reply that names no choice.
    """

    number: int
    key: str
    votes: tuple[str | None, ...]
    disputed: bool

    def to_json(self) -> dict[str, Any]:
        """As in the store."""
        return self._asdict() | {"votes": list(self.votes)}


def judge_keys(made: QuestionSet, rule: KeyRule) -> tuple[QuestionSet, list[KeyJudged]]:
    """The set after the panel has voted on every question in it that passed."""
    asked = made.asked
    if rule.ruling is Ruling.TRUST or not asked:
        return made, []
    questions = [read_question(each.question) for each in asked]
    ballots = [_votes(solver, questions) for solver in rule.solvers]
    judged = {}
    for place, (event, question) in enumerate(zip(asked, questions, strict=True)):
        assert question.answer is not None, "the judge lets no question without a key pass"
        votes, key = tuple(ballot[place] for ballot in ballots), LETTERS[question.answer]
        disputed = rival(votes, key, agree=rule.agree) is not None
        judged[event.number] = KeyJudged(event.number, key, votes, disputed)
    events = tuple(
        _struck(each, judged[each.number], rule)
        if isinstance(each, QuestionAsked) and judged[each.number].disputed
        else each
        for each in made.events
    )
    return QuestionSet(events), list(judged.values())


def rival(votes: Sequence[str | None], key: str, *, agree: int) -> str | None:
    """The other choice that at least `agree` votes name; None where the key stands."""
    others = Counter(vote for vote in votes if vote is not None and vote != key)
    (letter, count), *_ = [*others.most_common(1), (None, 0)]
    return letter if count >= agree else None


def _votes(solver: Solver, questions: Sequence[Question]) -> list[str | None]:
    shown = [StrippedQuestion(each.text, each.choices) for each in questions]
    try:
        replies = list(solver.answerer.answer(shown))
    except Exception as error:
        # The organiser's own solver: nothing that it does may be held against an entrant.
        raise InfrastructureError(
            f"a panel whose solver {solver.name} answers", got=f"{type(error).__name__}: {error}"
        ) from error
    if len(replies) != len(questions):
        raise InfrastructureError(
            f"a vote of solver {solver.name} on each of {len(questions)} questions",
            got=f"{len(replies)}",
        )
    return [_letter(*pair) for pair in zip(replies, questions, strict=True)]


def _letter(reply: object, question: Question) -> str | None:
    said = reply.get("answer") if isinstance(reply, Mapping) else None
    if not isinstance(said, str):
        return None
    choice = parse_reply(said, question, Presentation.identity(len(question.choices))).choice
    return None if choice is None else LETTERS[choice]


def _struck(asked: QuestionAsked, judged: KeyJudged, rule: KeyRule) -> QuestionRejected:
    other = rival(judged.votes, judged.key, agree=rule.agree)
    choices = {text[0]: text for text in asked.question["choices"]}
    detail = (
        f"{judged.votes.count(other)} of {len(judged.votes)} solvers say "
        f"{choices[other or '']!r}, its key is {choices[judged.key]!r}"
    )
    message = excerpt(str(asked.question["question"]))
    reason = _REFUSAL_OF[rule.ruling]
    return QuestionRejected(1, asked.number, reason, excerpt(detail), message, asked.elapsed_s)
