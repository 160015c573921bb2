"""Whether a model's answers hang on where a choice stands. In: results.json. Out: charts' values.

Two views. Of every evaluation: the share of answers that stood at each place, beside the share of
right choices that stood there. Of one that rotated its choices (``--debias``): the same questions
under all rotations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from underdog.interval import wilson
from underdog.mcq.presentation import LETTERS
from underdog.pages.scale import Tick
from underdog.pages.words import bounds, percent
from underdog.report.dots import SHARES, Mark, make_mark, roles
from underdog.report.folder import Json


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """One place: a dot per model (None for one that gave no answer), and at `right` per cent of
    the width the share of right choices that stood there.
    """

    letter: str
    marks: tuple[Mark | None, ...]
    right: float
    right_share: str

    @property
    def spoken(self) -> str:
        """The row for readers who do not see the drawing."""
        said = [f"{mark.model} {mark.value}" for mark in self.marks if mark]
        return f"{self.letter}: {self.right_share} of right choices; " + ", ".join(said)


class Rotated(NamedTuple):
    """What rotating the choices showed of one model. `letters` are the letters' own probabilities;
    `spread` is the standard deviation of recall over places, a dash when a place held no key.
    """

    model: str
    questions: int
    accuracy: str
    circular: str
    flips: str
    spread: str
    letters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlaceBias:
    """`rotated` is empty when no choices were rotated."""

    models: tuple[tuple[str, str], ...]
    rows: tuple[PlaceRow, ...]
    ticks: tuple[Tick, ...]
    rotated: tuple[Rotated, ...]


def make_places(results: Json) -> PlaceBias:
    """Both views."""
    models, kinds = results["models"], roles(results)
    keys = models[0]["places"]["key_counts"]
    return PlaceBias(
        models=kinds,
        rows=tuple(_row(place, models, kinds, keys) for place in range(len(keys))),
        ticks=tuple(
            Tick(f"{100 * each:.0f}", SHARES.across(each)) for each in (0, 0.25, 0.5, 0.75, 1)
        ),
        rotated=tuple(
            _rotated(name, report) for name, report in results.get("position_bias", {}).items()
        ),
    )


def _row(
    place: int, models: list[Json], kinds: tuple[tuple[str, str], ...], keys: list[int]
) -> PlaceRow:
    share = keys[place] / max(sum(keys), 1)
    marks = [
        _mark(model["places"]["counts"], place, kind)
        for model, kind in zip(models, kinds, strict=True)
    ]
    return PlaceRow(LETTERS[place], tuple(marks), SHARES.across(share), percent(share))


def _mark(counts: list[int], place: int, kind: tuple[str, str]) -> Mark | None:
    answers = sum(counts)
    if not answers:
        return None
    return make_mark(wilson(counts[place], answers).to_json(), *kind)


def _rotated(model: str, report: Json) -> Rotated:
    priors = report["log_priors"]
    most = max(priors, key=int)
    spread = report["recall_std"]
    return Rotated(
        model=model,
        questions=report["questions"],
        accuracy=_share(report["accuracy"]),
        circular=_share(report["circular"]),
        flips=_share(report["flips"]),
        spread="–" if spread is None else f"{100 * spread:.1f}",
        letters=tuple(percent(math.exp(value)) for value in priors[most]),
    )


def _share(interval: Json) -> str:
    return f"{percent(interval['value'])} {bounds(interval)}"
