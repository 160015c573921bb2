"""Ratings with their intervals, tied groups, and how often the format would find the best team.

In: a record and its summary. Out: values for the templates. Never: a rank without its interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from underdog.errors import InputError, MissingExtraError
from underdog.pages.scale import Scale, Tick, scale_over
from underdog.pages.words import bounds, percent
from underdog.report.tournament.overview import Team
from underdog.tournament.ratings.items import Part
from underdog.tournament.record import Record
from underdog.tournament.summary import chance, win_ratings

_DRAWS = 100_000
"""Games that a simulation may play: some seconds."""
_MOST, _LEAST = 200, 20
"""Simulated tournaments."""


class Mark(NamedTuple):
    """A dot of the drawing `track`: places in per cent of its width."""

    role: str
    low: float
    at: float
    high: float
    value: str
    bounds: str


class Rated(NamedTuple):
    """A team's strengths, in the order of `PARTS`; by wins "" where the packages are missing."""

    group: int
    team: Team
    marks: tuple[Mark, ...]
    by_wins: str
    openskill: str


@dataclass(frozen=True, slots=True)
class Strengths:
    """`groups` are teams that are not separable; `missing` says what would be needed for the rest;
    `best` is the sentence about the format, "" before it is known.
    """

    rows: tuple[Rated, ...]
    ticks: tuple[Tick, ...]
    zero: float
    groups: tuple[tuple[Team, ...], ...]
    missing: str


PARTS = (
    (Part.OVERALL, "overall"),
    (Part.ANSWERING, "answering θ"),
    (Part.ASKING, "asking β"),
)


def make_strengths(
    record: Record, summary: Mapping[str, Any], teams: Mapping[str, Team]
) -> Strengths | None:
    """None before an answer was given."""
    fitted = summary["strengths"]
    if not fitted:
        return None
    scale = scale_over(
        [each[part.value][end] for each in fitted for part, _ in PARTS for end in ("low", "high")]
    )
    wins, missing = _wins(record)
    group_of = {name: place for place, group in enumerate(summary["tied"], 1) for name in group}
    rows = tuple(
        Rated(
            group_of[each["name"]],
            teams[each["name"]],
            tuple(
                _mark(each[part.value], scale, role)
                for (part, _), role in zip(PARTS, ("subject", "reference", "other"), strict=True)
            ),
            *wins.get(each["name"], ("", "")),
        )
        for each in fitted
    )
    return Strengths(
        rows,
        tuple(Tick(_logits(value), scale.across(value)) for value in scale.ticks()),
        scale.across(0.0),
        tuple(tuple(teams[name] for name in group) for group in summary["tied"] if len(group) > 1),
        missing,
    )


def best_team_sentence(record: Record) -> str:
    """How often this format at this number of questions picks the best of these teams."""
    if not record.results:
        return ""
    times = max(_LEAST, min(_MOST, _DRAWS // len(record.results)))
    try:
        found = chance(record, times=times)
    except InputError:
        return ""  # a team that has neither asked nor answered has no strength to play with
    return (
        f"With these strengths this format at {record.rules.questions} questions per innings picks "
        f"the best team {percent(found['value'], 0)} of the time {bounds(found)} "
        f"({found['n']} simulated tournaments)."
    )


def _wins(record: Record) -> tuple[dict[str, tuple[str, str]], str]:
    try:
        bradley, skill = ({each.name: each for each in rated} for rated in win_ratings(record))
    except MissingExtraError as error:
        return {}, str(error)
    except InputError:
        return {}, ""  # no game is over yet
    return {
        name: (_logits(bradley[name].mu, 2), f"{each.mu:.1f} ± {2 * (each.sigma or 0.0):.1f}")
        for name, each in skill.items()
    }, ""


def _mark(interval: Mapping[str, Any], scale: Scale, role: str) -> Mark:
    low, value, high = (interval[name] for name in ("low", "value", "high"))
    return Mark(
        role,
        scale.across(low),
        scale.across(value),
        scale.across(high),
        _logits(value, 2),
        f"[{_logits(low, 2)}, {_logits(high, 2)}]",
    )


def _logits(value: float, digits: int | None = None) -> str:
    text = f"{value:+g}" if digits is None else f"{value:+.{digits}f}"
    return text.replace("-", "\u2212") if float(text) else "0"
