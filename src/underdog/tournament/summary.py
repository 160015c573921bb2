"""What a tournament says so far, as plain JSON: table, strengths, ties, faults, games.

In: a record. Out: one value that the terminal, the export and the pages all print. Pure. Never: a
number without what it was computed from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from underdog.interval import Interval, wilson
from underdog.tournament.formats.fixture import Result
from underdog.tournament.formats.schedule import Kind
from underdog.tournament.league import schedule_of
from underdog.tournament.ratings.agreement import agreement
from underdog.tournament.ratings.chance import Power, picks_the_best
from underdog.tournament.ratings.groups import tied_groups
from underdog.tournament.ratings.items import Fit, fit_items
from underdog.tournament.ratings.pairwise import Rating, bradley_terry, openskill
from underdog.tournament.record import Record


def summarise(record: Record) -> dict[str, Any]:
    """Everything but ratings from wins (`win_ratings`) and the simulation (`chance`), which load
    or cost more.
    """
    assert record.header is not None, "a record starts with its header"
    schedule = schedule_of(record)
    fit = _fit(record)
    return {
        "format": record.header["format"]["kind"],
        "questions": record.rules.questions,
        "edition": record.rules.edition,
        "seed": record.rules.seed,
        "entrants": [each["name"] for each in record.header["entrants"]],
        "finished": record.ended,
        "games": {"played": len(record.results), "due": len(schedule.due(record.results))},
        "standings": [asdict(each) for each in schedule.standings(record.results)],
        "strengths": [] if fit is None else _strengths(fit),
        "tied": [] if fit is None else [list(group) for group in tied_groups(fit)],
        "held_out": _held_out(record),
        "agreement": None if fit is None else _agreement(record, fit),
        "faults": _faults(record),
        "qualifying": _qualifying(record),
        "bracket": _bracket(record),
        "results": [_result(each) for each in sorted_results(record)],
    }


def sorted_results(record: Record) -> list[Result]:
    """In the order of play."""
    return [record.results[key] for key in sorted(record.results)]


def win_ratings(record: Record) -> tuple[tuple[Rating, ...], tuple[Rating, ...]]:
    """Bradley-Terry and openskill."""
    return bradley_terry(record.results.values()), openskill(record.results.values())


def chance(record: Record, *, times: int) -> dict[str, Any]:
    """How often this format with this many questions picks the best of these entrants, if their
    strengths are as fitted.
    """
    fit = fit_items(record.tallies())
    size = len(fit.names)
    powers = {
        name: Power(float(fit.values[place]), float(fit.values[size + place]))
        for place, name in enumerate(fit.names)
    }
    questions = record.rules.questions
    found = picks_the_best(schedule_of(record), powers, questions=questions, times=times)
    return found.to_json()


def _fit(record: Record) -> Fit | None:
    tallies = record.tallies() if record.results else []
    return fit_items(tallies) if tallies else None


def _strengths(fit: Fit) -> list[dict[str, Any]]:
    return [
        {
            "name": each.name,
            "answering": each.answering.to_json(),
            "asking": each.asking.to_json(),
            "overall": each.overall.to_json(),
        }
        for each in fit.strengths()
    ]


def _held_out(record: Record) -> list[dict[str, Any]]:
    return [
        {"name": name, "source": source, **accuracy.to_json()}
        for name, (accuracy, source) in sorted(held_out(record).items())
    ]


def held_out(record: Record) -> dict[str, tuple[Interval, str]]:
    """What is known of entrants' accuracy outside the games; the answers to the hidden questions of
    a qualifying where nothing else is.
    """
    hidden = {
        name: (wilson(*counts), "qualifying")
        for name, counts in record.qualified.items()
        if counts[1]
    }
    return record.held_out or hidden


def _agreement(record: Record, fit: Fit) -> dict[str, Any] | None:
    known = {name: accuracy for name, (accuracy, _) in held_out(record).items()}
    found = agreement(fit, known)
    return None if found is None else found.to_json()


def _faults(record: Record) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {}
    for (team, kind), count in sorted(record.faults.items()):
        found.setdefault(team, Counter())[kind] += count
    return {team: dict(counts) for team, counts in found.items()}


def _qualifying(record: Record) -> list[dict[str, Any]]:
    order = sorted(record.qualified, key=lambda name: (-record.qualified[name][0], name))
    return [
        {"name": name, **wilson(*record.qualified[name]).to_json()}
        for name in order
        if record.qualified[name][1]
    ]


def _bracket(record: Record) -> list[list[Mapping[str, Any]]]:
    schedule = schedule_of(record)
    if schedule.config.kind not in (Kind.KNOCKOUT, Kind.MATCH):
        return []
    rounds = schedule.knockout().bracket(schedule.entrants, record.results)
    return [
        [
            {
                "stage": tie.stage,
                "names": list(tie.opening.names) if tie.opening else [tie.one],
                "winner": tie.winner,
                "games": [
                    each.fixture.key
                    for each in schedule.knockout().meeting.games(tie.opening, record.results)
                ]
                if tie.opening
                else [],
            }
            for tie in ties
        ]
        for ties in rounds
    ]


def _result(result: Result) -> dict[str, Any]:
    fixture = result.fixture
    return {
        "key": fixture.key,
        "stage": fixture.stage,
        "round": fixture.round,
        "one": fixture.one,
        "other": fixture.other,
        "right": [result.one.right, result.other.right],
        "put": [result.one.put, result.other.put],
        "disqualified": [result.one.disqualified, result.other.disqualified],
        "winner": result.winner,
    }
