"""Formulas and enumerations are told from names and sentences."""

from __future__ import annotations

import pytest

from underdog.data.answers.enumeration import LONGEST_ENUMERATION, split_enumeration
from underdog.data.answers.formula import compact_formula, is_algebra, is_formula


@pytest.mark.parametrize(
    "text", ["H2O", "H₂O", "C6H12O6", "Ca(OH)2", "2H2O", "Na+", "SO4^2-", "O2"]
)
def test_chemical_formulas_are_formulas(text: str) -> None:
    """Symbols of elements with counts, brackets or a charge."""
    assert is_formula(text)


@pytest.mark.parametrize(
    "text", ["", "H", "Co", "U2", "K9", "VH1", "H1N1", "O+", "AB-", "7", "R2D2", "Xx2", "N" * 30]
)
def test_names_with_digits_are_no_formulas(text: str) -> None:
    """Bands, blood groups, robots, and symbols of no element."""
    assert not is_formula(text)


@pytest.mark.parametrize(
    "text", ["E = mc2", "E=mc²", "x^2+1", "a^2+b^2=c^2", "2x + 3y", "y = e ^ x"]
)
def test_algebra_is_letters_and_operators(text: str) -> None:
    """Equations and expressions, with spaces or without."""
    assert is_algebra(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "B-52", "A/B", "O-", "x-y", "AC/DC", "R2-D2", "yes", "10-15", "a man = a plan"),
        *("a" + " " * 50 + "=?", "1" * 55 + "=?"),
    ],
)
def test_names_and_words_are_no_algebra(text: str) -> None:
    """Machines, bands, ranges and sentences; long runs are answered at once."""
    assert not is_algebra(text)


def test_a_formula_is_compared_without_its_ornaments() -> None:
    """Spaces, carets, multiplication signs, raised and lowered digits."""
    assert {compact_formula(text) for text in ("E = m·c^2", "E=mc²", "E = m c2")} == {"E=mc2"}


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("Red, white and blue", ("Red", "white", "blue")),
        ("Red, white, and blue.", ("Red", "white", "blue")),
        ("salt & pepper", ("salt", "pepper")),
        ("iron; wood", ("iron", "wood")),
        ("1, 2, 3", ("1", "2", "3")),
        ("Paris, France", ()),
        ("Robert Downey, Jr.", ()),
        ("1,000", ()),
        ("gold", ()),
        ("duck, duck, goose", ()),
        ("Film: one, two and three", ()),
        ("He ate, drank and was merry", ()),
        ("a very long part of some text, another one", ()),
        ("a, " * LONGEST_ENUMERATION, ()),
    ],
)
def test_enumerations_are_taken_apart(text: str, members: tuple[str, ...]) -> None:
    """Two things need an "and", three or more commas alone; clauses and places are none."""
    assert split_enumeration(text) == members
