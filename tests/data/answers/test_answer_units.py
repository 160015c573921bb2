"""Units of measure with exact factors."""

from __future__ import annotations

from fractions import Fraction

import pytest

from underdog.data.answers.units import UNITS, Unit, read_unit


@pytest.mark.parametrize(
    ("text", "base", "factor"),
    [
        ("km", "m", "1000"),
        ("Kilometers", "m", "1000"),
        ("miles", "m", "1609.344"),
        ("feet tall", "m", "0.3048"),
        ("inches in diameter", "m", "0.0254"),
        ("lbs.", "kg", "0.45359237"),
        ("years old", "month", "12"),
        ("years ago", "month", "12"),
        ("hrs", "s", "3600"),
        ("square miles", "m^2", "2589988.110336"),
        ("sq. km", "m^2", "1000000"),
        ("m²", "m^2", "1"),
        ("cubic feet", "l", "28.316846592"),
        ("m3", "l", "1000"),
        ("miles per hour", "m/s", "0.44704"),
        ("km/h", "m/s", "5/18"),
        ("m/s^2", "m/s^2", "1"),
        ("grams per cubic centimeter", "kg/l", "1"),
        ("degrees", "degree", "1"),
        ("°C", "K", "1"),
        ("degrees Fahrenheit", "K", "5/9"),
    ],
)
def test_a_unit_has_its_exact_factor(text: str, base: str, factor: str) -> None:
    """Names, symbols, powers and rates, with "tall" and "ago" left out."""
    unit = read_unit(text)
    assert unit is not None
    assert (unit.base, unit.factor) == (base, Fraction(factor))


@pytest.mark.parametrize(
    "text", ["", "apples", "M", "c", "square apples", "cubic seconds", "km per apple", "x" * 80]
)
def test_what_is_no_unit_is_none(text: str) -> None:
    """Nouns, and one-letter symbols in another case, are no units."""
    assert read_unit(text) is None


def test_temperatures_have_an_offset_and_no_rates() -> None:
    """0 °C is 273.15 K and 32 °F is the same; degrees per minute are no unit here."""
    celsius, fahrenheit = UNITS["celsius"], UNITS["fahrenheit"]
    assert celsius.offset == 32 * fahrenheit.factor + fahrenheit.offset == Fraction("273.15")
    assert read_unit("celsius per minute") is None


def test_units_that_mean_two_things_say_both() -> None:
    """A pound is weight and money, a year 12 months and 365 days, a kilobyte 1000 or 1024 bytes."""
    assert UNITS["pounds"].other == ("GBP", Fraction(1))
    assert UNITS["years"].other == ("s", Fraction(365 * 86400))
    assert UNITS["kilobytes"] == Unit("bit", Fraction(8000), other=("bit", Fraction(8192)))
