"""How well a detector finds things, and how evenly over the months: the challenge's score.

    score = mAP50 x (1 - CoV),   CoV = standard deviation (ddof = 1) / mean of the months' mAP50

(RTIOD@WACV2026, challenge_evaluator.py, `global_map_bal`.) In: what was there, what was found. Out:
an `Evaluation` with intervals. Never: a month without objects counted as zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from underdog.errors import InputError
from underdog.interval import LEVEL, Interval, normal_quantile
from underdog.runs.progress import SILENT, Progress
from underdog.vision.detection.average_precision import Curves, Ranked
from underdog.vision.detection.detections import Detections, Floats, Ints
from underdog.vision.detection.folder import TrueBoxes
from underdog.vision.detection.matching import MAX_DETECTIONS, Flags, as_columns, match

RESAMPLES = 200
"""Draws of the bootstrap. On two cores a draw of 160 frames takes about a millisecond."""
METHOD = "bias-corrected bootstrap over images within months"


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class; the two scores are None when it has no true box."""

    name: str
    boxes: int
    ap50: float | None
    ap: float | None


@dataclass(frozen=True, slots=True)
class MonthScore:
    """One month; the two scores are None when it has no true box."""

    month: str
    images: int
    boxes: int
    map50: float | None
    map: float | None
    seen: bool | None
    """Whether training saw this month; None when that is not known."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All scores of one set of predictions; shares from 0 to 1."""

    images: int
    boxes: int
    found: int
    """Boxes found, before the cut to 100 per image and class."""
    map50: float | None
    map: float | None
    classes: tuple[ClassScore, ...]
    months: tuple[MonthScore, ...]
    undated: int
    """Images of unknown month: part of mAP, of no month."""
    cov: float | None
    """None with fewer than two months, or where nothing is found in any."""
    score: float | None
    """None with fewer than two months."""
    map50_interval: Interval | None
    score_interval: Interval | None

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return asdict(self)


def evaluate(
    truth: TrueBoxes,
    found: Mapping[str, Detections],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    seen_months: frozenset[str] | None = None,
    progress: Progress = SILENT,
) -> Evaluation:
    """Score predictions; images without any count as empty.

    `resamples` = 0 leaves the intervals out. Raises InputError for predictions of images or labels
    that the truth does not know.
    """
    matches = match(truth, as_columns(truth, found), MAX_DETECTIONS)
    ranked = Ranked.of(matches)
    overall = ranked.curves()
    months = _months(truth, ranked, seen_months)
    map50 = overall.mean_50()
    cov = variation([month.map50 for month in months])
    intervals: tuple[Interval | None, Interval | None] = (None, None)
    if resamples and map50 is not None:
        draws = _draws(truth, Ranked.of(matches, 1), resamples, seed=seed, progress=progress)
        intervals = _intervals(map50, balanced(map50, cov, months), draws, len(truth.images))
    return Evaluation(
        images=len(truth.images),
        boxes=int(matches.truths.sum()),
        found=sum(len(each) for each in found.values()),
        map50=map50,
        map=overall.mean(),
        classes=_classes(truth.names, overall, matches.truths),
        months=months,
        undated=len(truth.images) - sum(month.images for month in months),
        cov=cov,
        score=balanced(map50, cov, months),
        map50_interval=intervals[0],
        score_interval=intervals[1],
    )


def variation(shares: Sequence[float | None]) -> float | None:
    """The coefficient of variation, ddof = 1; None for fewer than two values or a mean of zero."""
    known = np.array([share for share in shares if share is not None])
    if len(known) < 2 or known.mean() == 0:
        return None
    return float(known.std(ddof=1) / known.mean())


def balanced(map50: float | None, cov: float | None, months: Sequence[MonthScore]) -> float | None:
    """The challenge's score; below zero where the months differ by more than their mean.

    Zero, not undefined, where nothing is found in any of two or more months.
    """
    if map50 is None or sum(month.map50 is not None for month in months) < 2:
        return None
    return 0.0 if cov is None else (1 - cov) * map50


