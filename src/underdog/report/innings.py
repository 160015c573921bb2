"""The match: score, innings, and every question with what was answered. In: result.json. Out: rows.

Nothing is judged here: the points, the verdict per question and the intervals are the referee's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from underdog.pages.words import counted, percent, settings
from underdog.report.dots import Mark, make_mark
from underdog.report.folder import Json

SIDES = ("A", "B")
_ROLES = {"A": "subject", "B": "reference"}
_REASONS = {
    "score": "decided by points",
    "disqualified": "the other side was disqualified",
    "tie": "equal points",
}


@dataclass(frozen=True, slots=True)
class Side:
    """One team. `mark` is its answers' accuracy, None when it was asked nothing."""

    name: str
    total: str
    asking: str
    answering: str
    mark: Mark | None
    answered: str
    asked: str
    identity: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...]


class AskedRow(NamedTuple):
    """One question of an innings. `verdict` is "right", "wrong" or "left out"."""

    number: int
    topic: str
    question: str
    key: str
    answer: str
    sure: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Innings:
    """One half of the match."""

    title: str
    summary: str
    rows: tuple[AskedRow, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """The whole match. `strict` has both results where reading answers for the choice that they
    name, in whatever form, gives another one than the official comparison; "" where it does not.
    """

    headline: str
    strict: str
    caution: str
    rules: str
    sides: tuple[Side, ...]
    innings: tuple[Innings, ...]


def make_match(result: Json) -> Match:
    """The scoreboard of a finished match."""
    teams = result["teams"]
    return Match(
        headline=_headline(result),
        strict=_strict(teams),
        caution=_caution(teams),
        rules=f"Rules of edition {result['edition']}, {counted(result['questions'], 'question')} "
        f"per innings, seed {result['seed']}.",
        sides=tuple(_side(teams[name], _ROLES[name]) for name in SIDES),
        innings=tuple(_innings(innings, teams) for innings in result["innings"]),
    )


def _headline(result: Json) -> str:
    winner, reason = result["winner"], _REASONS.get(result["reason"], result["reason"])
    if winner is None:
        return f"Nobody wins: {reason}."
    return f"{result['teams'][winner]['name']} wins, {reason}."


def _strict(teams: Json) -> str:
    """Empty also for results that were written before they had a strict total."""
    official = [teams[name]["official"]["total"] for name in SIDES]
    strict = [
        teams[name].get("strict_total", own) for name, own in zip(SIDES, official, strict=True)
    ]
    if strict == official:
        return ""
    shown = " : ".join(f"{total:.1f}" for total in strict)
    return f"The score above is the official one; strict, with answers in any form, it is {shown}."


def _caution(teams: Json) -> str:
    """Whether the answers alone tell the players apart; "" when there is nothing to compare."""
    ranges = [teams[name]["accuracy"] for name in SIDES]
    if any(each["value"] is None for each in ranges):
        return ""
    first, second = ranges
    apart = first["low"] > second["high"] or second["low"] > first["high"]
    if apart:
        return "The intervals of the two sides' answers do not overlap."
    return (
        "The intervals of the two sides' answers overlap: so few questions do not tell these "
        "players apart."
    )


def _side(team: Json, role: str) -> Side:
    accuracy, official = team["accuracy"], team["official"]
    mark = None if accuracy["value"] is None else make_mark(accuracy, team["name"], role)
    return Side(
        name=team["name"],
        total=f"{official['total']:.1f}",
        asking=f"{official['asking']:.1f}",
        answering=f"{official['answering']:.1f}",
        mark=mark,
        answered=f"{accuracy['correct']} of {accuracy['questions']}",
        asked=f"{team['valid']} of {team['asked']}",
        identity=tuple(settings(team["identity"])),
        remarks=tuple(_remarks(team)),
    )


def _remarks(team: Json) -> list[str]:
    found = []
    if team["disqualified"]:
        found.append("disqualified: fewer than half of its questions were valid")
    if team["rejected"]:
        found.append(f"questions left out: {_counts(team['rejected'])}")
    others = {name: number for name, number in team["answers"].items() if name != "clean"}
    if any(others.values()):
        found.append(f"answers not clean: {_counts(others)}")
    if team["lost_to_format"]:
        found.append(f"lost to the format alone: {team['lost_to_format']}")
    return found


def _counts(table: Mapping[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in table.items() if n)


def _innings(innings: Json, teams: Json) -> Innings:
    asker, answerer = (teams[innings[key]]["name"] for key in ("asker", "answerer"))
    return Innings(
        title=f"Innings {innings['innings']}: {asker} asks, {answerer} answers",
        summary=f"{innings['correct']} of {innings['valid']} right",
        rows=tuple(_row(row) for row in innings["table"]),
    )


def _row(row: Json) -> AskedRow:
    if "rejected" in row:
        reason = f"{row['rejected'].replace('_', ' ')}: {row['detail']}".removesuffix(": ")
        return AskedRow(row["number"], row["topic"], reason, "", "", "", "left out")
    choices: dict[str, str] = {choice[:1]: choice for choice in row["choices"]}
    shown = choices.get(row["letter"] or "", row["answer"] or "")
    odd = "" if row["outcome"] == "clean" else f" ({row['outcome']})"
    return AskedRow(
        number=row["number"],
        topic=row["topic"],
        question=row["question"],
        key=choices.get(row["key"], str(row["key"])),
        answer=f"{shown or 'no answer'}{odd}",
        sure=_sure(row),
        verdict="right" if row["correct"] else "wrong",
    )


def _sure(row: Json) -> str:
    """The probability that the player gave to its own answer."""
    place = ord(row["letter"]) - ord("A") if row["letter"] else None
    if place is None or row["log_probs"] is None:
        return ""
    return percent(math.exp(row["log_probs"][place]), 0)
