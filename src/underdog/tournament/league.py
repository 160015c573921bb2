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
from underdog.tournament.formats.fixture import Fixture
from underdog.tournament.formats.schedule import FormatConfig, Kind, Schedule
from underdog.tournament.formats.sprt import Sprt
from underdog.tournament.formats.tiebreak import Breaker, TieBreak
from underdog.tournament.games import (
    ANSWER_LOST,
    Hall,
    Row,
    SetKey,
    Shown,
    answer_set,
    forfeit_rows,
    play_games,
    row,
)
from underdog.tournament.ledger import Ledger, Stored
from underdog.tournament.panel import KeyJudged, KeyRule, judge_keys
from underdog.tournament.past import past_of_record
from underdog.tournament.question_sets import make_set
from underdog.tournament.record import (
    HELD_OUT_KNOWN,
    HIDDEN,
    KEY_JUDGED,
    QUALIFYING_ENDED,
    SET_CLOSED,
    TEAM_FORFEITED,
    TOURNAMENT,
    TOURNAMENT_ENDED,
    TOURNAMENT_STARTED,
    Record,
    read_record,
)
from underdog.tournament.rules import Rules

SILENT_INNINGS = 3
"""Restarted for each innings, a program that gave nothing in three of them is not coming back."""


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
    keys: KeyRule = field(default_factory=KeyRule)
    """Whose word counts about the keys of questions."""
    forfeit_after: int = SILENT_INNINGS
    """Innings in a row in which a team gave nothing (every item late, crashed or missing) before it
    forfeits all that it has not played; at least 1."""

    def __post_init__(self) -> None:
        if self.forfeit_after < 1:
            raise InputError("at least 1 silent innings", got=str(self.forfeit_after))
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
        self._shown: dict[SetKey, tuple[Shown, ...]] = {}
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
        self._note_forfeits()
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
        """Entrants that play, and whose accuracy outside the tournament the store does not have."""
        known = {*self._record.held_out, *self._record.forfeits}
        return tuple(name for name in self._entrants if name not in known)

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

    def _write(self, rows: Sequence[Row], *, playing: Sequence[Fixture] | None = None) -> None:
        """To the disk, then into the record. `playing`: what is played from now on."""
        seq = self._record.seen
        keys = None if playing is None else [each.key for each in playing]
        self._ledger.append(rows, playing=keys)
        for number, each in enumerate(rows, start=seq + 1):
            self._record.add(Stored(number, *each))

    def _note_forfeits(self) -> None:
        """Of teams that gave nothing for too long."""
        limit = self._config.forfeit_after
        for name in self._entrants:
            silent = self._record.silent.get(name, 0)
            if silent >= limit and name not in self._record.forfeits:
                reason = f"nothing came from it in {silent} innings in a row"
                self._write([forfeit_row(name, reason)])

    def _qualify(self, qualifiers: int) -> None:
        """Everyone answers the same hidden questions, in the order of entry."""
        assert self._venue.hidden is not None, "checked when made"
        self._make_set((1, HIDDEN), self._venue.hidden)
        hall = self._hall(())
        shown = tuple(map(Shown.of, self._record.sets[1, HIDDEN].asked))
        left = [name for name in self._entrants if name not in self._record.qualified]
        self._venue.progress.begin(f"qualifying for {qualifiers} places", len(left))
        for name in left:
            subject = f"qualifying/{name}"
            put = () if name in self._record.forfeits else shown
            events = answer_set(self._entrants[name].answerer, put, innings=1, hall=hall)
            rows = [row(subject, event) for event in events]
            self._write([*rows, Row(subject, QUALIFYING_ENDED, json_text({"team": name}))])
            self._note_forfeits()
            self._venue.progress.advance()
        self._venue.progress.end()

    def _make_sets(self, due: Sequence[Fixture]) -> None:
        left = [key for key in self._played_sets(due) if key not in self._record.sets]
        if not left:
            return
        self._venue.progress.begin("question sets", len(left))
        for key in left:
            if key[1] not in self._record.forfeits:
                self._make_set(key, self._entrants[key[1]].asker)
                self._note_forfeits()
            self._venue.progress.advance()
        self._venue.progress.end()

    def _played_sets(self, due: Sequence[Fixture]) -> list[SetKey]:
        """What the games that are really played draw on."""
        out = self._record.forfeits
        played = [each for each in due if not any(name in out for name in each.names)]
        return sorted({(each.draw, name) for each in played for name in each.names})

    def _make_set(self, key: SetKey, asker: Asker) -> None:
        """A set is written as a whole, once, with what a panel said about its keys."""
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
        judged: list[KeyJudged] = []
        if team != HIDDEN:
            made, judged = judge_keys(made, self._config.keys)
        subject = f"set/{draw}/{team}"
        rows = [row(subject, event) for event in made.events]
        rows += [Row(subject, KEY_JUDGED, json_text(each.to_json())) for each in judged]
        closed = Row(subject, SET_CLOSED, json_text({"draw": draw, "team": team}))
        self._write([*rows, closed])

    def _play(self, due: Sequence[Fixture]) -> None:
        """Up to the end of `due`, or to the first forfeit: then what is left is planned anew."""
        venue, hall = self._venue, self._hall(due)
        blocks = cut(due, venue.games_per_block)
        venue.progress.begin(f"{due[0].stage}, round {due[0].round}", len(due))
        self._write([], playing=blocks[0])
        for number, games in enumerate(venue.engine.map(play_games, blocks, hall), start=1):
            coming = blocks[number] if number < len(blocks) else ()
            self._settle(blocks[number - 1], games, coming)
            venue.progress.advance(len(games))
            if len(self._record.forfeits) > len(hall.forfeited):
                break
        venue.progress.end()

    def _settle(
        self, fixtures: Sequence[Fixture], games: Sequence[list[Row]], coming: Sequence[Fixture]
    ) -> None:
        """Write games in the order of play. From a team's forfeit on its games are lost, also those
        that were under way with other workers; so every engine leaves the same rows.
        """
        rows: list[Row] = []
        for fixture, played in zip(fixtures, games, strict=True):
            out = self._record.forfeits.keys() & fixture.names
            rows += forfeit_rows(fixture, out) if out else played
            if not out and any(each.kind == ANSWER_LOST for each in played):
                self._write(rows)
                self._note_forfeits()
                rows = []
        self._write(rows, playing=coming)

    def _hall(self, due: Sequence[Fixture]) -> Hall:
        """Each set is read once, however many games use it."""
        keys = self._played_sets(due)
        for key in keys:
            if key not in self._shown:
                self._shown[key] = tuple(map(Shown.of, self._record.sets[key].put))
        answerers = {name: self._entrants[name].answerer for _, name in keys}
        return Hall(
            rules=self._config.rules,
            shown={key: self._shown[key] for key in keys},
            answerers=answerers,
            forfeited=frozenset(self._record.forfeits),
            count_tokens=self._venue.count_tokens,
            clock=self._venue.clock,
        )


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
        "keys": config.keys.to_json(),
        "forfeit_after": config.forfeit_after,
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


def forfeit_row(team: str, reason: str) -> Row:
    """From here on this team plays no more."""
    return Row(TOURNAMENT, TEAM_FORFEITED, json_text({"team": team, "reason": reason}))


def withdraw(ledger: Ledger, team: str, reason: str) -> None:
    """A team gives up, by the organiser's word: whatever it has not played is lost for it.

    InputError when it is no entrant, has forfeited already, or when the tournament is over.
    """
    record = read_record(ledger)
    names = [] if record.header is None else [each["name"] for each in record.header["entrants"]]
    if team not in names:
        raise InputError(f"an entrant out of {', '.join(names)}", got=repr(team))
    if record.ended:
        raise InputError("a tournament that is not over", got="all games are decided")
    if team in record.forfeits:
        raise InputError(
            "an entrant that still plays", got=f"{team}, out since {record.forfeits[team]}"
        )
    ledger.append([forfeit_row(team, reason)])


def _same(stored: Mapping[str, Any], wanted: Mapping[str, Any], name: str) -> bool:
    return json_text(stored.get(name)) == json_text(wanted[name])
