"""Accuracy with intervals, as rows of dots. In: results.json. Out: values for the page's charts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from underdog.pages.scale import Scale, Tick
from underdog.pages.words import bounds, percent
from underdog.report.folder import Json

SHARES = Scale(0.0, 1.0)
UNNAMED = "(none)"
"""Shown for questions without a topic, band or source."""
_SHOWN_ROWS = 14
"""Longer tables keep the rest behind a summary line."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One model's dot and interval. `role` is "reference", "other" or "subject"."""

    model: str
    role: str
    value: str
    bounds: str
    at: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class DotRow:
    """`marks` is in the order of the models; None where a model has no number here."""

    label: str
    n: int
    marks: tuple[Mark | None, ...]

    @property
    def spoken(self) -> str:
        """The row for readers who do not see the drawing."""
        said = [f"{mark.model} {mark.value} {mark.bounds}" for mark in self.marks if mark]
        return f"{self.label}: " + ", ".join(said)


@dataclass(frozen=True, slots=True)
class DotTable:
    """A chart in the form of a table. `rest` is behind a summary line."""

    title: str
    noun: str
    models: tuple[tuple[str, str], ...]
    rows: tuple[DotRow, ...]
    rest: tuple[DotRow, ...]
    chance: float
    ticks: tuple[Tick, ...]


def roles(results: Json) -> tuple[tuple[str, str], ...]:
    """Name and role of each model: the first is the reference, the last the subject."""
    names = [model["name"] for model in results["models"]]
    last = len(names) - 1
    kinds = [
        "subject" if i == last else "reference" if i == 0 else "other" for i in range(last + 1)
    ]
    return tuple(zip(names, kinds, strict=True))


def make_mark(interval: Json, model: str, role: str) -> Mark:
    """A dot with its interval; places are per cent of the chart's width."""
    return Mark(
        model=model,
        role=role,
        value=percent(interval["value"]),
        bounds=bounds(interval),
        at=SHARES.across(interval["value"]),
        low=SHARES.across(interval["low"]),
        high=SHARES.across(interval["high"]),
    )


def dot_table(results: Json, key: str, title: str, noun: str) -> DotTable:
    """The chart of one breakdown (`by_topic`, `by_band`, `by_source`), or of the whole set."""
    models = results["models"]
    groups = [_groups(model, key) for model in models]
    names = list(dict.fromkeys(name for group in groups for name in group))
    rows = [_row(name, [group.get(name) for group in groups], roles(results)) for name in names]
    ticks = (0.0, 0.25, 0.5, 0.75, 1.0)
    return DotTable(
        title=title,
        noun=noun,
        models=roles(results),
        rows=tuple(rows[:_SHOWN_ROWS]),
        rest=tuple(rows[_SHOWN_ROWS:]),
        chance=SHARES.across(results["chance"]),
        ticks=tuple(Tick(f"{100 * value:.0f}", SHARES.across(value)) for value in ticks),
    )


def _groups(model: Json, key: str) -> dict[str, Any]:
    if key == "accuracy":
        return {"All questions": model["accuracy"]}
    return {group["name"] or UNNAMED: group["accuracy"] for group in model[key]}


def _row(name: str, cells: list[Any], models: tuple[tuple[str, str], ...]) -> DotRow:
    marks = tuple(
        None if cell is None else make_mark(cell, *model)
        for cell, model in zip(cells, models, strict=True)
    )
    return DotRow(name, next(cell["n"] for cell in cells if cell is not None), marks)


def worst_topics(results: Json) -> DotTable:
    """The subject's weakest topics, as the evaluation chose them, weakest first."""
    table = dot_table(results, "by_topic", "Weakest topics", "topic")
    rows = {row.label: row for row in (*table.rows, *table.rest)}
    names = [entry["topic"] or UNNAMED for entry in results["worst_topics"]]
    return replace(table, rows=tuple(rows[name] for name in names), rest=())
