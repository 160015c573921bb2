"""How far the stated probabilities can be believed. In: results.json. Out: a diagram's values.

A point per bin of equally many questions: mean confidence across, share of right answers up. On the
diagonal, "80 % sure" means right in 80 % of the cases.
"""

from __future__ import annotations

from dataclasses import dataclass

from underdog.pages.scale import Tick
from underdog.pages.words import bounds, percent
from underdog.report.dots import SHARES, roles
from underdog.report.folder import Json


@dataclass(frozen=True, slots=True)
class Bin:
    """A point and its interval; places in per cent of the drawing's side."""

    x: float
    y: float
    low: float
    high: float
    spoken: str


@dataclass(frozen=True, slots=True)
class Curve:
    """One model's points and its three numbers."""

    model: str
    role: str
    bins: tuple[Bin, ...]
    line: str
    ece: str
    brier: str
    nll: str
    questions: int

    @property
    def spoken(self) -> str:
        """The curve in words."""
        return f"{self.model}: " + "; ".join(point.spoken for point in self.bins)


@dataclass(frozen=True, slots=True)
class Reliability:
    """`curves` is empty when no model gives probabilities."""

    curves: tuple[Curve, ...]
    ticks: tuple[Tick, ...]


def make_reliability(results: Json) -> Reliability:
    """The diagram of all models that give probabilities."""
    pairs = list(zip(results["models"], roles(results), strict=True))
    curves = [_curve(model, role) for model, (_, role) in pairs if model["calibration"]]
    shares = (0.0, 0.25, 0.5, 0.75, 1.0)
    ticks = tuple(Tick(f"{100 * value:.0f}", SHARES.across(value)) for value in shares)
    return Reliability(tuple(curves), ticks)


def _curve(model: Json, role: str) -> Curve:
    calibration = model["calibration"]
    bins = tuple(_bin(entry) for entry in calibration["bins"])
    return Curve(
        model=model["name"],
        role=role,
        bins=bins,
        line=" ".join(f"{point.x},{point.y}" for point in bins),
        ece=f"{calibration['ece']:.3f}",
        brier=f"{calibration['brier']:.3f}",
        nll=f"{calibration['nll']:.3f}",
        questions=calibration["questions"],
    )


def _bin(entry: Json) -> Bin:
    accuracy = entry["accuracy"]
    return Bin(
        x=SHARES.across(entry["confidence"]),
        y=SHARES.down(accuracy["value"]),
        low=SHARES.down(accuracy["low"]),
        high=SHARES.down(accuracy["high"]),
        spoken=f"{percent(entry['confidence'], 0)} sure, {percent(accuracy['value'], 0)} right "
        f"{bounds(accuracy)}",
    )
