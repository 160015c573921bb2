"""Events in, score out: a pure function, so that a replay gives what the match gave.

`elapsed_s` is never looked at: whether something was late is an event of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from underdog.evaluation.compare import Comparison, compare
from underdog.interval import wilson
from underdog.protocol.scoring import InningsScore, score_innings
from underdog.tournament.events import (
    AnswerGiven,
    AnswerLost,
    Event,
    QuestionAsked,
    QuestionRejected,
    Refusal,
)
from underdog.tournament.history import INNINGS, TEAMS, History, answering_team, asking_team


@dataclass(frozen=True, slots=True)
class AskedRow:
    """A question that was put, and what came back (None before an answer is in)."""

    asked: QuestionAsked
    answer: AnswerGiven | AnswerLost | None

    @property
    def official(self) -> dict[str, Any] | None:
        """The answer as the official score sees it."""
        given = self.answer
        return {"answer": given.answer} if isinstance(given, AnswerGiven) else None

    @property
    def correct(self) -> bool:
        """By the official comparison."""
        return score_innings([self.asked.question], [self.official]).correct == 1

    @property
    def strictly_correct(self) -> bool:
        """By the choice that was named, whatever the form."""
        given = self.answer
        return isinstance(given, AnswerGiven) and given.letter == self.asked.question["answer"]

    @property
    def lost_to_format(self) -> bool:
        """Names the right choice, in a form that the official comparison does not accept."""
        return self.strictly_correct and not self.correct

    def to_json(self) -> dict[str, Any]:
        """One row of the table in result.json."""
        question, given = self.asked.question, self.answer
        known = given if isinstance(given, AnswerGiven) else None
        return {
            "number": self.asked.number,
            "question_id": self.asked.question_id,
            "topic": question["topic"],
            "question": question["question"],
            "choices": list(question["choices"]),
            "key": question["answer"],
            "explanation": question.get("explanation", ""),
            "answer": known.answer if known else None,
            "letter": known.letter if known else None,
            "outcome": given.outcome.value if given else None,
            "correct": self.correct,
            "log_probs": list(known.log_probs) if known and known.log_probs else None,
        }


@dataclass(frozen=True, slots=True)
class InningsBoard:
    """One innings: questions put with their answers, and questions dropped, each in order."""

    innings: int
    rows: tuple[AskedRow, ...]
    rejected: tuple[QuestionRejected, ...]
    disqualified: bool
    topics: tuple[str, ...]

    @property
    def score(self) -> InningsScore:
        """A disqualified team's questions are not put: nothing counts for either side."""
        if self.disqualified:
            return InningsScore(0, 0)
        answered = self.answered
        return InningsScore(answered.questions + self.charged, answered.correct + self.charged)

    @property
    def answered(self) -> InningsScore:
        """Of the questions that were put alone."""
        return score_innings(
            [row.asked.question for row in self.rows], [row.official for row in self.rows]
        )

    @property
    def charged(self) -> int:
        """Questions that count as answered rightly: a panel disputes their keys."""
        return sum(each.reason is Refusal.WRONG_KEY for each in self.rejected)

    @property
    def strict_score(self) -> InningsScore:
        """The same with each answer read for the choice that it names."""
        if self.disqualified:
            return InningsScore(0, 0)
        right = sum(row.strictly_correct for row in self.rows)
        return InningsScore(len(self.rows) + self.charged, right + self.charged)

    def to_json(self) -> dict[str, Any]:
        """As in result.json."""
        table = [row.to_json() for row in self.rows]
        table += [
            {
                "number": each.number,
                "topic": self.topics[each.number],
                "rejected": each.reason.value,
                "detail": each.detail,
            }
            for each in self.rejected
        ]
        return {
            "innings": self.innings,
            "asker": asking_team(self.innings),
            "answerer": answering_team(self.innings),
            "valid": len(self.rows),
            "correct": self.score.correct,
            "disqualified": self.disqualified,
            "table": sorted(table, key=lambda row: row["number"]),
        }


