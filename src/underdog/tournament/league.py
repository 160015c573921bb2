"""Runs a tournament from wherever its store ends: what is due is played, and written in order.

In: the settings, entrants, a store, an engine. Out: rows in the store, and the record of them.
Games of one wave are handed to the engine's workers; their rows are written in the order of the
wave, whoever is done first, so that every engine, and every interrupted run that was continued,
leaves the same rows but for seconds. Never: a decision that is not derived from the store.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from underdog.data.engine.engine import Engine, cut
from underdog.data.engine.local import IN_PROCESS
from underdog.errors import InputError, RunMismatchError
from underdog.interval import Interval
from underdog.protocol.player import Asker, Entrant
from underdog.protocol.tokens import CountTokens, estimate_tokens
from underdog.runs.files import json_text
from underdog.runs.progress import SILENT, Progress
from underdog.tournament.events import to_json
from underdog.tournament.formats.fixture import Fixture
from underdog.tournament.formats.schedule import FormatConfig, Kind, Schedule
from underdog.tournament.formats.sprt import Sprt
from underdog.tournament.formats.tiebreak import Breaker, TieBreak
from underdog.tournament.games import Hall, Row, SetKey, answer_set, play_games, row
from underdog.tournament.ledger import Ledger, Stored
from underdog.tournament.past import past_of_record
from underdog.tournament.question_sets import QuestionSet, Rules, make_set
from underdog.tournament.record import (
    HELD_OUT_KNOWN,
    HIDDEN,
    QUALIFYING_ENDED,
    SET_CLOSED,
    TOURNAMENT,
    TOURNAMENT_ENDED,
    TOURNAMENT_STARTED,
    Record,
    read_record,
)


@dataclass(frozen=True, slots=True)
class TournamentConfig:
    """What is played, by which rules."""

    rules: Rules
    """Of every game."""
    format: FormatConfig = field(default_factory=FormatConfig)
    """Who meets whom."""
    breaker: Breaker = field(default_factory=Breaker)
    """Who is ahead with equal points; its seed is the tournament's."""
    qualifiers: int | None = None
    """How many go on after hidden questions were put to all; None: no qualifying."""

    def __post_init__(self) -> None:
        if self.qualifiers is not None and self.qualifiers < 2:
            raise InputError("at least 2 qualifiers", got=str(self.qualifiers))


@dataclass(frozen=True, slots=True)
class Venue:
    """Where and how it is played. Nothing here shows in a row but seconds."""

    engine: Engine = IN_PROCESS
    """Who plays the games; answerers must be picklable where it has workers."""
    games_per_block: int = 1
    """Games that a worker plays before it reports, and that are written at once."""
    count_tokens: CountTokens = estimate_tokens
    """For the limits of the edition."""
    clock: Callable[[], float] = time.perf_counter
    """Seconds."""
    progress: Progress = SILENT
    """Told about every game."""
    hidden: Asker | None = None
    """Asks the hidden questions of a qualifying."""


