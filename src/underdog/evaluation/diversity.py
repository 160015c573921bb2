"""How different members are: nothing is gained by pooling models that err together.

In: members' choices and the keys. Out: disagreement, double faults, and what an oracle would reach
that always picks a member that is right. Never: a verdict.

Measures after Kuncheva and Whitaker, Machine Learning 51:181, 2003, sections 2.1.3 and 2.1.4.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np

from underdog.evaluation.panel import Panel


@dataclass(frozen=True, slots=True)
class Diversity:
    """Shares of questions, averaged over pairs of members where two are needed; None for one
    member. `oracle`: at least one member is right, which bounds every rule that picks a member's
    choice. `all_right`: every member is.
    """

    disagreement: float | None
    double_fault: float | None
    oracle: float
    all_right: float

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return asdict(self)


def diversity(panel: Panel, keys: Sequence[int]) -> Diversity:
    """`disagreement`: the two choices differ. `double_fault`: both are wrong."""
    choices = panel.choices
    right_NM = choices == np.asarray(keys, dtype=int)[:, None]
    pairs = list(combinations(range(len(panel.names)), 2))
    differ = [float((choices[:, a] != choices[:, b]).mean()) for a, b in pairs]
    faults = [float((~right_NM[:, a] & ~right_NM[:, b]).mean()) for a, b in pairs]
    return Diversity(
        disagreement=math.fsum(differ) / len(pairs) if pairs else None,
        double_fault=math.fsum(faults) / len(pairs) if pairs else None,
        oracle=float(right_NM.any(axis=1).mean()),
        all_right=float(right_NM.all(axis=1).mean()),
    )
