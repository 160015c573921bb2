"""Names that the embedded bank knows: places, persons and symbols, loaded when first needed.

In: `facts.csv` of the bank. Out: folded names of places and persons, and names for the same thing
(element and symbol, state and code, compound and formula). Never: a fact as such, or a file outside
the package.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from underdog.data.answers.fold import split_words

_PLACES = {
    "capital": (0, 2),
    "continent": (0, 2),
    "city_country": (0, 2),
    "us_state_capital": (0, 2),
    "us_city_state": (0, 2),
    "airport_city": (2,),
    "landmark_country": (0, 2),
    "region_country": (0, 2),
    "moon_planet": (2,),
}
"""Relation to the columns of facts.csv that hold places: 0 the subject, 2 the object."""
_PERSONS = {
    "profession": (0,),
    "birth_year": (0,),
    "death_year": (0,),
    "element_discoverer": (2,),
    "president_number": (0,),
    "artist_nationality": (0,),
}
_SAME = ("element_symbol", "us_state_code", "compound_formula")


class Gazetteer(NamedTuple):
    """Names are folded (`fold.split_words`, joined by spaces); `symbols` keep their case."""

    places: frozenset[str]
    persons: frozenset[str]
    symbols: dict[str, str]
    """"Na" to "sodium", "TX" to "texas", "H2O" to "water"."""


@lru_cache(maxsize=1)
def load_gazetteer() -> Gazetteer:
    """The names of the embedded bank. Takes about 40 ms once (measured 2026-11-21)."""
    file = resources.files("underdog.data.bank").joinpath("facts.csv")
    lines = io.StringIO(file.read_text(encoding="utf-8"), newline="")
    return read_gazetteer(csv.reader(lines))


def read_gazetteer(rows: Iterable[list[str]]) -> Gazetteer:
    """Names from rows of subject, relation, object and more."""
    places: set[str] = set()
    persons: set[str] = set()
    symbols: dict[str, str] = {}
    for row in rows:
        relation = row[1]
        for column in _PLACES.get(relation, ()):
            places.add(row[column])
        for column in _PERSONS.get(relation, ()):
            persons.add(row[column])
        if relation in _SAME:
            symbols[row[2]] = _folded(row[0])
    return Gazetteer(frozenset(map(_folded, places)), frozenset(map(_folded, persons)), symbols)


def _folded(name: str) -> str:
    return " ".join(split_words(name))
