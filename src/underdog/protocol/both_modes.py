"""One match scored twice: as the published notebook does, and strictly.

In: what both teams handed in, as their files hold it. Out: both scores, and for every place where
the modes disagree the reason. Never: one mode's result under the other's name. Where the published
code ends with a traceback its score is None, and the reason is kept.

Source: facts/evaluation-and-tournament.md 1.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from underdog.errors import ProtocolError
from underdog.mcq.presentation import LETTERS
from underdog.protocol.filters import enough, filter_answer, filter_answers, filter_questions
from underdog.protocol.scoring import InningsScore, is_right, score_innings
from underdog.protocol.strict import StrictQuestion, strict_answer, strict_questions
from underdog.protocol.tokens import CountTokens

NOTHING = InningsScore(0, 0)
"""An innings of a disqualified team: its questions are not put."""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A team's two files: its questions as generated, and its answers, one for each question of
    the other team that passed the official filter.
    """

    questions: Sequence[object]
    answers: Sequence[object]


@dataclass(frozen=True, slots=True)
class InningsTwice:
    """`official` is None where the published code ends; `notes` says why, and names each
    question (from 1, of those put) that the two modes count differently.
    """

    official: InningsScore | None
    strict: InningsScore
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MatchTwice:
    """Innings 1: A asks and B answers; innings 2 the other way round."""

    first: InningsTwice
    second: InningsTwice

    @property
    def official(self) -> tuple[float, float] | None:
        """Totals of A and B, 0 to 200; None where the published code gives none."""
        return _totals(self.first.official, self.second.official)

    @property
    def strict(self) -> tuple[float, float]:
        """The same under strict reading."""
        totals = _totals(self.first.strict, self.second.strict)
        assert totals is not None
        return totals

    def sentence(self) -> str:
        """One line; both results where they differ."""
        strict = f"{self.strict[0]:.1f} : {self.strict[1]:.1f}"
        if self.official is None:
            return f"official: the published code ends without a score; strict {strict}"
        official = f"{self.official[0]:.1f} : {self.official[1]:.1f}"
        if self.official == self.strict:
            return f"official and strict {official}"
        return f"official {official}; strict {strict}"


def score_match(one: HandedIn, other: HandedIn, count_tokens: CountTokens) -> MatchTwice:
    """Both innings in both modes."""
    return MatchTwice(
        score_innings_twice(one.questions, other.answers, count_tokens),
        score_innings_twice(other.questions, one.answers, count_tokens),
    )


def score_innings_twice(
    questions: Sequence[object], answers: Sequence[object], count_tokens: CountTokens
) -> InningsTwice:
    """`answers[i]` belongs to the i-th question that passed the official filter.

    Strictly, a question that is not usable, or was asked before, is left out for both sides; a team
    with fewer than half of its questions usable is disqualified. Never raises for what was handed
    in.
    """
    try:
        served = filter_questions(questions, count_tokens)
    except ProtocolError as error:
        return InningsTwice(None, NOTHING, (f"no question was put: {error}",))
    if len(served) != len(answers):
        reason = f"{len(answers)} answers to {len(served)} questions"
        return InningsTwice(None, NOTHING, (f"nothing can be aligned: {reason}",))
    usable = strict_questions(served, count_tokens)
    strict, notes = _strictly(usable, served, answers, count_tokens)
    if not enough(sum(each.question is not None for each in usable), len(questions)):
        strict = NOTHING
        notes = [*notes, "strictly, fewer than half of the questions are usable"]
    try:
        official = score_innings(served, filter_answers(answers, count_tokens))
    except ProtocolError as error:
        return InningsTwice(None, strict, (str(error), *notes))
    return InningsTwice(official, strict, tuple(notes))


def _strictly(
    usable: Sequence[StrictQuestion],
    served: Sequence[Mapping[str, Any]],
    answers: Sequence[object],
    count_tokens: CountTokens,
) -> tuple[InningsScore, list[str]]:
    """The strict score, and a note where it counts otherwise than the official comparison."""
    right, put, notes = 0, 0, []
    for number, (found, asked, message) in enumerate(
        zip(usable, served, answers, strict=True), start=1
    ):
        if found.question is None:
            notes.append(f"question {number} left out: {found.refused}")
            continue
        put += 1
        answer = strict_answer(message, found.question, count_tokens)
        mine = answer.letter is not None and LETTERS.index(answer.letter) == found.question.answer
        right += mine
        if mine != is_right(asked, filter_answer(message, count_tokens).value):
            judged = "right" if mine else "wrong"
            notes.append(f"question {number}: strictly, {message!r:.60} is {judged}")
    return InningsScore(put, right), notes


def _totals(first: InningsScore | None, second: InningsScore | None) -> tuple[float, float] | None:
    """Own questions and own answers, for A and for B."""
    if first is None or second is None:
        return None
    return first.asking + second.answering, second.asking + first.answering