def _classes(names: Sequence[str], curves: Curves, truths: Ints) -> tuple[ClassScore, ...]:
    scores = []
    for number, name in enumerate(names):
        pair = curves.of_class(number) or (None, None)
        scores.append(ClassScore(name, int(truths[:, number].sum()), *pair))
    return tuple(scores)


def _months(
    truth: TrueBoxes, ranked: Ranked, seen_months: frozenset[str] | None
) -> tuple[MonthScore, ...]:
    scores = []
    for month, chosen in _by_month(truth).items():
        curves = ranked.only(chosen).curves()
        scores.append(
            MonthScore(
                month=month,
                images=int(chosen.sum()),
                boxes=int((chosen[truth.image_of_box] & ~truth.crowd).sum()),
                map50=curves.mean_50(),
                map=curves.mean(),
                seen=None if seen_months is None else month in seen_months,
            )
        )
    return tuple(scores)


def _by_month(truth: TrueBoxes) -> dict[str, Flags]:
    """Which images are of a month, by month, in the order of time."""
    of_image = np.array([truth.months.get(key, "") for key in truth.images])
    return {str(month): of_image == month for month in np.unique(of_image) if month}


def _draws(
    truth: TrueBoxes, ranked: Ranked, resamples: int, *, seed: int, progress: Progress
) -> Floats:
    """(resamples, 2): mAP50 and score when the images of each month are drawn again.

    Each month keeps its number of images, as do those of no month. NaN where a draw has no score.
    """
    months = list(_by_month(truth).values())
    of_month = [ranked.only(chosen) for chosen in months]
    undated = ~np.any([np.zeros(len(truth.images), dtype=np.bool_), *months], axis=0)
    random = np.random.default_rng(seed)
    draws = np.full((resamples, 2), np.nan)
    progress.begin("drawing images again", resamples)
    for turn in range(resamples):
        weight = np.zeros(len(truth.images), dtype=np.int64)
        for chosen in (*months, undated):
            places = np.nonzero(chosen)[0]
            if len(places):
                drawn = random.integers(len(places), size=len(places))
                weight[places] = np.bincount(drawn, minlength=len(places))
        map50 = ranked.curves(weight).mean_50()
        shares = [each.curves(weight).mean_50() for each in of_month]
        if map50 is not None:
            cov = variation(shares)
            known = sum(share is not None for share in shares)
            draws[turn] = map50, (np.nan if known < 2 else (1 - (cov or 0.0)) * map50)
        progress.advance()
    progress.end()
    return draws


def _intervals(
    map50: float, score: float | None, draws: Floats, images: int
) -> tuple[Interval | None, Interval | None]:
    return (
        bias_corrected(map50, draws[:, 0], images),
        None if score is None else bias_corrected(score, draws[:, 1], images),
    )


def bias_corrected(value: float, draws: Floats, n: int) -> Interval | None:
    """The bias-corrected percentile interval (Efron and Tibshirani, An Introduction to the
    Bootstrap, 1993, section 14.3 with a = 0); None when no draw has a value.

    Needed here because a month's noise adds to the spread between months: the score of nearly
    every draw lies below the score itself, and so would a plain percentile interval.
    """
    known = np.sort(draws[np.isfinite(draws)])
    if not len(known):
        return None
    below = (np.sum(known < value) + 0.5 * np.sum(known == value)) / len(known)
    edge = 0.5 / len(known)
    shift = normal_quantile(float(np.clip(below, edge, 1 - edge)))
    reach = normal_quantile((1 + LEVEL) / 2)
    low, high = (
        float(np.quantile(known, _normal_share(2 * shift + side * reach))) for side in (-1, 1)
    )
    return Interval(value, min(low, value), max(high, value), n, METHOD)


def _normal_share(at: float) -> float:
    from statistics import NormalDist

    return NormalDist().cdf(at)


def check_resamples(resamples: int) -> int:
    """`resamples` when it is 0 or large enough for a 95 % interval; InputError otherwise."""
    if resamples != 0 and resamples < 40:
        raise InputError("0 draws, or at least 40 for a 95 % interval", got=str(resamples))
    return resamples
