"""The matrices of Winograd's minimal filtering, from the points at which polynomials are taken.

Filtering is the transpose of multiplying polynomials, which Toom and Cook do by values at as many
points as the product has coefficients (Lavin & Gray, arXiv 1509.09308, section 4, with the
references there). For n - 1 points p and infinity, with N(x) the product of all x - p:

- result: y_i = sum over p of p^i m_p, and m at infinity for the last i;
- filter: the taps' polynomial at p, divided by the product of p - q over the other points q; its
  highest coefficient at infinity;
- image: the coefficients of N(x) / (x - p); those of N(x) at infinity.

The points decide the error (Barabasz et al., arXiv 1803.10986); any that are distinct give exact
results in exact arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod
from typing import NamedTuple

Matrix = tuple[tuple[float, ...], ...]
Exact = list[list[Fraction]]


class Filtering(NamedTuple):
    """`image` (n, n), `filter` (n, taps) and `result` (n, outputs), the last one transposed.

    With one row of numbers for each of n products: y = result^T [ (filter g) * (image d) ] for
    `outputs` neighbouring results y, n numbers d and the taps g; n = outputs + taps - 1.
    """

    image: Exact
    filter: Exact
    result: Exact

    def as_floats(self) -> tuple[Matrix, Matrix, Matrix]:
        """The three, rounded."""
        image, taps, result = (
            tuple(tuple(float(number) for number in row) for row in matrix) for matrix in self
        )
        return image, taps, result


def filtering(points: Sequence[Fraction], taps: int) -> Filtering:
    """F(outputs, taps) of `points`, distinct, and infinity: outputs = points + 2 - taps."""
    outputs = len(points) + 2 - taps
    image, weights, result = [], [], []
    for number, point in enumerate(points):
        others = [*points[:number], *points[number + 1 :]]
        scale = prod((point - other for other in others), start=Fraction(1))
        image.append([*_monic(others), Fraction(0)])
        weights.append([point**power / scale for power in range(taps)])
        result.append([point**power for power in range(outputs)])
    image.append(_monic(points))
    weights.append([Fraction(0)] * (taps - 1) + [Fraction(1)])
    result.append([Fraction(0)] * (outputs - 1) + [Fraction(1)])
    return Filtering(image, weights, result)


def _monic(roots: Sequence[Fraction]) -> list[Fraction]:
    """Coefficients of the product of x - root, the constant first."""
    zero = [Fraction(0)]
    found = [Fraction(1)]
    for root in roots:
        found = [low - root * same for low, same in zip(zero + found, found + zero, strict=True)]
    return found
