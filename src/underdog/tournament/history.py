"""The events of a match so far, in order, indexed by innings and number; order is law here.

In: events. Out: what is settled and what is not. Never: a score (see `scoreboard`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NoReturn

from underdog.errors import ProtocolError
from underdog.protocol.filters import enough
from underdog.protocol.official import read_question
from underdog.tournament.events import (
    AnswerGiven,
    AnswerLost,
    Event,
    InningsClosed,
    MatchEnded,
    MatchStarted,
    QuestionAsked,
    QuestionRejected,
    Refusal,
)

INNINGS = (1, 2)
TEAMS = ("A", "B")


def asking_team(innings: int) -> str:
    """Team A asks in the first innings, team B in the second."""
    return TEAMS[innings - 1]


def answering_team(innings: int) -> str:
    """The other one."""
    return TEAMS[2 - innings]


class History:
    """Grows by `add`, which refuses what cannot follow."""

    def __init__(self, started: MatchStarted) -> None:
        _check_header(started)
        self.started = started
        self.asked: dict[int, dict[int, QuestionAsked]] = {innings: {} for innings in INNINGS}
        self.rejected: dict[int, dict[int, QuestionRejected]] = {innings: {} for innings in INNINGS}
        self.answers: dict[int, dict[int, AnswerGiven | AnswerLost]] = {
            innings: {} for innings in INNINGS
        }
        self.closed: set[int] = set()
        self.ended = False
        self._unsettled = {innings: set(range(started.questions)) for innings in INNINGS}
        self._unanswered: dict[int, set[int]] = {innings: set() for innings in INNINGS}

    @classmethod
    def of(cls, events: Iterable[Event]) -> History:
        """Everything that a log holds. ProtocolError says which event (from 1) cannot be there."""
        history: History | None = None
        for place, event in enumerate(events, start=1):
            if history is None:
                if not isinstance(event, MatchStarted):
                    raise ProtocolError("a match starts with match_started", got=f"{event!r:.120}")
                history = cls(event)
                continue
            try:
                history.add(event)
            except ProtocolError as error:
                raise ProtocolError(error.wanted, got=error.got, where=f"event {place}") from error
        if history is None:
            raise ProtocolError("a match starts with match_started", got="no event")
        return history

    def add(self, event: Event) -> None:
        """Take in the next event; ProtocolError when it cannot follow those before it."""
        if self.ended:
            _refuse("nothing after match_ended", event)
        match event:
            case MatchStarted():
                _refuse("one match_started only", event)
            case MatchEnded():
                if self.closed != set(INNINGS):
                    _refuse("both innings closed before match_ended", event)
                self.ended = True
            case InningsClosed():
                self._check_innings(event.innings, event)
                if self.open_questions(event.innings) or self.open_answers(event.innings):
                    _refuse("everything settled before innings_closed", event)
                self.closed.add(event.innings)
            case QuestionAsked() | QuestionRejected():
                self._add_question(event)
            case AnswerGiven() | AnswerLost():
                self._add_answer(event)

    def _add_question(self, event: QuestionAsked | QuestionRejected) -> None:
        self._check_innings(event.innings, event)
        if event.number not in self._unsettled[event.innings]:
            _refuse("each question of the draw once", event)
        self._unsettled[event.innings].remove(event.number)
        if isinstance(event, QuestionAsked):
            _check_served(event)
            self.asked[event.innings][event.number] = event
            self._unanswered[event.innings].add(event.number)
        else:
            self.rejected[event.innings][event.number] = event

    def _add_answer(self, event: AnswerGiven | AnswerLost) -> None:
        self._check_innings(event.innings, event)
        if self._unsettled[event.innings] or self.disqualified(event.innings):
            _refuse("answers once all questions are settled and enough of them valid", event)
        if event.number not in self._unanswered[event.innings]:
            _refuse("one answer to each question that was asked", event)
        self._unanswered[event.innings].remove(event.number)
        self.answers[event.innings][event.number] = event

    def _check_innings(self, innings: int, event: Event) -> None:
        current = len(self.closed) + 1
        if innings != current or current not in INNINGS:
            _refuse(f"an event of innings {current}", event)

    def open_questions(self, innings: int) -> frozenset[int]:
        """Numbers that are neither asked nor rejected."""
        return frozenset(self._unsettled[innings])

    def open_answers(self, innings: int) -> frozenset[int]:
        """Numbers that still want an answer: none until all questions are settled, and none when
        the asking team is disqualified.
        """
        if self._unsettled[innings] or self.disqualified(innings):
            return frozenset()
        return frozenset(self._unanswered[innings])

    def disqualified(self, innings: int) -> bool:
        """Whether fewer than half of the questions wanted from the asking team are valid.

        The official code compares with what the team handed in; here a missing or late question
        counts like an invalid one, so that handing in less is no way out. A void one is as if it
        had not been wanted.
        """
        settled = not self._unsettled[innings]
        refused = self.rejected[innings].values()
        void = sum(each.reason is Refusal.VOID_KEY for each in refused)
        return settled and not enough(len(self.asked[innings]), self.started.questions - void)


def _check_served(event: QuestionAsked) -> None:
    question = read_question(event.question)
    if question.answer is None or sorted(event.order) != list(range(len(question.choices))):
        _refuse("a question with a key, and an order of its choices", event)


def _check_header(started: MatchStarted) -> None:
    teams = started.teams
    if set(teams) != set(TEAMS) or not all(
        isinstance(team, Mapping) and isinstance(team.get("name"), str) for team in teams.values()
    ):
        _refuse("teams A and B with their names", started)
    if not 1 <= started.questions == len(started.topics):
        _refuse("one topic per question", started)


def _refuse(wanted: str, event: Event) -> NoReturn:
    raise ProtocolError(wanted, got=f"{event!r:.160}")
