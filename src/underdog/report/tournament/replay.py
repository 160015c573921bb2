"""A game question by question: what was asked and answered, how sure, how long, who was right.

In: the events of a game. Out: values for the templates. Nothing is judged here: verdicts are the
scoreboard's, the official one and, where it is another one, the strict one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from underdog.mcq.presentation import LETTERS
from underdog.pages.words import bounds, counted, duration, percent
from underdog.protocol.official import read_question
from underdog.report.tournament.overview import About, Team
from underdog.tournament.events import AnswerGiven, AnswerLost, QuestionRejected
from underdog.tournament.scoreboard import AskedRow, InningsBoard, Scoreboard, TeamBoard

_REASONS = {
    "score": "by points",
    "disqualified": "the other side was disqualified: fewer than half of its questions were valid",
    "tie": "equal points",
}


class Choice(NamedTuple):
    """`share` is the probability that the answering side gave to it, "" where it said none."""

    letter: str
    text: str
    key: bool
    chosen: bool
    share: str
    width: float


class Asked(NamedTuple):
    """A place of the draw. `verdict` is "right", "wrong", "not put" (a disqualified team's) or
    "left out"; `strict` says so where reading the answer for the choice that it names gives
    another verdict; `answer` is what was said where that is more than the letter.
    """

    number: int
    topic: str
    verdict: str
    strict: str
    question: str
    choices: tuple[Choice, ...]
    answer: str
    fault: str
    reasoning: str
    explanation: str
    asked_s: str
    answered_s: str


class Half(NamedTuple):
    """An innings."""

    number: int
    asker: Team
    answerer: Team
    right: str
    strict: str
    disqualified: bool
    rows: tuple[Asked, ...]


class Side(NamedTuple):
    """A team's points. `strict` is "" where it equals `total`."""

    about: About
    total: str
    strict: str
    asking: str
    answering: str
    accuracy: str
    bounds: str
    valid: str
    time: str


@dataclass(frozen=True, slots=True)
class Replay:
    """A whole game. `strict` is True where the two ways to read answers give different points."""

    verdict: str
    strict: bool
    sides: tuple[Side, Side]
    halves: tuple[Half, ...]


def make_replay(board: Scoreboard, sides: Mapping[str, About]) -> Replay:
    """`sides` maps "A" and "B" to what is known of the two teams."""
    differs = any(team.strict_total != team.total for team in board.teams)
    one, other = (_side(team, sides[team.team], differs=differs) for team in board.teams)
    halves = []
    for innings in board.innings:
        asker, answerer = ("A", "B") if innings.innings == 1 else ("B", "A")
        halves.append(_half(innings, sides[asker].team, sides[answerer].team))
    return Replay(_verdict(board, sides), differs, (one, other), tuple(halves))


def _verdict(board: Scoreboard, sides: Mapping[str, About]) -> str:
    if board.winner is None:
        both = board.reason == "disqualified"
        return "Nobody wins: both are disqualified" if both else "A tie"
    return f"{sides[board.winner].team.name} wins: {_REASONS[board.reason]}"


def _side(team: TeamBoard, about: About, *, differs: bool) -> Side:
    accuracy: Mapping[str, Any] = team.to_json()["accuracy"]
    known = accuracy["value"] is not None
    seconds = [row.answer.elapsed_s for row in team.answering.rows if row.answer]
    return Side(
        about,
        total=f"{team.total:.1f}",
        strict=f"{team.strict_total:.1f}" if differs else "",
        asking=f"{team.asking.score.asking:.1f}",
        answering=f"{team.answering.score.answering:.1f}",
        accuracy=f"{accuracy['correct']} of {accuracy['questions']}",
        bounds=f"{percent(accuracy['value'])} {bounds(accuracy)}" if known else "",
        valid=f"{len(team.asking.rows)} of {len(team.asking.topics)}",
        time=duration(sum(seconds) / len(seconds)) if seconds else "",
    )


def _half(innings: InningsBoard, asker: Team, answerer: Team) -> Half:
    rows = [_put(row) for row in innings.rows]
    rows += [_dropped(each, innings.topics[each.number]) for each in innings.rejected]
    official, strict = innings.score, innings.strict_score
    return Half(
        innings.innings,
        asker,
        answerer,
        f"{official.correct} of {counted(official.questions, 'question')} right",
        f"strict: {strict.correct} right" if strict.correct != official.correct else "",
        innings.disqualified,
        tuple(sorted(rows, key=lambda row: row.number)),
    )


def _put(row: AskedRow) -> Asked:
    asked, given = row.asked, row.answer
    question = read_question(asked.question)
    known = given if isinstance(given, AnswerGiven) else None
    shares = (
        None if known is None or known.log_probs is None else list(map(math.exp, known.log_probs))
    )
    key = str(asked.question["answer"])
    verdict = "not put" if given is None else "right" if row.correct else "wrong"
    return Asked(
        asked.number + 1,
        str(asked.question["topic"]),
        verdict,
        _strict(row),
        question.text,
        tuple(
            Choice(
                letter,
                text,
                key=letter == key,
                chosen=known is not None and letter == known.letter,
                share="" if shares is None else percent(shares[place], 0),
                width=0.0 if shares is None else round(100 * shares[place], 1),
            )
            for place, (letter, text) in enumerate(zip(LETTERS, question.choices, strict=False))
        ),
        answer="" if known is None or known.answer == known.letter else known.answer,
        fault=_fault(given),
        reasoning="" if known is None else known.reasoning,
        explanation=str(asked.question.get("explanation", "")),
        asked_s=duration(asked.elapsed_s),
        answered_s="" if given is None else duration(given.elapsed_s),
    )


def _strict(row: AskedRow) -> str:
    if row.strictly_correct == row.correct:
        return ""
    return (
        "strict: right, the answer names the key in another form"
        if row.strictly_correct
        else ("strict: wrong, the answer does not name the key alone")
    )


def _fault(given: AnswerGiven | AnswerLost | None) -> str:
    if isinstance(given, AnswerLost):
        return f"{given.outcome.value}: {given.detail}".removesuffix(": ")
    if given is not None and given.letter is None:
        return f"{given.outcome.value}: names no choice"
    return ""


def _dropped(event: QuestionRejected, topic: str) -> Asked:
    reason = f"{event.reason.value.replace('_', ' ')}: {event.detail}".removesuffix(": ")
    return Asked(
        event.number + 1, topic, "left out", "", event.message, (), "", reason, "", "",
        asked_s=duration(event.elapsed_s), answered_s="",
    )  # fmt: skip
