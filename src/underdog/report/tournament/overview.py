"""The tournament at a glance: how it stands, who meets whom, what is played now, under what rules.

In: an onlooker and the summary of its record. Out: values for the templates. Never: a number that
is not in the summary, a name that leads to a page by itself (pages are numbered).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from underdog.pages.words import bounds, count, counted, percent
from underdog.report.tournament.onlooker import Onlooker
from underdog.report.tournament.text import visible_name
from underdog.tournament.formats.fixture import Fixture
from underdog.tournament.formats.swiss import STAGE as SWISS
from underdog.tournament.record import Record

_ISOLATIONS = {
    "namespaces": "own process ids, no network, nothing to write but its own copy",
    "processes": "limits and the end of its process tree; files and network were open to it",
    "another machine": "asked over HTTP, each exchange within its deadline",
}
"""What `tournament.entrants` writes into an entrant's identity, in words."""
_OUR_OWN = "in underdog's own process: no code of a stranger"
_FORMATS = {
    "match": "match",
    "round-robin": "round robin",
    "knockout": "knockout",
    "swiss": "Swiss rounds",
    "gauntlet": "gauntlet",
}


class Team(NamedTuple):
    """An entrant by its number, from 1 in the order of entry."""

    number: int
    name: str

    @property
    def page(self) -> str:
        """From the root of the pages."""
        return f"teams/{self.number}.html"


class About(NamedTuple):
    """What an entrant is, and what stood between it and this machine."""

    team: Team
    kind: str
    isolation: str
    digest: str


class Game(NamedTuple):
    """`right` is of both sides, "" before it is played; `winner` is a team's number, 0 for a tie,
    None before; `state` is "played", "playing" or "due".
    """

    key: str
    round: int
    stage: str
    one: Team
    other: Team
    right: tuple[str, str]
    winner: int | None
    remark: str
    state: str

    @property
    def page(self) -> str:
        """From the root of the pages."""
        return f"matches/{self.key}.html"


class Place(NamedTuple):
    """A line of the table."""

    place: int
    team: Team
    played: int
    won: int
    tied: int
    lost: int
    points: str


class Meeting(NamedTuple):
    """A place in the bracket. `other` is None where `one` rests; `wins` are points by games."""

    stage: str
    one: Team
    other: Team | None
    wins: tuple[str, str]
    winner: int | None
    games: tuple[Game, ...]

    @property
    def by_tie_break(self) -> bool:
        """Whether games alone did not decide it."""
        return bool(self.winner and self.games) and self.wins[0] == self.wins[1]


