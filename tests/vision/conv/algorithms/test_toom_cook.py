"""Minimal filtering is exact in exact arithmetic, whatever the points."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from underdog.vision.conv.algorithms.toom_cook import filtering

SMALL = st.fractions(min_value=-4, max_value=4, max_denominator=4)


@given(st.data(), st.integers(1, 4), st.integers(1, 5))
def test_it_filters_exactly(data: st.DataObject, taps: int, outputs: int) -> None:
    """Y_i = sum of d_(i + k) g_k, and as many products as numbers are read."""
    read = outputs + taps - 1
    exactly = {"min_size": read - 1, "max_size": read - 1}
    points = data.draw(st.lists(SMALL, unique=True, **exactly))  # type: ignore[arg-type]
    d = data.draw(st.lists(SMALL, min_size=read, max_size=read))
    g = data.draw(st.lists(SMALL, min_size=taps, max_size=taps))
    image, weights, result = filtering(points, taps)
    products = [
        sum((a * b for a, b in zip(rows[0], d, strict=True)), Fraction(0))
        * sum((a * b for a, b in zip(rows[1], g, strict=True)), Fraction(0))
        for rows in zip(image, weights, strict=True)
    ]
    assert len(products) == read
    found = [
        sum((row[i] * each for row, each in zip(result, products, strict=True)), Fraction(0))
        for i in range(outputs)
    ]
    assert found == [sum(d[i + k] * g[k] for k in range(taps)) for i in range(outputs)]


def test_as_floats_they_are_the_nearest_numbers() -> None:
    """F(2, 3) at 0, 1 and -1, of which every number is a float."""
    points = [Fraction(0), Fraction(1), Fraction(-1)]
    image, weights, result = filtering(points, 3).as_floats()
    assert image == ((-1, 0, 1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, -1, 0, 1))
    assert weights == ((-1, 0, 0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0, 0, 1))
    assert result == ((1, 0), (1, 1), (1, -1), (0, 1))
