"""What a team asks in all its games of one topic draw: made once, judged once, used again.

In: an asker, the rules, a draw. Out: the referee's events for each question, as of a first innings.
What the asker does wrong is an event, never an exception; keys stay in here and in the store.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from underdog.errors import InfrastructureError, InputError
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question
from underdog.protocol.editions import NEWEST, find_edition
from underdog.protocol.filters import enough
from underdog.protocol.official import write_question
from underdog.protocol.player import (
    Asker,
    PlayerFault,
    PlayerFaultKind,
    QuestionCall,
    StrippedQuestion,
)
from underdog.protocol.tokens import ESTIMATE, CountTokens
from underdog.tournament.events import QuestionAsked, QuestionRejected
from underdog.tournament.judge import Judge, Refused, Said
from underdog.tournament.referee import draw_topics

EXCERPT = 300
"""Characters of a rejected message that are kept."""


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

    def __post_init__(self) -> None:
        find_edition(self.edition)
        if not self.topics or self.questions < 1:
            raise InputError(
                "at least one topic and one question", got=f"{self.topics}, {self.questions}"
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
) -> QuestionSet:
    """Ask for each question of a draw and judge it, one call per question as in `play`."""
    judge = Judge(find_edition(rules.edition), count_tokens)
    topics, seed = rules.draw(draw), rules.draw_seed(draw)
    events: list[QuestionAsked | QuestionRejected] = []
    before: set[str] = set()
    for number, topic in enumerate(topics):
        call = QuestionCall(topics, seed, number, number + 1)
        said = hear(partial(asker.ask, call), clock)
        found = judge.question(said, topics=(topic,), before=before)
        seconds = round(said.elapsed_s, 6)
        if isinstance(found, Refused):
            detail, message = excerpt(found.detail), excerpt(repr(said.message))
            events.append(QuestionRejected(1, number, found.reason, detail, message, seconds))
            continue
        before.add(found.id)
        shown = Presentation.shuffled(len(found.choices), seed=f"{seed}:{found.id}")
        served = write_question(found, shown) | {"topic": topic}
        events.append(QuestionAsked(1, number, found.id, served, shown.order, seconds))
    return QuestionSet(tuple(events))


def hear(speak: Callable[[], Sequence[object]], clock: Callable[[], float]) -> Said:
    """Let a player say one thing. Whatever it does is an outcome of the game; a SystemExit in its
    code must not end ours. What it hands back is judged as JSON, so it cannot act any more.
    """
    message: object = None
    came, failure = False, ""
    fault: PlayerFaultKind | None = None
    begun = clock()
    try:
        messages = [_plain(each) for each in speak()]
        came = bool(messages)
        message = messages[0] if came else None
    except InfrastructureError:
        raise
    except PlayerFault as error:
        failure, fault = error.detail or error.kind.value, error.kind
    except (Exception, SystemExit) as error:  # noqa: BLE001  (a player's fault is an outcome)
        failure = f"{type(error).__name__}: {error}"
    return Said(message, came, failure, clock() - begun, fault)


def _plain(message: object) -> object:
    try:
        return json.loads(json.dumps(message))
    except (TypeError, ValueError, RecursionError):
        return f"(no JSON: {type(message).__name__})"


def excerpt(text: str) -> str:
    """The beginning, in characters that UTF-8 can hold."""
    return text[:EXCERPT].encode("utf-8", "replace").decode("utf-8")
