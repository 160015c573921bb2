"""Choices that repeat the question.

A choice that only occurs in the question is no fault and no clue: among 45,941 OpenTriviaQA and
8,327 ARC and OpenBookQA rows exactly one choice occurs in the text of 576, and it is the key of
22 % of them, below chance (measured 2026-11-21).
"""

from __future__ import annotations

import re

from underdog.data.reject import Reason, shorten
from underdog.data.screening.fault import Fault, Item

_WORD = re.compile(r"\w+")
_FEWEST_WORDS = 3
"""A stem of one or two words ("Fungi") may well open the sentence that a choice completes."""


def find_echo(item: Item) -> Fault | None:
    """A choice equal to the whole question, or with the whole question in it."""
    length = len(item.text)
    if max(map(len, item.choices or (item.answer,))) * 4 < length * 3:
        return None
    stem = _WORD.findall(item.low)
    if len(stem) < _FEWEST_WORDS:
        return None
    for place, choice in enumerate(item.parts[1:], start=1):
        if len(choice) * 4 >= length * 3 and _holds(choice, stem):
            detail = f"{item.name_part(place)}: {shorten(choice, 60)!r}"
            return Fault(Reason.REPEATS_QUESTION, detail)
    return None


def _holds(choice: str, stem: list[str]) -> bool:
    return f" {' '.join(stem)} " in f" {' '.join(_WORD.findall(choice.lower()))} "
