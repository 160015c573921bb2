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

from underdog.errors import InputError
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question
from underdog.protocol.editions import NEWEST, find_edition
from underdog.protocol.filters import enough
from underdog.protocol.official import write_question
from underdog.protocol.player import Asker, Past, QuestionCall, StrippedQuestion
from underdog.protocol.tokens import ESTIMATE, CountTokens
from underdog.tournament.events import QuestionAsked, QuestionRejected
from underdog.tournament.hearing import chunks, excerpt, hear
from underdog.tournament.judge import Judge, Refused, Said, on_topic
from underdog.tournament.topics import draw_topics, right_topics, team_draw

NOTHING_SAID: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds in every game."""

    topics: tuple[str, ...]
    """Topics to draw from, at least one."""
    edition: str = NEWEST
    """Whose limits hold."""
    questions: int = 20
    """Questions per innings, at least 1. Default: the official slides'."""
    seed: int = 0
    """Decides draws, orders of choices, and what askers are told to use."""
    token_counter: str = ESTIMATE
    """What the token counter is called in the store."""
    per_call: int = 1
    """Items that a player is given at once, at least 1; its time is shared equally between them."""

    def __post_init__(self) -> None:
        find_edition(self.edition)
        if not self.topics or self.questions < 1 or self.per_call < 1:
            raise InputError(
                "at least one topic, one question and one item per call",
                got=f"{self.topics}, {self.questions}, {self.per_call}",
            )

    def draw_seed(self, draw: int) -> int:
        """A seed per draw, the same for every team; the first is the tournament's own."""
        return self.seed + 1_000_003 * (draw - 1)

    def draw(self, draw: int) -> tuple[str, ...]:
        """One topic per question, the same for every team."""
        return draw_topics(self.topics, self.questions, self.draw_seed(draw))


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """One event per question of the draw, in order, all of innings 1."""

    events: tuple[QuestionAsked | QuestionRejected, ...]

    @property
    def asked(self) -> tuple[QuestionAsked, ...]:
        """Those that are put to the other side."""
        return tuple(each for each in self.events if isinstance(each, QuestionAsked))

    @property
    def disqualified(self) -> bool:
        """Whether fewer than half are valid: then none is put."""
        return not enough(len(self.asked), len(self.events))

    @property
    def put(self) -> tuple[QuestionAsked, ...]:
        """What the other side really has to answer."""
        return () if self.disqualified else self.asked

    def of_innings(self, innings: int) -> tuple[QuestionAsked | QuestionRejected, ...]:
        """The same events where they stand in a match."""
        return tuple(replace(each, innings=innings) for each in self.events)


def stripped(question: Question) -> StrippedQuestion:
    """Without key, explanation and topic."""
    return StrippedQuestion(question.text, question.choices)


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
            found = judge.question(said, topics=allowed, before=before)
            if isinstance(found, Question):
                before.add(found.id)
            events.append(_event(number, said, found, topics=allowed, seed=seed))
    return QuestionSet(tuple(events))


def _event(
    number: int, said: Said, found: Question | Refused, *, topics: tuple[str, ...], seed: int
) -> QuestionAsked | QuestionRejected:
    seconds = round(said.elapsed_s, 6)
    if isinstance(found, Refused):
        detail, message = excerpt(found.detail), excerpt(repr(said.message))
        return QuestionRejected(1, number, found.reason, detail, message, seconds)
    shown = Presentation.shuffled(len(found.choices), seed=f"{seed}:{found.id}")
    topic = next(each for each in topics if on_topic(found.topic, each))
    served = write_question(found, shown) | {"topic": topic}
    return QuestionAsked(1, number, found.id, served, shown.order, seconds)
