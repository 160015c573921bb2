"""Rows as rules see them, for the tests of this folder."""

from __future__ import annotations

from underdog.data.screening.fault import Item, see_choices, see_open
from underdog.mcq.question import normalise

CITIES = ("Paris", "Lima", "Oslo", "Rome")


def asked(text: str, *choices: str, right: int = 0) -> Item:
    """A multiple-choice row, the cities where no choices are given."""
    shown = choices or CITIES
    return see_choices(text, shown, tuple(map(normalise, shown)), right)


def opened(text: str, answer: str = "Lima") -> Item:
    """An open question."""
    return see_open(text, answer)
