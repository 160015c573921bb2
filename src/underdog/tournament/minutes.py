"""Writes down what the judge made of an item: a message and a verdict in, one event out.

The same for matches and for tournaments, so that both keep the same record. Pure. Never: a key
towards the answering side, or more than an excerpt of what was rejected.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question
from underdog.protocol.official import write_question
from underdog.tournament.events import AnswerGiven, AnswerLost, QuestionAsked, QuestionRejected
from underdog.tournament.hearing import excerpt
from underdog.tournament.judge import Judge, Lost, Refused, Said, on_topic


def question_event(
    judge: Judge,
    said: Said,
    *,
    place: tuple[int, int],
    topics: Sequence[str],
    before: Collection[str],
    seed: int,
) -> QuestionAsked | QuestionRejected:
    """`place` is innings and number; `topics` are right there, `before` holds ids asked so far.
    The order in which choices are shown follows from `seed` and the question.
    """
    seconds = round(said.elapsed_s, 6)
    found = judge.question(said, topics=topics, before=before)
    if isinstance(found, Refused):
        detail, message = excerpt(found.detail), excerpt(repr(said.message))
        return QuestionRejected(*place, found.reason, detail, message, seconds)
    shown = Presentation.shuffled(len(found.choices), seed=f"{seed}:{found.id}")
    topic = next(each for each in topics if on_topic(found.topic, each))
    served = write_question(found, shown) | {"topic": topic}
    return QuestionAsked(*place, found.id, served, shown.order, seconds)


def answer_event(
    judge: Judge, said: Said, *, place: tuple[int, int], asked: Question | Mapping[str, Any]
) -> AnswerGiven | AnswerLost:
    """`place` is innings and number; `asked` is as for `Judge.answer`."""
    heard = judge.answer(said, asked)
    (innings, number), seconds = place, round(said.elapsed_s, 6)
    if isinstance(heard, Lost):
        return AnswerLost(innings, number, heard.outcome, excerpt(heard.detail), seconds)
    return AnswerGiven(innings, number, *heard, elapsed_s=seconds)
