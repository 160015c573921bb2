"""Rows of the event store in, the tournament so far out: a pure fold, one row after another.

Results, fixtures, question sets and per-question outcomes are all that is kept; scores, standings
and ratings follow from them. `elapsed_s` decides nothing here but sums of seconds. Never: a score
from anywhere but the answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from underdog.errors import CorruptFileError, ProtocolError
from underdog.interval import Interval
from underdog.protocol.scoring import is_right
from underdog.tournament.events import (
    CLOCK_FIELD,
    Event,
    InningsClosed,
    MatchEnded,
    MatchStarted,
    QuestionAsked,
    QuestionRejected,
    from_json,
)
from underdog.tournament.formats.fixture import Fixture, Result, Side
from underdog.tournament.games import FIXTURE_ENDED, FIXTURE_STARTED, SetKey, match_subject
from underdog.tournament.ledger import Ledger, Stored
from underdog.tournament.question_sets import QuestionSet, Rules

TOURNAMENT = "tournament"
TOURNAMENT_STARTED, TOURNAMENT_ENDED = "tournament_started", "tournament_ended"
SET_CLOSED, QUALIFYING_ENDED = "set_closed", "qualifying_ended"
HELD_OUT_KNOWN = "held_out_known"
HIDDEN = ""
"""The team that a hidden set of questions belongs to: nobody, the organiser."""


class Tally(NamedTuple):
    """How often one team's answerer was right on one question of another team's set."""

    answerer: str
    asker: str
    question_id: str
    right: int
    put: int


@dataclass(slots=True)
class _Open:
    """A game, or a team's qualifying, whose end has not been read."""

    fixture: Fixture | None
    right: dict[int, set[int]] = field(default_factory=lambda: {1: set(), 2: set()})
    put: dict[int, int] = field(default_factory=lambda: {1: 0, 2: 0})
    seconds: dict[int, float] = field(default_factory=lambda: {1: 0.0, 2: 0.0})


