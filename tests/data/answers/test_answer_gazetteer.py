"""The names that the embedded bank knows."""

from __future__ import annotations

from underdog.data.answers.gazetteer import Gazetteer, load_gazetteer, read_gazetteer


def test_names_are_taken_from_the_relations_that_hold_them() -> None:
    """Places from both sides of "capital", persons from subjects, symbols for aliases."""
    rows = [
        ["subject", "relation", "object", "near"],
        ["the Netherlands", "capital", "Amsterdam", ""],
        ["Adam Smith", "profession", "an economist", ""],
        ["gold", "element_symbol", "Au", ""],
        ["balalaika", "instrument_family", "string", ""],
    ]
    assert read_gazetteer(rows) == Gazetteer(
        frozenset(("netherlands", "amsterdam")), frozenset(("adam smith",)), {"Au": "gold"}
    )


def test_the_bank_knows_countries_capitals_persons_and_symbols() -> None:
    """Loaded once, and then the same value."""
    known = load_gazetteer()
    assert {"paris", "kenya", "texas", "albuquerque"} <= known.places
    assert "abraham lincoln" in known.persons
    assert (known.symbols["TX"], known.symbols["Na"], known.symbols["H2O"]) == (
        *("texas", "sodium", "water"),
    )
    assert load_gazetteer() is known
