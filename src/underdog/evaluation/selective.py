"""What a model's confidence is good for: telling its right answers from its wrong ones.

In: confidences and marks. Out: AUROC, and the risk-coverage curve. Never: a threshold chosen for
the caller.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from underdog.errors import InputError
from underdog.interval import Interval, wilson

COVERAGES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Point:
    """Answering only the surest `coverage` of the questions, so many are right."""

    coverage: float
    accuracy: Interval


@dataclass(frozen=True, slots=True)
class Selective:
    """`auroc`: the chance that a right answer is surer than a wrong one, ties counting half; None
    when all answers are right or all wrong. `aurc`: mean risk over all coverages, lower is better
    (Geifman and El-Yaniv, NeurIPS 2017).
    """

    auroc: float | None
    aurc: float
    curve: tuple[Point, ...]

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        curve = [
            {"coverage": each.coverage, "accuracy": each.accuracy.to_json()} for each in self.curve
        ]
        return {"auroc": self.auroc, "aurc": self.aurc, "curve": curve}


def selective(confidences: Sequence[float], right: Sequence[bool]) -> Selective:
    """Measure; InputError when there is nothing to measure."""
    if len(confidences) != len(right) or not right:
        raise InputError(
            "one confidence per mark, at least one", got=f"{len(confidences)}, {len(right)}"
        )
    # Equally sure answers count as their mean: the order among them is nobody's merit.
    n = len(right)
    order = sorted(range(n), key=lambda place: -confidences[place])
    shares = _expected_marks([confidences[each] for each in order], [right[each] for each in order])
    hits, risks = 0.0, []
    for count, share in enumerate(shares, start=1):
        hits += share
        risks.append(1 - hits / count)
    points = []
    for coverage in COVERAGES:
        count = max(math.ceil(coverage * n - 1e-9), 1)
        points.append(Point(coverage, wilson(round(math.fsum(shares[:count])), count)))
    return Selective(auroc(confidences, right), math.fsum(risks) / n, tuple(points))


def auroc(confidences: Sequence[float], right: Sequence[bool]) -> float | None:
    """The Mann-Whitney statistic over its largest value (Bamber, J. Math. Psych. 12:387, 1975)."""
    hits = sum(right)
    if hits in (0, len(right)):
        return None
    order = sorted(range(len(right)), key=confidences.__getitem__)
    ranks, start = 0.0, 0
    while start < len(order):
        end = start
        while end < len(order) and confidences[order[end]] == confidences[order[start]]:
            end += 1
        ranks += sum(right[each] for each in order[start:end]) * (start + end + 1) / 2
        start = end
    return (ranks - hits * (hits + 1) / 2) / (hits * (len(right) - hits))


def _expected_marks(confidences: Sequence[float], right: Sequence[bool]) -> list[float]:
    """Marks of sorted answers, each replaced by the mean of those that are equally sure."""
    found: list[float] = []
    start = 0
    while start < len(right):
        end = start
        while end < len(right) and confidences[end] == confidences[start]:
            end += 1
        found += [sum(right[start:end]) / (end - start)] * (end - start)
        start = end
    return found
