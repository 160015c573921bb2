"""What a team asks in all its games of one topic draw: made once, judged once, used again.

In: an asker, the rules, a draw. Out: the referee's events for each question, as of a first innings.
What the asker does wrong is an event, never an exception; keys stay in here and in the store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Any

from underdog.protocol.editions import find_edition
from underdog.protocol.filters import enough
from underdog.protocol.player import Asker, Past, QuestionCall
from underdog.protocol.tokens import CountTokens
from underdog.tournament.events import QuestionAsked, QuestionRejected, Refusal
from underdog.tournament.hearing import chunks, hear
from underdog.tournament.judge import Judge
from underdog.tournament.minutes import question_event
from underdog.tournament.rules import Rules
from underdog.tournament.topics import right_topics, team_draw

NOTHING_SAID: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """One event per question of the draw, in order, all of innings 1."""

    events: tuple[QuestionAsked | QuestionRejected, ...]

    @property
    def asked(self) -> tuple[QuestionAsked, ...]:
        """Those that are put to the other side."""
        return tuple(each for each in self.events if isinstance(each, QuestionAsked))

    @property
    def charged(self) -> frozenset[int]:
        """Numbers of the questions that count as answered rightly: their keys are disputed."""
        return frozenset() if self.disqualified else self._refused(Refusal.WRONG_KEY)

    @property
    def disqualified(self) -> bool:
        """Whether fewer than half are valid: then none is put. Void ones are not counted."""
        wanted = len(self.events) - len(self._refused(Refusal.VOID_KEY))
        return not enough(len(self.asked), wanted)

    def _refused(self, reason: Refusal) -> frozenset[int]:
        return frozenset(
            each.number
            for each in self.events
            if isinstance(each, QuestionRejected) and each.reason is reason
        )

    @property
    def put(self) -> tuple[QuestionAsked, ...]:
        """What the other side really has to answer."""
        return () if self.disqualified else self.asked

    def of_innings(self, innings: int) -> tuple[QuestionAsked | QuestionRejected, ...]:
        """The same events where they stand in a match."""
        return tuple(replace(each, innings=innings) for each in self.events)


def make_set(
    asker: Asker,
    rules: Rules,
    *,
    draw: int,
    count_tokens: CountTokens,
    clock: Callable[[], float],
    identity: Mapping[str, Any] = NOTHING_SAID,
    history: tuple[Past, ...] = (),
) -> QuestionSet:
    """Ask for each question of a draw and judge it, in calls as in `play`.

    `identity` is the asking team's: it may have topics of its own. `history` is what it saw of its
    earlier innings.
    """
    judge = Judge(find_edition(rules.edition), count_tokens)
    seed = rules.draw_seed(draw)
    topics = team_draw(identity, rules.draw(draw), seed)
    events: list[QuestionAsked | QuestionRejected] = []
    before: set[str] = set()
    for numbers in chunks(range(len(topics)), rules.per_call):
        call = QuestionCall(topics, seed, numbers[0], numbers[-1] + 1, history)
        heard = hear(partial(asker.ask, call), clock, len(numbers))
        for number, said in zip(numbers, heard, strict=True):
            allowed = right_topics(identity, topics, number)
            event = question_event(
                judge, said, place=(1, number), topics=allowed, before=before, seed=seed
            )
            if isinstance(event, QuestionAsked):
                before.add(event.question_id)
            events.append(event)
    return QuestionSet(tuple(events))
