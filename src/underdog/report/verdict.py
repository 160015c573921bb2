"""The page's first words: who is better, by how much, on what, and whether that is sure.

In: results.json. Out: a title, the sentence with all its numbers, and the figures below it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from underdog.pages.words import bounds, count, counted, p_value, percent, points, points_range
from underdog.report.dots import DotTable, dot_table
from underdog.report.folder import Json

TUNING = ("base", "tuned")
"""The names that `underdog run` gives to the two models it compares."""


class Fact(NamedTuple):
    """A figure beside the headline, with a remark below it."""

    name: str
    figure: str
    remark: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The page's first words: `short` is the title, `sentence` the whole truth."""

    short: str
    sentence: str
    chance: str
    overall: DotTable
    facts: tuple[Fact, ...]


def make_verdict(results: Json) -> Verdict:
    """The headline: the last model against the first, or the only model against chance."""
    comparison = results["comparisons"][-1] if results["comparisons"] else None
    return Verdict(
        short=_short(results) if comparison is None else _short_of(comparison, results),
        sentence=_capital(
            _sentence(results) if comparison is None else _sentence_of(comparison, results)
        ),
        chance=percent(results["chance"]),
        overall=dot_table(results, "accuracy", "All held-out questions", "set"),
        facts=_facts(results, comparison),
    )


def _accuracy(model: Json) -> str:
    return f"{percent(model['accuracy']['value'])} {bounds(model['accuracy'])}"


def _short(results: Json) -> str:
    model = results["models"][-1]
    return f"{_capital(model['name'])} answers {percent(model['accuracy']['value'])} right"


def _sentence(results: Json) -> str:
    model = results["models"][-1]
    return (
        f"{model['name']} {_accuracy(model)} on {_held_out(results)}, with 95\u202f% intervals; "
        f"chance is {percent(results['chance'])}."
    )


def _short_of(comparison: Json, results: Json) -> str:
    first, subject = results["models"][0], results["models"][-1]
    was, now = (percent(model["accuracy"]["value"]) for model in (first, subject))
    if comparison["winner"] is None:
        return f"{_capital(first['name'])} and {subject['name']} cannot be told apart"
    if (first["name"], subject["name"]) != TUNING:
        return f"{_capital(subject['name'])} answers {now} right, {first['name']} {was}"
    verb = "lifts" if comparison["winner"] == subject["name"] else "lowers"
    return f"Tuning {verb} accuracy from {was} to {now}"


def _sentence_of(comparison: Json, results: Json) -> str:
    first, subject = results["models"][0], results["models"][-1]
    return (
        f"{first['name']} {_accuracy(first)} \u2192 {subject['name']} {_accuracy(subject)} "
        f"on {_held_out(results)}, with 95\u202f% intervals; McNemar p "
        f"{p_value(comparison['p_value'])}: {_separation(comparison)}."
    )


def _separation(comparison: Json) -> str:
    if comparison["winner"] is not None:
        return f"separable, {comparison['winner']} is better"
    needed = comparison["questions_needed"]
    if needed is None:
        return "not separable, and the two are equally often right here"
    questions = counted(needed, "question")
    return f"not separable; about {questions} would be needed for a difference of this size"


def _facts(results: Json, comparison: Json | None) -> tuple[Fact, ...]:
    remark = f"chance {percent(results['chance'])}"
    asked = Fact("Held-out questions", count(results["questions"]), remark)
    if comparison is None:
        return (asked,)
    gained, lost = comparison["only_second"], comparison["only_first"]
    difference = comparison["difference"]
    return (
        Fact("Difference", points(difference), f"points {points_range(difference)}"),
        Fact("Changed answers", f"{gained + lost}", f"{gained} gained, {lost} lost"),
        asked,
    )


def _held_out(results: Json) -> str:
    return counted(results["questions"], "held-out question")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
