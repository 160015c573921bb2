"""Accuracy by what questions have in common: topic, difficulty band, source.

In: a label and a mark per question. Out: one interval per label. Never: a label without its count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from underdog.errors import InputError
from underdog.evaluation.accuracy import accuracy
from underdog.interval import Interval

NO_LABEL = "(none)"
"""How an empty label is called."""
BANDS = ("easy", "medium", "hard")
"""The order in which bands are shown."""
WORST_MIN_QUESTIONS = 10
"""Topics with fewer questions are left out of `worst`: their interval spans half the scale."""
WORST_COUNT = 5


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that share a label."""

    name: str
    accuracy: Interval

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return {"name": self.name, "accuracy": self.accuracy.to_json()}


def by_label(labels: Sequence[str], right: Sequence[bool]) -> tuple[Group, ...]:
    """Groups in the order of the bands where they are bands; else most questions first, then by
    name. Every question is in exactly one group.
    """
    if len(labels) != len(right):
        raise InputError("one label per mark", got=f"{len(labels)} labels, {len(right)} marks")
    marks: dict[str, list[bool]] = defaultdict(list)
    for label, mark in zip(labels, right, strict=True):
        marks[label or NO_LABEL].append(mark)
    groups = [Group(name, accuracy(each)) for name, each in marks.items()]
    return tuple(sorted(groups, key=_place))


def _place(group: Group) -> tuple[int, int, str]:
    band = BANDS.index(group.name) if group.name in BANDS else len(BANDS)
    return band, -group.accuracy.n, group.name


def worst(groups: Sequence[Group]) -> tuple[Group, ...]:
    """The groups of at least WORST_MIN_QUESTIONS questions with the lowest accuracy, at most
    WORST_COUNT; of equal ones the larger, whose accuracy is better known, comes first.
    """
    large = [group for group in groups if group.accuracy.n >= WORST_MIN_QUESTIONS]
    ordered = sorted(large, key=lambda each: (each.accuracy.value, -each.accuracy.n, each.name))
    return tuple(ordered[:WORST_COUNT])
