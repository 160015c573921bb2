"""Where keys stand and how long they are: two tests that need no learning.

In: questions with keys. Out: counts with a chi-square test, and the rate at which the longest
choice is the key. Never: a tie that is broken for one side.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from underdog.data.probes.rates import DECIMALS, rounded
from underdog.interval import Interval, wilson
from underdog.mcq.question import Question

FEWEST_EXPECTED = 5
"""Keys expected per position from which the chi-square distribution is a fair approximation
(Cochran, Annals of Mathematical Statistics 23:315, 1952).
"""


@dataclass(frozen=True, slots=True)
class KeyPositions:
    """Where the key stands among all questions with the same number of choices.

    Pearson's chi-square against equal shares. `p` is None where too few keys are expected.
    """

    choices: int
    counts: tuple[int, ...]
    """Questions whose key stands at the first, second, .. position."""
    shares: tuple[Interval, ...]
    """The same as shares of all, with Wilson's intervals."""
    statistic: float
    degrees_of_freedom: int
    p: float | None

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return asdict(self)


def count_places(questions: Sequence[Question]) -> tuple[KeyPositions, ...]:
    """One entry per number of choices, in rising order."""
    places: dict[int, Counter[int]] = defaultdict(Counter)
    for each in questions:
        if each.answer is not None:
            places[len(each.choices)][each.answer] += 1
    return tuple(
        _test([found[at] for at in range(choices)]) for choices, found in sorted(places.items())
    )


def _test(counts: Sequence[int]) -> KeyPositions:
    from scipy.special import chdtrc

    total = sum(counts)
    expected = total / len(counts)
    statistic = sum((count - expected) ** 2 for count in counts) / expected
    p = float(chdtrc(len(counts) - 1, statistic))
    enough = expected >= FEWEST_EXPECTED
    return KeyPositions(
        len(counts),
        tuple(counts),
        tuple(rounded(wilson(count, total)) for count in counts),
        statistic=round(statistic, DECIMALS),
        degrees_of_freedom=len(counts) - 1,
        p=float(f"{p:.4g}") if enough else None,
    )
