"""Plays games of a tournament: each side answers what the other side asks in this topic draw.

In: fixtures, question sets, answerers. Out: the events of each game, as plain rows for the store.
A pure function but for the clock, so that any worker on any machine may run it, and run it again.
Never: a key or an explanation towards an answerer, an exception for a player's fault.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from underdog.mcq.question import Question
from underdog.protocol.editions import find_edition
from underdog.protocol.official import read_question
from underdog.protocol.player import Answerer, StrippedQuestion
from underdog.protocol.tokens import CountTokens
from underdog.runs.files import json_text
from underdog.tournament.events import AnswerGiven, AnswerLost, QuestionAsked, to_json
from underdog.tournament.formats.fixture import Fixture
from underdog.tournament.hearing import chunks, excerpt, hear
from underdog.tournament.judge import Judge, Lost, Said
from underdog.tournament.question_sets import QuestionSet, Rules, stripped

SetKey = tuple[int, str]
"""A topic draw, and the team that asks."""
FIXTURE_STARTED, FIXTURE_ENDED = "fixture_started", "fixture_ended"


class Row(NamedTuple):
    """A line of the store: what it belongs to, what happened, and its JSON."""

    subject: str
    kind: str
    body: str


@dataclass(frozen=True, slots=True)
class Hall:
    """All that a worker needs to play any game: shared once, the same for all games of a wave."""

    rules: Rules
    sets: Mapping[SetKey, QuestionSet]
    answerers: Mapping[str, Answerer]
    count_tokens: CountTokens
    clock: Callable[[], float] = time.perf_counter


def play_games(fixtures: Sequence[Fixture], hall: Hall) -> list[list[Row]]:
    """The rows of each fixture: started, answers to the first side's questions, answers to the
    second side's, ended.
    """
    desk = _Desk(hall)
    return [desk.play(fixture) for fixture in fixtures]


def answer_set(
    answerer: Answerer, asked: Sequence[QuestionAsked], *, innings: int, hall: Hall
) -> list[AnswerGiven | AnswerLost]:
    """One event per question, in order."""
    return _Desk(hall).answer(answerer, [Shown.of(each) for each in asked], innings)


def match_subject(key: str) -> str:
    """What the rows of a game belong to."""
    return f"match/{key}"


class Shown(NamedTuple):
    """A question of a set, read once: its number, as the judge reads it, as the player sees it."""

    number: int
    question: Question
    stripped: StrippedQuestion

    @classmethod
    def of(cls, asked: QuestionAsked) -> Shown:
        """Its choices stand in the order shown."""
        question = read_question(asked.question)
        return cls(asked.number, question, stripped(question))


class _Desk:
    """Strips each set once, however many games use it."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._judge = Judge(find_edition(hall.rules.edition), hall.count_tokens)
        self._stripped: dict[SetKey, list[Shown]] = {}

    def play(self, fixture: Fixture) -> list[Row]:
        subject = match_subject(fixture.key)
        rows = [Row(subject, FIXTURE_STARTED, json_text(fixture.to_json()))]
        sides = ((1, fixture.one, fixture.other), (2, fixture.other, fixture.one))
        for innings, asker, answerer in sides:
            player = self._hall.answerers[answerer]
            rows += [
                row(subject, event)
                for event in self.answer(player, self._shown((fixture.draw, asker)), innings)
            ]
        rows.append(Row(subject, FIXTURE_ENDED, "{}"))
        return rows

    def _shown(self, key: SetKey) -> list[Shown]:
        if key not in self._stripped:
            put = self._hall.sets[key].put
            self._stripped[key] = [Shown.of(each) for each in put]
        return self._stripped[key]

    def answer(
        self, player: Answerer, shown: Sequence[Shown], innings: int
    ) -> list[AnswerGiven | AnswerLost]:
        """One event per question, in order; put in calls as large as the rules say."""
        events = []
        for part in chunks(shown, self._hall.rules.per_call):
            ask = partial(player.answer, [each.stripped for each in part])
            heard = hear(ask, self._hall.clock, len(part))
            events += [self._judged(*pair, innings) for pair in zip(part, heard, strict=True)]
        return events

    def _judged(self, shown: Shown, said: Said, innings: int) -> AnswerGiven | AnswerLost:
        heard = self._judge.answer(said, shown.question)
        seconds = round(said.elapsed_s, 6)
        if isinstance(heard, Lost):
            detail = excerpt(heard.detail)
            return AnswerLost(innings, shown.number, heard.outcome, detail, seconds)
        return AnswerGiven(innings, shown.number, *heard, elapsed_s=seconds)


def row(subject: str, event: AnswerGiven | AnswerLost) -> Row:
    """An event as the store keeps it; its kind stands in a column of its own."""
    value = to_json(event)
    kind = str(value.pop("kind"))
    return Row(subject, kind, json_text(value))