class Hidden(NamedTuple):
    """A team's answers to the hidden questions of a qualifying."""

    team: Team
    value: str
    bounds: str
    goes_on: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything but strengths and faults. `champion` is None before the end, and after a tie;
    `resting` is of Swiss rounds by their number.
    """

    title: str
    state: str
    state_words: str
    champion: Team | None
    facts: tuple[tuple[str, str], ...]
    playing: tuple[Game, ...]
    places: tuple[Place, ...]
    bracket: tuple[tuple[str, tuple[Meeting, ...]], ...]
    hidden: tuple[Hidden, ...]
    entrants: tuple[About, ...]
    games: tuple[Game, ...]
    resting: Mapping[int, tuple[Team, ...]]


def teams_of(record: Record) -> dict[str, Team]:
    """By name."""
    assert record.header is not None, "a record starts with its header"
    names = [each["name"] for each in record.header["entrants"]]
    return {name: Team(number, visible_name(name)) for number, name in enumerate(names, start=1)}


def make_overview(onlooker: Onlooker, summary: Mapping[str, Any]) -> Overview:
    """The views of one moment."""
    teams = teams_of(onlooker.record)
    due = onlooker.fixtures_due()
    played = {each["key"]: _played(each, teams) for each in summary["results"]}
    open_games = [_open(each, teams, playing=onlooker.is_playing(each)) for each in due]
    games = (*played.values(), *open_games)
    places = tuple(_place(each, teams) for each in summary["standings"])
    leaders = [each.team for each in places if each.place == 1]
    champion = leaders[0] if summary["finished"] and len(leaders) == 1 else None
    state, words = _state(onlooker)
    return Overview(
        title=_title(summary, champion),
        state=state,
        state_words=words,
        champion=champion,
        facts=_facts(summary, len(due)),
        playing=tuple(each for each in open_games if each.state == "playing"),
        places=places,
        bracket=() if onlooker.qualifying else tuple(_bracket(summary["bracket"], teams, played)),
        hidden=tuple(_hidden(summary, onlooker.record, teams)),
        entrants=tuple(about(onlooker.record, each) for each in teams),
        games=games,
        resting=_resting(games, [each.team for each in places]),
    )


def about(record: Record, name: str) -> About:
    """Of one entrant, from what the header says of it. Its paths stay with the organiser."""
    assert record.header is not None
    (identity,) = (e["identity"] for e in record.header["entrants"] if e["name"] == name)
    isolation = identity.get("isolation")
    answers = identity.get("answers", {})
    if "url" in identity:
        kind, digest = "server", ""
    elif "folder" in identity:
        kind, digest = "folder of agents", str(identity["folder"])
    elif "baseline" in answers:
        kind, digest = f"baseline {answers['baseline']}", ""
    elif "ensemble" in answers:
        kind, digest = "ensemble", str(answers["ensemble"])
    else:
        kind, digest = ("model", "") if answers else ("player", "")
    words = _OUR_OWN if isolation is None else _ISOLATIONS.get(isolation, str(isolation))
    label = words if isolation not in _ISOLATIONS else f"{isolation}: {words}"
    return About(teams_of(record)[name], kind, label, digest)


def _title(summary: Mapping[str, Any], champion: Team | None) -> str:
    kind = _FORMATS.get(summary["format"], summary["format"])
    if champion is not None:
        return f"{champion.name} wins the {kind}"
    if summary["finished"]:
        return f"The {kind} has no single winner"
    played = summary["games"]["played"]
    return f"{kind.capitalize()}: {counted(played, 'game')} played"


def _state(onlooker: Onlooker) -> tuple[str, str]:
    if onlooker.record.ended:
        return "finished", "Finished"
    if onlooker.running:
        return "running", "Qualifying" if onlooker.qualifying else "Being played"
    return "stopped", "Nobody plays it on this machine now; underdog tournament resume goes on"


def _facts(summary: Mapping[str, Any], due: int) -> tuple[tuple[str, str], ...]:
    facts = [
        ("Entrants", count(len(summary["entrants"]))),
        ("Games played", count(summary["games"]["played"])),
        ("Questions per innings", count(summary["questions"])),
        ("Rules of edition", str(summary["edition"])),
        ("Seed", str(summary["seed"])),
    ]
    if due:
        facts.insert(2, ("Games due now", count(due)))
    return tuple(facts)


def _played(result: Mapping[str, Any], teams: Mapping[str, Team]) -> Game:
    one, other = teams[result["one"]], teams[result["other"]]
    right = tuple(
        f"{right} of {put}" for right, put in zip(result["right"], result["put"], strict=True)
    )
    out = [
        team.name
        for team, is_out in zip((one, other), result["disqualified"], strict=True)
        if is_out
    ]
    winner = 0 if result["winner"] is None else teams[result["winner"]].number
    return Game(
        result["key"],
        result["round"],
        result["stage"],
        one,
        other,
        (right[0], right[1]),
        winner,
        f"disqualified: {', '.join(out)}" if out else "",
        "played",
    )


def _open(fixture: Fixture, teams: Mapping[str, Team], *, playing: bool) -> Game:
    one, other = (teams[name] for name in fixture.names)
    state = "playing" if playing else "due"
    return Game(fixture.key, fixture.round, fixture.stage, one, other, ("", ""), None, "", state)


def _resting(games: Iterable[Game], teams: Iterable[Team]) -> dict[int, tuple[Team, ...]]:
    """A Swiss round is known as a whole, and who is in none of its games rests."""
    rounds: dict[int, set[Team]] = {}
    for game in games:
        if game.stage == SWISS:
            rounds.setdefault(game.round, set()).update((game.one, game.other))
    return {
        number: tuple(team for team in teams if team not in meeting)
        for number, meeting in rounds.items()
    }


def _place(standing: Mapping[str, Any], teams: Mapping[str, Team]) -> Place:
    counts = (standing[name] for name in ("played", "won", "tied", "lost"))
    return Place(
        standing["place"], teams[standing["name"]], *counts, points=f"{standing['points']:g}"
    )


def _bracket(
    rounds: Iterable[Iterable[Mapping[str, Any]]],
    teams: Mapping[str, Team],
    played: Mapping[str, Game],
) -> Iterable[tuple[str, tuple[Meeting, ...]]]:
    for ties in rounds:
        meetings = tuple(_meeting(tie, teams, played) for tie in ties)
        yield meetings[0].stage, meetings


def _meeting(
    tie: Mapping[str, Any], teams: Mapping[str, Team], played: Mapping[str, Game]
) -> Meeting:
    sides = [teams[name] for name in tie["names"]]
    games = tuple(played[key] for key in tie["games"])
    points = [
        sum(0.5 if game.winner == 0 else float(game.winner == side.number) for game in games)
        for side in sides
    ]
    return Meeting(
        tie["stage"],
        sides[0],
        sides[1] if len(sides) > 1 else None,
        (f"{points[0]:g}", f"{points[-1]:g}") if games else ("", ""),
        None if tie["winner"] is None else teams[tie["winner"]].number,
        games,
    )


def _hidden(
    summary: Mapping[str, Any], record: Record, teams: Mapping[str, Team]
) -> Iterable[Hidden]:
    assert record.header is not None
    places = record.header["qualifiers"]
    # The names that went on are those of the table, once all have answered.
    done = places is not None and len(record.qualified) == len(teams)
    on = {each["name"] for each in summary["standings"]} if done else set()
    for each in summary["qualifying"]:
        name = each["name"]
        yield Hidden(teams[name], percent(each["value"]), bounds(each), name in on)
