"""The scores of an evaluation as one HTML page: by month, by class, with the challenge's score.

In: an `Evaluation`. Out: a page that needs nothing else. Never: a clock, a script, a request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from underdog.interval import Interval
from underdog.pages.environment import open_templates
from underdog.pages.scale import Scale, Tick
from underdog.pages.words import bounds, count, counted, percent
from underdog.runs.files import write_json, write_text
from underdog.vision.detection.robustness import Evaluation, MonthScore

PAGE_NAME, JSON_NAME = "evaluation.html", "evaluation.json"
_SHARES = Scale(0.0, 1.0)
NONE = "none"


class Fact(NamedTuple):
    """A number with its name and a remark, ready to print."""

    name: str
    figure: str
    remark: str


class Mark(NamedTuple):
    """A dot of the drawing `track`: places in per cent of its width."""

    role: str
    low: float
    at: float
    high: float


@dataclass(frozen=True, slots=True)
class MonthLine:
    """One month, ready to print; `marks` is empty where it has no object."""

    month: str
    images: str
    boxes: str
    map50: str
    map: str
    seen: str
    marks: tuple[Mark, ...]

    @property
    def spoken(self) -> str:
        """The line in words."""
        return f"{self.month}: mAP50 {self.map50}"


def write_results(folder: Path, evaluation: Evaluation, *, title: str) -> Path:
    """Write evaluation.json and evaluation.html into `folder`; gives the page's path."""
    page = render(evaluation, title=title)
    write_json(folder / JSON_NAME, evaluation.to_json())
    write_text(folder / PAGE_NAME, page)
    return folder / PAGE_NAME


def render(evaluation: Evaluation, *, title: str) -> str:
    """The page; a pure function of its arguments. MissingExtraError without jinja2."""
    templates = open_templates(__name__.rpartition(".")[0], feature="the evaluation page")
    ticks = tuple(Tick(f"{100 * at:.0f}", _SHARES.across(at)) for at in (0, 0.25, 0.5, 0.75, 1))
    known = [month.map50 for month in evaluation.months if month.map50 is not None]
    middle = _SHARES.across(sum(known) / len(known)) if known else None
    page = templates.get_template("evaluation.html.j2").render(
        title=title,
        headline=headline(evaluation),
        lede=_lede(evaluation),
        facts=_facts(evaluation),
        months=[_line(month) for month in evaluation.months],
        classes=[
            (each.name, count(each.boxes), share(each.ap50), share(each.ap))
            for each in evaluation.classes
        ],
        ticks=ticks,
        middle=middle,
    )
    return str(page)


def headline(evaluation: Evaluation) -> str:
    """The result in one sentence."""
    if evaluation.score is not None:
        return f"Score {percent(evaluation.score)} over {len(_dated(evaluation))} months"
    return f"mAP50 {share(evaluation.map50)}"


def share(value: float | None) -> str:
    """A score in per cent; ``none`` where there is nothing to score."""
    return NONE if value is None else percent(value)


def span(interval: Interval | None) -> str:
    """An interval's ends; empty where none was made."""
    return "" if interval is None else bounds(interval.to_json())


def _dated(evaluation: Evaluation) -> Sequence[MonthScore]:
    return [month for month in evaluation.months if month.map50 is not None]


def _lede(evaluation: Evaluation) -> str:
    text = (
        f"{counted(evaluation.found, 'box', 'boxes')} found in "
        f"{counted(evaluation.images, 'image')} that hold {count(evaluation.boxes)}."
    )
    if evaluation.undated:
        text += f" {counted(evaluation.undated, 'image')} of unknown month count for mAP only."
    if evaluation.score is None:
        text += " Two months with objects are needed for a score over months."
    return text


def _facts(evaluation: Evaluation) -> list[Fact]:
    facts = [
        Fact("mAP50", share(evaluation.map50), span(evaluation.map50_interval)),
        Fact("mAP50-95", share(evaluation.map), "mean over ten thresholds"),
    ]
    if evaluation.score is not None:
        cov = "undefined" if evaluation.cov is None else f"{evaluation.cov:.3f}"
        facts.insert(0, Fact("Score", percent(evaluation.score), span(evaluation.score_interval)))
        facts.append(Fact("Spread of months", cov, "standard deviation / mean, ddof = 1"))
    return facts


def _line(month: MonthScore) -> MonthLine:
    marks: tuple[Mark, ...] = ()
    if month.map50 is not None:
        at = _SHARES.across(month.map50)
        marks = (Mark("reference" if month.seen is False else "subject", at, at, at),)
    seen = "" if month.seen is None else ("seen" if month.seen else "unseen")
    return MonthLine(
        month.month,
        count(month.images),
        count(month.boxes),
        share(month.map50),
        share(month.map),
        seen,
        marks,
    )
