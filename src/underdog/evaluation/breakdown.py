"""Accuracy by what questions have in common: topic, difficulty band, source.

In: a label and a mark per question. Out: one interval per label. Never: a label without its count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from underdog.errors import InputError
from underdog.evaluation.clusters import clustered_accuracy
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


def by_label(
    labels: Sequence[str], right: Sequence[bool], clusters: Sequence[str] | None = None
) -> tuple[Group, ...]:
    """Groups in the order of the bands where they are bands; else most questions first, then by
    name. Every question is in exactly one group. `clusters` names what hangs together.
    """
    if len(labels) != len(right):
        raise InputError("one label per mark", got=f"{len(labels)} labels, {len(right)} marks")
    places: dict[str, list[int]] = defaultdict(list)
    for place, label in enumerate(labels):
        places[label or NO_LABEL].append(place)
    groups = [
        Group(
            name,
            clustered_accuracy(
                [right[place] for place in each],
                clusters and [clusters[place] for place in each],
            ),
        )
        for name, each in places.items()
    ]
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
