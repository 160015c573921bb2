"""The pages of a tournament by their paths: the same for the live server and for a site of files.

In: an onlooker and a path. Out: HTML, or None where there is no such page. A path is matched as a
whole against what pages there are and opens no file, so that none can lead outside. Never: a text
that reaches a page unescaped, or unbounded (`text.visible` is applied to every value printed).
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property
from importlib.resources import files
from typing import Any

from underdog import __version__
from underdog.pages.environment import SHARED, open_templates
from underdog.report.tournament.faults import FaultLine
from underdog.report.tournament.onlooker import Onlooker
from underdog.report.tournament.overview import Overview, about, make_overview, teams_of
from underdog.report.tournament.replay import make_replay
from underdog.report.tournament.strengths import (
    PARTS,
    Strengths,
    best_team_sentence,
    make_strengths,
)
from underdog.report.tournament.text import visible
from underdog.tournament.record import HIDDEN
from underdog.tournament.scoreboard import scoreboard
from underdog.tournament.summary import summarise

HERE = "underdog.report.tournament"
STYLE_NAME, SCRIPT_NAME = "style.css", "live.js"
_TOP = re.compile(r"(index|games|faults)\.html")
_TEAM = re.compile(r"teams/([1-9][0-9]{0,6})\.html")
_MATCH = re.compile(r"matches/([0-9]{4,8}\.[0-9]{3,8}\.[0-9]{4,8})\.html")


class Replays(StrEnum):
    """When questions and keys are shown: a set is asked of others after its first game."""

    LIVE = "live"
    END = "end"


class Moment:
    """What the pages of one mark share, each part made when a page first wants it."""

    def __init__(self, onlooker: Onlooker) -> None:
        self._onlooker = onlooker
        self.mark = onlooker.mark
        self.pages: dict[str, str] = {}

    @cached_property
    def _summary(self) -> dict[str, Any]:
        return summarise(self._onlooker.record)

    @cached_property
    def overview(self) -> Overview:
        """Table, bracket, games, entrants."""
        return make_overview(self._onlooker, self._summary)

    @cached_property
    def strengths(self) -> Strengths | None:
        """Ratings."""
        record = self._onlooker.record
        return make_strengths(record, self._summary, teams_of(record))

    @cached_property
    def best(self) -> str:
        """The sentence on the format; takes seconds for large tournaments."""
        return best_team_sentence(self._onlooker.record)

    @cached_property
    def faults(self) -> tuple[FaultLine, ...]:
        """Counted."""
        return self._onlooker.faults.lines()


class Pages:
    """Any number of threads. MissingExtraError when made without jinja2."""

    def __init__(
        self, onlooker: Onlooker, *, live: bool = False, replays: Replays = Replays.LIVE
    ) -> None:
        """`live`: pages follow the store by themselves until the tournament is over."""
        self._onlooker, self._live, self._replays = onlooker, live, replays
        self._templates = open_templates(HERE, feature="the pages of a tournament")
        # Every value that a template prints goes through it, whatever the template forgets.
        self._templates.finalize = _fit_to_be_seen
        self._lock = threading.Lock()
        self._moment = Moment(onlooker)
        self.made_s = 0.0
        """What the dearest page of the last change took to make, in seconds."""

    def look(self) -> str:
        """Take in what is new in the store, and give its mark."""
        with self._lock:
            return self._onlooker.look()

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return self._onlooker.record.ended

    def page(self, path: str) -> str | None:
        """As the store is now."""
        with self._lock:
            if self._onlooker.look() != self._moment.mark:
                self._moment, self.made_s = Moment(self._onlooker), 0.0
            known = self._moment.pages
            if path not in known:
                begun = time.perf_counter()
                made = self._make(path)
                self.made_s = max(self.made_s, time.perf_counter() - begun)
                if made is None:
                    return None
                known[path] = made
            return known[path]

    def missing(self) -> str:
        """Said where there is no page."""
        with self._lock:
            return self._render("missing", "/", mark="", live=False)

    def paths(self) -> Iterator[str]:
        """Every page that there is now."""
        yield from ("index.html", "games.html", "faults.html")
        for team in teams_of(self._onlooker.record).values():
            yield team.page
        for key in sorted(self._onlooker.record.results):
            yield f"matches/{key}.html"

    def _make(self, path: str) -> str | None:
        record, moment = self._onlooker.record, self._moment
        if record.header is None:
            return self._render("waiting", "") if path == "index.html" else None
        if found := _TOP.fullmatch(path):
            return self._top(found[1])
        if found := _TEAM.fullmatch(path):
            return self._team(int(found[1]))
        found = _MATCH.fullmatch(path)
        if found is None or found[1] not in record.results:
            return None
        (game,) = (each for each in moment.overview.games if each.key == found[1])
        shown = record.ended or self._replays is Replays.LIVE
        return self._render(
            "match", "../", game=game, replay=self._replay(game.key) if shown else None
        )

    def _top(self, name: str) -> str:
        moment, teams = self._moment, teams_of(self._onlooker.record)
        parts: dict[str, Any] = {"view": moment.overview, "faults": moment.faults, "teams": teams}
        if name == "index":
            done = self._onlooker.record.ended or not self._live
            parts |= {"strengths": moment.strengths, "best": moment.best if done else ""}
        return self._render(name, "", **parts)

    def _team(self, number: int) -> str | None:
        view = self._moment.overview
        if number > len(view.entrants):
            return None
        name = list(teams_of(self._onlooker.record))[number - 1]
        known = self._moment.strengths
        rated = [] if known is None else [r for r in known.rows if r.team.number == number]
        games = [game for game in view.games if number in (game.one.number, game.other.number)]
        return self._render(
            "team",
            "../",
            about=view.entrants[number - 1],
            places=[each for each in view.places if each.team.number == number],
            rated=rated,
            games=games,
            faults=[each for each in self._moment.faults if each.team == name],
        )

    def _replay(self, key: str) -> Any:
        record = self._onlooker.record
        board = scoreboard(self._onlooker.events(key))
        sides = {team.team: about(record, team.name) for team in board.teams}
        return make_replay(board, sides)

    def _render(self, name: str, root: str, **parts: Any) -> str:
        given = {
            "root": root,
            "mark": self._moment.mark,
            "live": self._live and not self.ended,
            "parts_of_strength": PARTS,
            "hidden_team": HIDDEN,
            "version": __version__,
        }
        return str(self._templates.get_template(f"{name}.html.j2").render(given | parts))


def style() -> str:
    """One file for every page."""
    shared = (files(SHARED) / "templates" / "base.css").read_text(encoding="utf-8")
    return shared + (files(HERE) / "templates" / "tournament.css").read_text(encoding="utf-8")


def script() -> str:
    """What makes a page live."""
    return (files(HERE) / "templates" / SCRIPT_NAME).read_text(encoding="utf-8")


def _fit_to_be_seen(value: Any) -> Any:
    """Text of anybody; Markup, which the templates made, is a str of a class of its own."""
    return visible(value) if type(value) is str else value
