"""How probable a number is as a right answer, judged by its digits and by how often it was one.

In: the numbers of many right answers. Out: a weight for any number. Never: a weight that knows
which question is asked.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

_TRUST = 2.0
"""How many occurrences of a number weigh as much as what its shape leads one to expect. With 0.1,
0.5 and 2 the choices-only probe found 29.0, 28.5 and 27.9 % of GSM8K's keys (2026-11-21)."""
_REACH = 5
"""Years that lend each other weight."""
_NO_YEAR_NEAR = 0.02
_FEWEST_OF_A_KIND = 50
"""Numbers from which a kind of answer has its own prior."""
_EXACT_BELOW = 30


_BENFORD = tuple(9 * math.log10(1 + 1 / lead) for lead in range(1, 10))
"""How much more often than on average a digit leads a number of two digits or more."""


class NumberPrior:
    """Weights of numbers, given as whole numbers of their last written place (1.5: 15, 1 place).

    Numbers look alike, are of one shape, when they have the same sign, as many digits, and as many
    zeros at the end.
    """

    def __init__(self, numbers: Iterable[tuple[int, int]]) -> None:
        self._counts = Counter(numbers)
        self.negatives = any(value < 0 for value, _ in self._counts)
        """Whether any answer is below zero."""
        self._shapes: Counter[tuple[int, bool, int, int]] = Counter()
        for (value, places), count in self._counts.items():
            digits = str(abs(value)) if value else ""
            zeros = len(digits) - len(digits.rstrip("0"))
            self._shapes[places, value < 0, len(digits), zeros] += count

    def weight(self, value: int, places: int) -> float:
        """Positive: the mean of a gamma distribution after `own` occurrences, whose mean before
        was what the number's shape leads one to expect. Its first occurrence does not count, since
        each key has occurred once.
        """
        digits = str(abs(value)) if value else ""
        free = len(digits.rstrip("0"))
        shape = (places, value < 0, len(digits), len(digits) - free)
        density = (self._shapes.get(shape, 0) + 0.5 * 4.0**-free) / _size(free)
        if len(digits) > 1:
            density *= _BENFORD[int(digits[0]) - 1]
        own = max(self._counts.get((value, places), 0) - 1, 0)
        return (own + _TRUST) / (1 + _TRUST / density)


def _size(free: int) -> int:
    """How many numbers have a shape with so many digits before its zeros."""
    return 1 if free == 0 else 9 if free == 1 else 81 * 10 ** (free - 2)


class YearPrior:
    """Weights of years: how many right answers lie within a few years."""

    def __init__(self, years: Iterable[int]) -> None:
        counts = Counter(years)
        near: Counter[int] = Counter()
        for year, count in counts.items():
            for away in range(1, _REACH + 1):
                near[year - away] += (_REACH + 1 - away) * count
                near[year + away] += (_REACH + 1 - away) * count
        self._weights = {
            year: 0.3 * max(counts[year] - 1, 0) + 0.02 * near[year] + _NO_YEAR_NEAR
            for year in (*near, *counts)
        }

    def weight(self, year: int) -> float:
        """Positive; far from all known years it is small and equal. A first occurrence does not
        count, as with numbers.
        """
        return self._weights.get(year, _NO_YEAR_NEAR)


def alike(value: int) -> int:
    """A number with as many digits and zeros and the same first digit, and itself where it is
    small: a few stand for all.
    """
    if abs(value) < _EXACT_BELOW:
        return value
    digits = str(abs(value))
    free = len(digits.rstrip("0"))
    like = digits[0] + "3" * (free - 2) + "7" * (free > 1)
    return int(like.ljust(len(digits), "0")) * (-1 if value < 0 else 1)


class Priors:
    """One prior per kind of answer that is frequent enough, one for all the others."""

    def __init__(self, numbers: Iterable[tuple[str, int, int]], years: Iterable[int]) -> None:
        """`numbers` are (kind, value, places)."""
        by_kind: dict[str, list[tuple[int, int]]] = {}
        for kind, value, places in numbers:
            by_kind.setdefault(kind, []).append((value, places))
        self._all = NumberPrior(pair for pairs in by_kind.values() for pair in pairs)
        self._kinds = {
            kind: NumberPrior(pairs)
            for kind, pairs in by_kind.items()
            if len(pairs) >= _FEWEST_OF_A_KIND
        }
        self.years = YearPrior(years)

    def of(self, kind: str) -> NumberPrior:
        """The prior for a kind."""
        return self._kinds.get(kind, self._all)