@dataclass(frozen=True, slots=True)
class TeamBoard:
    """A team's innings at asking and its innings at answering."""

    team: str
    name: str
    asking: InningsBoard
    answering: InningsBoard

    @property
    def total(self) -> float:
        """The official score: own questions and own answers, 0 to 200."""
        return self.asking.score.asking + self.answering.score.answering

    @property
    def strict_total(self) -> float:
        """The total where an answer counts for the choice that it names, in whatever form."""
        return self.asking.strict_score.asking + self.answering.strict_score.answering

    @property
    def points(self) -> int:
        """Raw points: questions not answered rightly, and right answers."""
        return self.asking.score.asking_points + self.answering.score.answering_points

    @property
    def disqualified(self) -> bool:
        """Fewer than half of its questions were valid."""
        return self.asking.disqualified

    def to_json(self) -> dict[str, Any]:
        """As in result.json, without name and identity."""
        asking, answering = self.asking.score, self.answering.score
        answers = Counter(row.answer.outcome.value for row in self.answering.rows if row.answer)
        return {
            "official": {
                "asking": asking.asking,
                "answering": answering.answering,
                "total": self.total,
            },
            "strict_total": self.strict_total,
            "points": {
                "asking": asking.asking_points,
                "answering": answering.answering_points,
                "total": self.points,
            },
            "disqualified": self.disqualified,
            "accuracy": _accuracy(self.answering),
            "asked": len(self.asking.topics),
            "valid": len(self.asking.rows),
            "rejected": dict(Counter(each.reason.value for each in self.asking.rejected)),
            "answers": dict(answers),
            "lost_to_format": sum(row.lost_to_format for row in self.answering.rows),
        }


def _accuracy(innings: InningsBoard) -> dict[str, Any]:
    """Of the team's A-agent, with a Wilson interval where there is anything to measure."""
    score = InningsScore(0, 0) if innings.disqualified else innings.answered
    if not score.questions:
        return {"correct": 0, "questions": 0, "value": None, "low": None, "high": None}
    interval = wilson(score.correct, score.questions)
    bounds = {"value": interval.value, "low": interval.low, "high": interval.high}
    return {"correct": score.correct, "questions": score.questions} | bounds


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """The whole match. `winner` is "A", "B", or None for a tie; `reason` is one word for it."""

    history: History
    innings: tuple[InningsBoard, ...]
    teams: tuple[TeamBoard, TeamBoard]
    winner: str | None
    reason: str

    @property
    def comparison(self) -> Comparison | None:
        """The two A-agents question by question, where both were put the same questions."""
        first, second = (
            {row.asked.question_id: row.correct for row in board.answering.rows}
            for board in self.teams
        )
        if not first or set(first) != set(second) or any(b.disqualified for b in self.innings):
            return None
        names = (f"{self.teams[0].name} (A)", f"{self.teams[1].name} (B)")
        return compare(list(first.values()), [second[each] for each in first], names=names)

    def to_json(self) -> dict[str, Any]:
        """The content of result.json."""
        started, comparison = self.history.started, self.comparison
        return {
            "complete": self.history.ended,
            "edition": started.edition,
            "questions": started.questions,
            "seed": started.seed,
            "winner": self.winner,
            "reason": self.reason,
            "comparison": comparison.to_json() if comparison else None,
            "teams": {
                board.team: dict(started.teams[board.team]) | board.to_json()
                for board in self.teams
            },
            "innings": [board.to_json() for board in self.innings],
        }


def scoreboard(events: Iterable[Event]) -> Scoreboard:
    """The score of a match, finished or not. ProtocolError for events that no match gives."""
    history = History.of(events)
    first, second = (_innings_board(history, innings) for innings in INNINGS)
    names = {team: str(history.started.teams[team]["name"]) for team in TEAMS}
    teams = (
        TeamBoard("A", names["A"], asking=first, answering=second),
        TeamBoard("B", names["B"], asking=second, answering=first),
    )
    winner, reason = _verdict(*teams)
    return Scoreboard(history, (first, second), teams, winner, reason)


def _innings_board(history: History, innings: int) -> InningsBoard:
    answers = history.answers[innings]
    rows = [AskedRow(each, answers.get(number)) for number, each in history.asked[innings].items()]
    return InningsBoard(
        innings,
        tuple(sorted(rows, key=lambda row: row.asked.number)),
        tuple(sorted(history.rejected[innings].values(), key=lambda each: each.number)),
        history.disqualified(innings),
        history.started.topics,
    )


def _verdict(one: TeamBoard, other: TeamBoard) -> tuple[str | None, str]:
    """A disqualified team loses; then the official total decides, compared over whole counts.

    With the counts c/n of right answers, A - B = 200 (c_A/n_A - c_B/n_B): the 1e-9 in the official
    denominators must not decide a tie between innings of different lengths.
    """
    if one.disqualified or other.disqualified:
        both = one.disqualified and other.disqualified
        return (None if both else other.team if one.disqualified else one.team), "disqualified"
    mine, theirs = one.answering.score, other.answering.score
    lead = mine.correct * theirs.questions - theirs.correct * mine.questions
    if lead == 0:
        return None, "tie"
    return (one.team if lead > 0 else other.team), "score"
