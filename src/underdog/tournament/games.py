"""Plays games of a tournament: each side answers what the other side asks in this topic draw.

In: fixtures, question sets, answerers. Out: the events of each game, as plain rows for the store.
A pure function but for the clock, so that any worker on any machine may run it, and run it again.
Never: a key or an explanation towards an answerer, an exception for a player's fault.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple

from underdog.mcq.question import Question
from underdog.protocol.editions import find_edition
from underdog.protocol.official import read_question
from underdog.protocol.player import Answerer, StrippedQuestion
from underdog.protocol.tokens import CountTokens
from underdog.runs.files import json_text
from underdog.tournament.events import AnswerGiven, AnswerLost, Event, QuestionAsked, to_json
from underdog.tournament.formats.fixture import Fixture
from underdog.tournament.hearing import chunks, hear
from underdog.tournament.judge import Judge
from underdog.tournament.minutes import answer_event
from underdog.tournament.rules import Rules

SetKey = tuple[int, str]
"""A topic draw, and the team that asks."""
FIXTURE_STARTED, FIXTURE_ENDED = "fixture_started", "fixture_ended"
FIXTURE_FORFEITED = "fixture_forfeited"
ANSWER_LOST = "answer_lost"
COUNTED_TEXTS = 1024
"""Texts whose number of tokens is kept in mind."""


class Row(NamedTuple):
    """A line of the store: what it belongs to, what happened, and its JSON."""

    subject: str
    kind: str
    body: str


class Shown(NamedTuple):
    """A question of a set, read once: its number, as the judge reads it, as the player sees it."""

    number: int
    question: Question
    stripped: StrippedQuestion

    @classmethod
    def of(cls, asked: QuestionAsked) -> Shown:
        """Its choices stand in the order shown; key, explanation and topic are taken off."""
        question = read_question(asked.question)
        return cls(asked.number, question, StrippedQuestion(question.text, question.choices))


@dataclass(frozen=True, slots=True)
class Hall:
    """All that a worker needs to play any game: shared once, the same for all games of a wave."""

    rules: Rules
    shown: Mapping[SetKey, Sequence[Shown]]
    """What each team puts to the others in each draw."""
    answerers: Mapping[str, Answerer]
    forfeited: frozenset[str]
    """Teams that play no more: their games are lost without being played."""
    count_tokens: CountTokens
    clock: Callable[[], float] = time.perf_counter


def play_games(fixtures: Sequence[Fixture], hall: Hall) -> list[list[Row]]:
    """The rows of each fixture: started, answers to the first side's questions, answers to the
    second side's, ended; or started and forfeited.
    """
    desk = _Desk(hall)
    return [desk.play(fixture) for fixture in fixtures]


def answer_set(
    answerer: Answerer, shown: Sequence[Shown], *, innings: int, hall: Hall
) -> list[AnswerGiven | AnswerLost]:
    """One event per question, in order."""
    return _Desk(hall).answer(answerer, shown, innings)


def forfeit_rows(fixture: Fixture, teams: Collection[str]) -> list[Row]:
    """A game that is not played, because these of its two teams have forfeited."""
    subject = match_subject(fixture.key)
    out = [name for name in fixture.names if name in teams]
    return [
        Row(subject, FIXTURE_STARTED, json_text(fixture.to_json())),
        Row(subject, FIXTURE_FORFEITED, json_text({"teams": out})),
    ]


def match_subject(key: str) -> str:
    """What the rows of a game belong to."""
    return f"match/{key}"


class _Desk:
    """Where answers are asked for, judged and written down."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        # Players say the same short things again and again: letters, empty reasonings.
        count = lru_cache(maxsize=COUNTED_TEXTS)(hall.count_tokens)
        self._judge = Judge(find_edition(hall.rules.edition), count)

    def play(self, fixture: Fixture) -> list[Row]:
        if self._hall.forfeited.intersection(fixture.names):
            return forfeit_rows(fixture, self._hall.forfeited)
        subject = match_subject(fixture.key)
        rows = [Row(subject, FIXTURE_STARTED, json_text(fixture.to_json()))]
        sides = ((1, fixture.one, fixture.other), (2, fixture.other, fixture.one))
        for innings, asker, answerer in sides:
            player, shown = self._hall.answerers[answerer], self._hall.shown[fixture.draw, asker]
            rows += [row(subject, event) for event in self.answer(player, shown, innings)]
        rows.append(Row(subject, FIXTURE_ENDED, "{}"))
        return rows

    def answer(
        self, player: Answerer, shown: Sequence[Shown], innings: int
    ) -> list[AnswerGiven | AnswerLost]:
        """One event per question, in order; put in calls as large as the rules say."""
        events = []
        for part in chunks(shown, self._hall.rules.per_call):
            ask = partial(player.answer, [each.stripped for each in part])
            heard = hear(ask, self._hall.clock, len(part))
            events += [
                answer_event(self._judge, said, place=(innings, each.number), asked=each.question)
                for each, said in zip(part, heard, strict=True)
            ]
        return events


def row(subject: str, event: Event) -> Row:
    """An event as the store keeps it; its kind stands in a column of its own."""
    value = to_json(event)
    kind = str(value.pop("kind"))
    return Row(subject, kind, json_text(value))
