"""Every fault of a tournament, counted by team, kind and detail, with the games where it shows.

In: rows of the store, one after another. Out: lines for a page, bounded in number however many
faults there are. Never: a judgement; what counts as a fault was decided by the referee.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from underdog.mcq.prediction import ANSWERED
from underdog.tournament.hearing import EXCERPT
from underdog.tournament.ledger import Stored

DETAILS = 20
"""Different details of one kind and team that are told apart; the rest is counted together."""
PLACES = 3
"""Games that a line leads to."""
_OTHERS = ""
_ANSWERED = frozenset(each.value for each in ANSWERED)


class FaultLine(NamedTuple):
    """`detail` is "" for the details beyond the first DETAILS. `games` are keys of games; a fault
    of a question shows in every game of its draw, so it leads to none.
    """

    team: str
    kind: str
    detail: str
    times: int
    games: tuple[str, ...]


@dataclass(slots=True)
class _Count:
    times: int = 0
    games: list[str] = field(default_factory=list)


class FaultBook:
    """Grows by `add`."""

    def __init__(self) -> None:
        self._sides: dict[str, tuple[str, str]] = {}
        self._counts: dict[tuple[str, str], dict[str, _Count]] = {}

    def add(self, row: Stored) -> None:
        """Take in the next row; the record has read it before, so it can be read."""
        match row.kind:
            case "fixture_started":
                body = json.loads(row.body)
                self._sides[row.subject] = (body["one"], body["other"])
            case "question_rejected":
                body = json.loads(row.body)
                self._count(row.subject.split("/", 2)[2], f"question {body['reason']}", body)
            case "answer_lost":
                self._answer(row, json.loads(row.body))
            case "answer_given" if not _told_well(row.body):
                body = json.loads(row.body)
                if body["outcome"] not in _ANSWERED:
                    self._answer(row, {**body, "detail": body["answer"][:EXCERPT]})

    def lines(self) -> tuple[FaultLine, ...]:
        """By team, the most frequent first."""
        found = [
            FaultLine(team, kind, detail, each.times, tuple(each.games))
            for (team, kind), details in self._counts.items()
            for detail, each in details.items()
        ]
        return tuple(
            sorted(found, key=lambda each: (each.team, -each.times, each.kind, each.detail))
        )

    def _answer(self, row: Stored, body: dict[str, Any]) -> None:
        room, _, key = row.subject.partition("/")
        if room != "match":
            self._count(key, f"answer {body['outcome']}", body)
            return
        one, other = self._sides[row.subject]
        team = other if body["innings"] == 1 else one
        self._count(team, f"answer {body['outcome']}", body, key)

    def _count(self, team: str, kind: str, body: dict[str, Any], game: str | None = None) -> None:
        details = self._counts.setdefault((team, kind), {})
        detail = body["detail"]
        if detail not in details and len(details) >= DETAILS:
            detail = _OTHERS
        counted = details.setdefault(detail, _Count())
        counted.times += 1
        if game is not None and game not in counted.games and len(counted.games) < PLACES:
            counted.games.append(game)


def _told_well(body: str) -> bool:
    """Nearly all rows: found without reading their JSON, in which a quotation mark inside of text
    has a backslash before it.
    """
    return any(f'"outcome": "{name}"' in body for name in _ANSWERED)
