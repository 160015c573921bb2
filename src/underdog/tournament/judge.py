"""What the referee makes of what a player said. Pure: a message in, a verdict out.

The order of checks is fixed: did it come, was it in time, does the official filter let it pass, can
it be used. The last is what the competition announces ("Topic, Question, Choices, Answer will be
verified") and leaves to its organisers. Never: an exception for a player's fault.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from underdog.errors import ProtocolError
from underdog.mcq.parse import parse_reply
from underdog.mcq.prediction import Outcome
from underdog.mcq.presentation import LETTERS, Presentation
from underdog.mcq.question import Question, normalise
from underdog.protocol.editions import Edition
from underdog.protocol.filters import filter_answer, filter_question
from underdog.protocol.official import KEY_FIELDS, read_question
from underdog.protocol.player import PlayerFaultKind
from underdog.protocol.tokens import CountTokens
from underdog.tournament.events import Refusal

NOT_WRITABLE = "text that UTF-8 cannot hold"
_REFUSAL_OF = {
    PlayerFaultKind.INVALID: Refusal.FORMAT,
    PlayerFaultKind.LATE: Refusal.LATE,
    PlayerFaultKind.CRASHED: Refusal.CRASHED,
    PlayerFaultKind.OUT_OF_MEMORY: Refusal.OUT_OF_MEMORY,
}
_OUTCOME_OF = {
    PlayerFaultKind.INVALID: Outcome.MALFORMED,
    PlayerFaultKind.LATE: Outcome.LATE,
    PlayerFaultKind.CRASHED: Outcome.CRASHED,
    PlayerFaultKind.OUT_OF_MEMORY: Outcome.CRASHED,
}
"""An answerer without memory has crashed; the event's detail says that memory was the reason."""


class Said(NamedTuple):
    """One item of what a player handed back. `failure` is what it failed with, "" when it did not;
    `came` is False where it handed back fewer items than were wanted.
    """

    message: object
    came: bool
    failure: str
    elapsed_s: float
    fault: PlayerFaultKind | None = None
    """What kind of failure a player that tells kinds apart had."""


class Refused(NamedTuple):
    """The question is dropped."""

    reason: Refusal
    detail: str


class Lost(NamedTuple):
    """No answer counts."""

    outcome: Outcome
    detail: str


class Heard(NamedTuple):
    """An answer that counts; the fields are those of `events.AnswerGiven`."""

    answer: str
    letter: str | None
    outcome: Outcome
    reasoning: str
    log_probs: tuple[float, ...] | None


@dataclass(frozen=True, slots=True)
class Judge:
    """The rules of one edition with a token counter."""

    edition: Edition
    count_tokens: CountTokens

    def question(
        self, said: Said, *, topics: Collection[str], before: Collection[str]
    ) -> Question | Refused:
        """The question as sent, when it can be put to the other side.

        `topics` are those that are right here; `before` holds the ids of questions asked in this
        innings.
        """
        refused = self._not_delivered(said)
        if refused is not None:
            return refused
        value, finding = filter_question(said.message, self.count_tokens, self.edition)
        if value is None:
            assert finding is not None
            return Refused(Refusal(finding.fault.value), finding.detail)
        found = _usable(value)
        if isinstance(found, Question):
            return _misplaced(found, topics, before) or found
        return found

    def _not_delivered(self, said: Said) -> Refused | None:
        if said.failure:
            return Refused(_REFUSAL_OF[said.fault or PlayerFaultKind.CRASHED], said.failure)
        if not said.came:
            return Refused(Refusal.MISSING, "fewer questions than wanted")
        if said.elapsed_s >= self.edition.question_s:
            return Refused(Refusal.LATE, f"not within {self.edition.question_s:g} s")
        return None

    def answer(self, said: Said, asked: Mapping[str, Any] | Question) -> Heard | Lost:
        """`asked` is the official question as it was shown, or the same already read (with its
        choices in the order shown). A missing answer is malformed.
        """
        if said.failure:
            return Lost(_OUTCOME_OF[said.fault or PlayerFaultKind.CRASHED], said.failure)
        if said.elapsed_s >= self.edition.answer_s:
            return Lost(Outcome.LATE, f"not within {self.edition.answer_s:g} s")
        value, finding = filter_answer(said.message, self.count_tokens, self.edition)
        if value is None:
            assert finding is not None
            return Lost(Outcome.MALFORMED, f"{finding.fault}: {finding.detail}")
        if not _writable([value["answer"], value.get("reasoning", "")]):
            return Lost(Outcome.MALFORMED, NOT_WRITABLE)
        question = asked if isinstance(asked, Question) else read_question(asked)
        size = len(question.choices)
        reply = parse_reply(value["answer"], question, Presentation.identity(size))
        return Heard(
            answer=value["answer"],
            letter=None if reply.choice is None else LETTERS[reply.choice],
            outcome=reply.outcome,
            reasoning=value.get("reasoning", ""),
            log_probs=_log_probs(value.get("log_probs"), size),
        )


def _usable(value: Mapping[str, Any]) -> Question | Refused:
    """Distinct choices, and a key that names one of them."""
    if not _writable([value["question"], *value["choices"], value.get("explanation", "")]):
        return Refused(Refusal.FORMAT, NOT_WRITABLE)
    bare = {name: item for name, item in value.items() if name not in KEY_FIELDS}
    try:
        read_question(bare)
    except ProtocolError as error:
        return Refused(Refusal.BAD_CHOICES, str(error))
    try:
        question = read_question(value)
    except ProtocolError as error:
        return Refused(Refusal.BAD_KEY, str(error))
    return question if question.answer is not None else Refused(Refusal.BAD_KEY, "no key")


def _writable(texts: Iterable[str]) -> bool:
    """JSON can spell halves of surrogate pairs, which no UTF-8 log can hold."""
    try:
        "".join(texts).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _misplaced(
    question: Question, topics: Collection[str], before: Collection[str]
) -> Refused | None:
    if not any(on_topic(question.topic, topic) for topic in topics):
        wanted = " or ".join(map(repr, sorted(topics)))
        return Refused(Refusal.OFF_TOPIC, f"{question.topic!r} instead of {wanted}")
    if question.id in before:
        return Refused(Refusal.DUPLICATE, f"question {question.id} was asked before")
    return None


def on_topic(named: str, drawn: str) -> bool:
    """Whether `named` is the topic drawn, or its last part: both "Topic/Subtopic" and "Subtopic"
    occur in real match files (facts/evaluation-and-tournament.md 1.2).
    """
    parts = normalise(named).split("/"), normalise(drawn).split("/")
    shorter = min(map(len, parts))
    return parts[0][-shorter:] == parts[1][-shorter:]


def _log_probs(found: object, size: int) -> tuple[float, ...] | None:
    """A player's own probabilities, kept only when they can be such."""
    if not isinstance(found, (list, tuple)) or len(found) != size:
        return None
    if not all(type(each) is float and math.isfinite(each) and each <= 0 for each in found):
        return None
    return tuple(found)
