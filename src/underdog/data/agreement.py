"""How well the guessed difficulty of questions agrees with the difficulty that a model found.

In: guesses and margins of the same questions. Out: rank correlations with intervals, for the guess
and for each of its parts, and how often the model is right in each guessed band. Never: a
correlation from fewer questions than an interval can be told for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from underdog.data.row import Band
from underdog.interval import LEVEL, Interval, normal_quantile
from underdog.pages.words import count

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
FEWEST = 30
"""Questions below which no correlation is told: its 95 % interval would be wider than 0.7."""


@dataclass(frozen=True, slots=True)
class PartAgreement:
    """One part of the guess: its weight, and its own rank correlation with the measured difficulty.

    `correlation` is None where the part has one value only, or too few questions were measured.
    """

    name: str
    weight: float
    meaning: str
    correlation: Interval | None


@dataclass(frozen=True, slots=True)
class BandShare:
    """One band: the share that was asked for, the rows that it got, and how often the model is
    right on the measured questions that the guess alone would put here (None without any).
    """

    band: Band
    asked: float
    rows: int
    right: Interval | None


@dataclass(frozen=True, slots=True)
class DifficultyReport:
    """Where the difficulties of a set come from, and how far the guess can be believed."""

    rows: int
    measured: int
    """Rows whose difficulty is a model's margin; the others have the guess."""
    correlation: Interval | None
    """Spearman's rank correlation of guess and margin, from -1 to 1."""
    parts: tuple[PartAgreement, ...]
    """In the order of their weights."""
    bands: tuple[BandShare, ...]
    """Easy, medium, hard."""

    def sentence(self) -> str:
        """One line for people."""
        if not self.measured:
            return (
                f"All {count(self.rows)} difficulties are guessed from wording, source, answer and "
                "choices; no model's predictions were given to check them"
            )
        start = (
            f"{count(self.measured)} of {count(self.rows)} difficulties are measured by a model's "
            f"margin, {count(self.rows - self.measured)} guessed"
        )
        if self.correlation is None:
            return f"{start}; too few or too equal to say how well the guess foretells the model"
        found = self.correlation
        return (
            f"{start}; the guess foretells the model's difficulty with a rank correlation of "
            f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}] ({_strength(found)})"
        )

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return asdict(self)


def _strength(found: Interval) -> str:
    """Words for a correlation; the borders are Cohen's (1988, section 3.2)."""
    if found.low <= 0 <= found.high:
        return "cannot be told from none"
    size = abs(found.value)
    word = "strong" if size >= 0.5 else "medium" if size >= 0.3 else "weak"
    return word if found.value > 0 else f"{word}, and the wrong way round"


def rank(values: Sequence[float] | Floats) -> Integers:
    """Twice the mid-rank of each value, from 2: equal values share the mean of their places.

    Doubled ranks are whole numbers, so that sums of them are the same on every machine.
    """
    _, inverse, counts = np.unique(
        np.asarray(values, np.float64), return_inverse=True, return_counts=True
    )
    doubled: Integers = 2 * np.cumsum(counts) - counts + 1
    return doubled[inverse]


def spearman(one: Sequence[float] | Floats, other: Sequence[float] | Floats) -> Interval | None:
    """Spearman's rank correlation with its 95 % interval; None below FEWEST pairs, or where one
    side has one value only.

    Fisher's z with the variance (1 + r^2 / 2) / (n - 3): D. G. Bonett and T. A. Wright, Sample size
    requirements for estimating Pearson, Kendall and Spearman correlations, Psychometrika 65:23
    (2000). They found it to hold its level for correlations up to 0.95.
    """
    n = len(one)
    assert n == len(other)
    if n < FEWEST:
        return None
    a, b = (rank(each) - (n + 1) for each in (one, other))
    scale = math.sqrt(int((a * a).sum())) * math.sqrt(int((b * b).sum()))
    if scale == 0.0:
        return None
    # Rounding may pass 1 by an ulp, and atanh(1) is infinite.
    r = min(max(int((a * b).sum()) / scale, -1 + 1e-12), 1 - 1e-12)
    half = normal_quantile(0.5 + LEVEL / 2) * math.sqrt((1 + r * r / 2) / (n - 3))
    z = math.atanh(r)
    value, low, high = (round(each, 6) for each in (r, math.tanh(z - half), math.tanh(z + half)))
    return Interval(value, min(low, value), max(high, value), n, "spearman, bonett-wright")


def compare_parts(
    parts: Mapping[str, Floats],
    margins: Floats,
    *,
    weights: Mapping[str, float],
    meanings: Mapping[str, str],
) -> tuple[PartAgreement, ...]:
    """Each part's own correlation with the margins, the heaviest part first."""
    names = sorted(parts, key=lambda name: (-weights[name], name))
    return tuple(
        PartAgreement(name, weights[name], meanings[name], spearman(parts[name], margins))
        for name in names
    )
