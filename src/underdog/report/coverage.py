"""What answering only where the model is sure gains. In: results.json. Out: a diagram's values.

The risk-coverage curve (Geifman and El-Yaniv, NeurIPS 2017): questions answered, surest first,
across; share of wrong answers among them up. A model that knows what it does not know has a curve
that falls to the left.
"""

from __future__ import annotations

from dataclasses import dataclass

from underdog.pages.scale import Scale, Tick, scale_over
from underdog.pages.words import percent
from underdog.report.dots import SHARES, roles
from underdog.report.folder import Json

HALF = 0.5
"""The coverage that is told in numbers."""


@dataclass(frozen=True, slots=True)
class Point:
    """A coverage, the risk there and its interval; places in per cent of the drawing's side."""

    x: float
    y: float
    low: float
    high: float
    spoken: str


@dataclass(frozen=True, slots=True)
class RiskCurve:
    """One model's points and its numbers; `auroc` is a dash when all answers are right or all
    wrong.
    """

    model: str
    role: str
    points: tuple[Point, ...]
    line: str
    auroc: str
    aurc: str
    surest_half: str

    @property
    def spoken(self) -> str:
        """The curve in words."""
        return f"{self.model}: " + "; ".join(point.spoken for point in self.points)


@dataclass(frozen=True, slots=True)
class Coverage:
    """`curves` is empty when no model gives probabilities. Ticks stand along both axes."""

    curves: tuple[RiskCurve, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]


def make_coverage(results: Json) -> Coverage:
    """The diagram of all models that give probabilities."""
    pairs = zip(results["models"], roles(results), strict=True)
    told = [(model, role) for model, (_, role) in pairs if _curve_of(model)]
    tops = [1 - entry["accuracy"]["low"] for model, _ in told for entry in _curve_of(model)]
    risks = scale_over(tops, from_zero=True)
    return Coverage(
        tuple(_risk_curve(model, role, risks) for model, role in told),
        tuple(
            Tick(f"{100 * value:.0f}", SHARES.across(value)) for value in (0, 0.25, 0.5, 0.75, 1)
        ),
        tuple(Tick(f"{100 * value:g}", risks.down(value)) for value in risks.ticks()),
    )


def _curve_of(model: Json) -> list[Json]:
    """Empty for answers without probabilities."""
    selective = (model["calibration"] or {}).get("selective")
    return list(selective["curve"]) if selective else []


def _risk_curve(model: Json, role: str, risks: Scale) -> RiskCurve:
    selective = model["calibration"]["selective"]
    points = tuple(_point(entry, risks) for entry in selective["curve"])
    half = next(each["accuracy"] for each in selective["curve"] if each["coverage"] >= HALF)
    return RiskCurve(
        model=model["name"],
        role=role,
        points=points,
        line=" ".join(f"{point.x},{point.y}" for point in points),
        auroc="–" if selective["auroc"] is None else f"{selective['auroc']:.3f}",
        aurc=f"{selective['aurc']:.3f}",
        surest_half=percent(half["value"]),
    )


def _point(entry: Json, risks: Scale) -> Point:
    accuracy = entry["accuracy"]
    return Point(
        x=SHARES.across(entry["coverage"]),
        y=risks.down(1 - accuracy["value"]),
        low=risks.down(1 - accuracy["high"]),
        high=risks.down(1 - accuracy["low"]),
        spoken=f"{percent(entry['coverage'], 0)} answered, "
        f"{percent(1 - accuracy['value'], 0)} of them wrong",
    )