class League:
    """A tournament and its store."""

    def __init__(
        self,
        config: TournamentConfig,
        entrants: Sequence[Entrant],
        ledger: Ledger,
        *,
        venue: Venue | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """`extra` is kept in the header: what a command needs to find the entrants again.

        Raises RunMismatchError when the store holds another tournament.
        """
        self._config, self._ledger = config, ledger
        self._venue = venue or Venue()
        self._entrants = {each.name: each for each in entrants}
        if len(self._entrants) != len(entrants):
            raise InputError(
                "entrants with names of their own", got=f"{[e.name for e in entrants]}"
            )
        if config.qualifiers is not None and (
            self._venue.hidden is None or config.qualifiers > len(entrants)
        ):
            raise InputError("hidden questions, and no more qualifiers than entrants")
        self._record = read_record(ledger)
        self._start(header(config, entrants) | {"command": dict(extra or {})})

    def run(self) -> Record:
        """Play what is left. Interrupted at any moment, the next call goes on."""
        if self._record.ended:
            return self._record
        if self._config.qualifiers is not None:
            self._qualify(self._config.qualifiers)
        schedule = schedule_of(self._record)
        while due := one_draw(schedule.due(self._record.results)):
            self._make_sets(due)
            self._play(due)
        self._write([Row(TOURNAMENT, TOURNAMENT_ENDED, "{}")])
        return self._record

    def note_held_out(self, known: Mapping[str, tuple[Interval, str]]) -> None:
        """Keep accuracies of entrants outside the tournament, and where they are from; what the
        store has already stays as it is.
        """
        for team in self._entrants:
            if team in known and team not in self._record.held_out:
                accuracy, source = known[team]
                body = {"team": team, "accuracy": accuracy.to_json(), "source": source}
                self._write([Row(f"held-out/{team}", HELD_OUT_KNOWN, json_text(body))])

    @property
    def lacks_held_out(self) -> tuple[str, ...]:
        """Entrants whose accuracy outside the tournament the store does not have."""
        return tuple(name for name in self._entrants if name not in self._record.held_out)

    def _start(self, wanted: Mapping[str, Any]) -> None:
        if self._record.header is None:
            self._write([Row(TOURNAMENT, TOURNAMENT_STARTED, json_text(wanted))])
            return
        stored = self._record.header
        other = [name for name in wanted if name != "command" and not _same(stored, wanted, name)]
        if other:
            raise RunMismatchError(
                "the store of the same tournament",
                got=f"another {', '.join(other)}",
                where=self._ledger.path,
                hint="another --out folder",
            )

    def _write(self, rows: Sequence[Row]) -> None:
        """To the disk, then into the record."""
        seq = self._record.seen
        self._ledger.append(rows)
        for number, each in enumerate(rows, start=seq + 1):
            self._record.add(Stored(number, *each))

    def _qualify(self, qualifiers: int) -> None:
        """Everyone answers the same hidden questions, in the order of entry."""
        assert self._venue.hidden is not None, "checked when made"
        self._make_set((1, HIDDEN), self._venue.hidden)
        hall = self._hall({})
        asked = self._record.sets[1, HIDDEN].asked
        left = [name for name in self._entrants if name not in self._record.qualified]
        self._venue.progress.begin(f"qualifying for {qualifiers} places", len(left))
        for name in left:
            subject = f"qualifying/{name}"
            events = answer_set(self._entrants[name].answerer, asked, innings=1, hall=hall)
            rows = [row(subject, event) for event in events]
            self._write([*rows, Row(subject, QUALIFYING_ENDED, json_text({"team": name}))])
            self._venue.progress.advance()
        self._venue.progress.end()

    def _make_sets(self, due: Sequence[Fixture]) -> None:
        wanted = sorted({(each.draw, name) for each in due for name in each.names})
        left = [key for key in wanted if key not in self._record.sets]
        if not left:
            return
        self._venue.progress.begin("question sets", len(left))
        for key in left:
            self._make_set(key, self._entrants[key[1]].asker)
            self._venue.progress.advance()
        self._venue.progress.end()

    def _make_set(self, key: SetKey, asker: Asker) -> None:
        """A set is written as a whole, once."""
        if key in self._record.sets:
            return
        draw, team = key
        known = self._entrants.get(team)
        made = make_set(
            asker,
            self._config.rules,
            draw=draw,
            count_tokens=self._venue.count_tokens,
            clock=self._venue.clock,
            identity={} if known is None else known.identity,
            history=() if known is None else past_of_record(self._record, team),
        )
        subject = f"set/{draw}/{team}"
        closed = Row(subject, SET_CLOSED, json_text({"draw": draw, "team": team}))
        self._write([*_set_rows(subject, made), closed])

    def _play(self, due: Sequence[Fixture]) -> None:
        venue = self._venue
        keys = {(each.draw, name) for each in due for name in each.names}
        hall = self._hall({key: self._record.sets[key] for key in sorted(keys)})
        blocks = cut(due, venue.games_per_block)
        venue.progress.begin(f"{due[0].stage}, round {due[0].round}", len(due))
        self._ledger.now_playing([each.key for each in blocks[0]])
        for number, games in enumerate(venue.engine.map(play_games, blocks, hall), start=1):
            self._write([each for game in games for each in game])
            coming = blocks[number] if number < len(blocks) else ()
            self._ledger.now_playing([each.key for each in coming])
            venue.progress.advance(len(games))
        venue.progress.end()

    def _hall(self, sets: Mapping[SetKey, QuestionSet]) -> Hall:
        teams = {name for _, name in sets}
        answerers = {name: self._entrants[name].answerer for name in sorted(teams)}
        venue = self._venue
        return Hall(self._config.rules, sets, answerers, venue.count_tokens, venue.clock)


def one_draw(due: Sequence[Fixture]) -> tuple[Fixture, ...]:
    """The games of the earliest draw among those that are due: the questions of a later one are
    asked for when these were played, so that askers have seen how theirs fared.
    """
    first = min((each.draw for each in due), default=0)
    return tuple(each for each in due if each.draw == first)


def header(config: TournamentConfig, entrants: Sequence[Entrant]) -> dict[str, Any]:
    """What decides every row of a tournament, as JSON."""
    return {
        "rules": asdict(config.rules),
        "format": asdict(config.format),
        "breaker": asdict(config.breaker),
        "qualifiers": config.qualifiers,
        "entrants": [{"name": each.name, "identity": dict(each.identity)} for each in entrants],
    }


def schedule_of(record: Record) -> Schedule:
    """The format with its entrants in seed order: of entry, or of the qualifying's result."""
    assert record.header is not None, "a record starts with its header"
    form, breaker = dict(record.header["format"]), dict(record.header["breaker"])
    sprt = form["sprt"]
    form |= {"kind": Kind(form["kind"]), "sprt": None if sprt is None else Sprt(**sprt)}
    breaker["rules"] = tuple(map(TieBreak, breaker["rules"]))
    breaker["benchmark"] = tuple((name, value) for name, value in breaker["benchmark"])
    return Schedule(FormatConfig(**form), seeds(record), Breaker(**breaker))


def seeds(record: Record) -> tuple[str, ...]:
    """Entrants, the best seed first; after a qualifying only those that go on."""
    assert record.header is not None, "a record starts with its header"
    names = [each["name"] for each in record.header["entrants"]]
    places = record.header["qualifiers"]
    if places is None or len(record.qualified) < len(names):
        return tuple(names)
    return tuple(sorted(names, key=lambda name: -record.qualified[name][0])[:places])


def _set_rows(subject: str, made: QuestionSet) -> list[Row]:
    rows = []
    for event in made.events:
        value = to_json(event)
        rows.append(Row(subject, str(value.pop("kind")), json_text(value)))
    return rows


def _same(stored: Mapping[str, Any], wanted: Mapping[str, Any], name: str) -> bool:
    return json_text(stored[name]) == json_text(wanted[name])