class Record:
    """Grows by `add`."""

    def __init__(self) -> None:
        self.header: Mapping[str, Any] | None = None
        self.sets: dict[SetKey, QuestionSet] = {}
        self.results: dict[str, Result] = {}
        self.qualified: dict[str, tuple[int, int]] = {}
        """Right and put of every team that has answered the hidden questions."""
        self.faults: dict[tuple[str, str], int] = {}
        """Of each team and kind of fault (answers lost, questions dropped), how often."""
        self.held_out: dict[str, tuple[Interval, str]] = {}
        """Of entrants: accuracy on questions outside the tournament, and where that is from."""
        self.ended = False
        self.seen = 0
        self._making: dict[str, list[QuestionAsked | QuestionRejected]] = {}
        self._asked: dict[SetKey, dict[int, QuestionAsked]] = {}
        self._open: dict[str, _Open] = {}
        self._tallies: dict[tuple[str, str, str], list[int]] = {}

    @classmethod
    def of(cls, rows: Iterable[Stored]) -> Record:
        """Everything that a store holds."""
        record = cls()
        for row in rows:
            record.add(row)
        return record

    def add(self, row: Stored) -> None:
        """Take in the next row; CorruptFileError names one that cannot be read."""
        try:
            self._take(row, json.loads(row.body))
        except (ProtocolError, KeyError, TypeError, ValueError) as error:
            raise CorruptFileError(
                "an event of a tournament", got=f"{row.kind}: {error}", where=f"event {row.seq}"
            ) from error
        self.seen = row.seq

    def tallies(self) -> list[Tally]:
        """Every question that was put to every team, summed over games, in a fixed order."""
        return [Tally(*key, *counts) for key, counts in sorted(self._tallies.items())]

    @property
    def rules(self) -> Rules:
        """As in the header."""
        assert self.header is not None, "a record starts with its header"
        given = dict(self.header["rules"])
        return Rules(**given | {"topics": tuple(given["topics"])})

    def _take(self, row: Stored, body: Any) -> None:
        match row.kind:
            case "tournament_started":
                self.header = body
            case "tournament_ended":
                self.ended = True
            case "held_out_known":
                self.held_out[body["team"]] = Interval(**body["accuracy"]), body["source"]
            case "question_asked" | "question_rejected":
                event = from_json({"kind": row.kind} | body)
                assert isinstance(event, QuestionAsked | QuestionRejected)
                self._making.setdefault(row.subject, []).append(event)
            case "set_closed":
                self._close_set(body["draw"], body["team"], self._making.pop(row.subject, []))
            case "fixture_started":
                self._open[row.subject] = _Open(Fixture(**body))
            case "answer_given" | "answer_lost":
                self._answer(row, body)
            case "fixture_ended":
                self._close_game(self._open.pop(row.subject))
            case "qualifying_ended":
                done = self._open.pop(row.subject, _Open(None))
                self.qualified[body["team"]] = len(done.right[1]), done.put[1]
            case kind:
                raise ProtocolError("a known kind of event", got=kind)

    def _close_set(
        self, draw: int, team: str, events: list[QuestionAsked | QuestionRejected]
    ) -> None:
        made = QuestionSet(tuple(events))
        self.sets[draw, team] = made
        self._asked[draw, team] = {each.number: each for each in made.asked}
        for each in made.events:
            if isinstance(each, QuestionRejected):
                self._fault(team, f"question {each.reason.value}")

    def _answer(self, row: Stored, body: Mapping[str, Any]) -> None:
        game = self._open.setdefault(row.subject, _Open(None))
        innings, number = body["innings"], body["number"]
        fixture = game.fixture
        if fixture is None:
            asker, answerer = HIDDEN, row.subject.partition("/")[2]
            asked = self._asked[1, HIDDEN][number]
        else:
            asker, answerer = fixture.names if innings == 1 else fixture.names[::-1]
            asked = self._asked[fixture.draw, asker][number]
        right = is_right(asked.question, body if row.kind == "answer_given" else None)
        game.put[innings] += 1
        game.seconds[innings] += body[CLOCK_FIELD]
        if right:
            game.right[innings].add(number)
        if body["outcome"] not in ("clean", "repaired"):
            self._fault(answerer, f"answer {body['outcome']}")
        counts = self._tallies.setdefault((answerer, asker, asked.question_id), [0, 0])
        counts[0] += right
        counts[1] += 1

    def _close_game(self, game: _Open) -> None:
        fixture = game.fixture
        assert fixture is not None, "games that end have started"
        sides = []
        for answering, asking, name in ((2, 1, fixture.one), (1, 2, fixture.other)):
            mine, theirs = game.right[answering], game.right[asking]
            out = self.sets[fixture.draw, name].disqualified
            put, seconds = game.put[answering], game.seconds[answering]
            sides.append(Side(len(mine), put, len(mine - theirs), round(seconds, 6), out))
        self.results[fixture.key] = Result(fixture, *sides)

    def _fault(self, team: str, kind: str) -> None:
        self.faults[team, kind] = self.faults.get((team, kind), 0) + 1


def read_record(ledger: Ledger) -> Record:
    """The tournament in a store; CorruptFileError when it does not begin with its header."""
    record = Record.of(ledger.read())
    if record.seen and record.header is None:
        raise CorruptFileError("a tournament's header", got="none", where=ledger.path)
    return record


def match_events(ledger: Ledger, record: Record, key: str) -> tuple[Event, ...]:
    """A game as the referee would have logged it: what `scoreboard` and a replay read.

    ProtocolError when the store has no game of that key.
    """
    rows = list(ledger.read(subject=match_subject(key)))
    if not rows or rows[0].kind != FIXTURE_STARTED:
        raise ProtocolError("a game of this tournament", got=key)
    fixture, rules = Fixture(**json.loads(rows[0].body)), record.rules
    assert record.header is not None
    identities = {each["name"]: each["identity"] for each in record.header["entrants"]}
    events: list[Event] = [
        MatchStarted(
            edition=rules.edition,
            questions=rules.questions,
            seed=rules.draw_seed(fixture.draw),
            topics=rules.draw(fixture.draw),
            token_counter=rules.token_counter,
            per_call=1,
            teams={
                team: {"name": name, "identity": identities[name]}
                for team, name in zip("AB", fixture.names, strict=True)
            },
        )
    ]
    answers = [
        from_json({"kind": row.kind} | json.loads(row.body))
        for row in rows
        if row.kind.startswith("answer")
    ]
    for innings, asker in enumerate(fixture.names, start=1):
        events += record.sets[fixture.draw, asker].of_innings(innings)
        events += [each for each in answers if getattr(each, "innings", None) == innings]
        events.append(InningsClosed(innings))
    if rows[-1].kind == FIXTURE_ENDED:
        events.append(MatchEnded())
    return tuple(events)
