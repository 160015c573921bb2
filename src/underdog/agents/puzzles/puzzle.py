"""A puzzle: a question with the facts it states and what each of its choices claims.

In: what a kind of puzzle drew. Out: a frozen value that anyone can check without reading English:
`facts` and `claims` are plain tuples, and persons, groups and unknowns are numbers. Never: a proof;
a kind proves its puzzle before it makes the value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from underdog.mcq.question import Question

Fact = tuple[Any, ...]
"""A statement: its name, then what it is about. ("not", fact) denies a fact."""
Claim = tuple[Fact, ...]
"""Facts that hold together."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a kind hands over. `names[i]` is how the text calls number i; `size` how many there are.

    `claims[i]` is what choice i says; `answer` is the place of the one that follows from `facts`.
    """

    text: str
    choices: tuple[str, ...]
    answer: int
    explanation: str
    size: int
    names: tuple[str, ...]
    facts: tuple[Fact, ...]
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Puzzle:
    """A drawn puzzle of a kind, at a difficulty from 0 (small, direct) to 1 (large, indirect)."""

    kind: str
    difficulty: float
    question: Question
    size: int
    names: tuple[str, ...]
    facts: tuple[Fact, ...]
    claims: tuple[Claim, ...]


def deny(fact: Fact) -> Fact:
    """The opposite; denying twice gives the fact back."""
    return fact[1] if fact[0] == "not" else ("not", fact)
