"""What the editions of the official competition allow, as plain data.

Source: facts/evaluation-and-tournament.md 1.1 and 1.3 (slides, READMEs and code of the editions).
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from types import MappingProxyType

from underdog.errors import InputError


@dataclass(frozen=True, slots=True)
class Edition:
    """The rules that differ between editions, and the limits in the code, which did not change."""

    name: str
    """Year and month of the final."""
    question_s: float
    """A question is late unless it takes less than this, seconds."""
    answer_s: float
    """An answer is late unless it takes less than this, seconds."""
    stated_question_tokens: int | None
    """What the slides allow a question with its choices (None: silent); not checked by the code."""
    topics: tuple[str, ...]
    """Subtopics as assets/topics.json names them; 2025-07 as its slides do."""
    default_questions: int = 20
    """Questions per innings when none is given: the size of the slides' and of known matches."""
    question_tokens: int = 130
    """The code's limit: tokens of question, answer and choices, less 15, stay below this."""
    question_total_tokens: int = 1024
    """The code's limit with the explanation, inclusive."""
    answer_tokens: int = 50
    """Tokens of an answer stay below this."""
    answer_total_tokens: int = 512
    """Tokens of an answer and its reasoning stay below this."""


EDITIONS = MappingProxyType(
    {
        edition.name: edition
        for edition in (
            Edition(
                "2025-07",
                10.0,
                6.0,
                100,
                (
                    "Truth-teller and Liar Problems",
                    "Seating Arrangements (Linear, Circular)",
                    "Blood Relations",
                ),
                default_questions=10,
            ),
            Edition(
                "2025-10",
                10.0,
                6.0,
                None,
                (
                    "Seating Arrangements (Linear, Circular)",
                    "Puzzles involving generations and family tree logic",
                ),
            ),
            Edition(
                "2026-02",
                13.0,
                9.0,
                150,
                (
                    "Syllogisms",
                    "Seating Arrangements (Linear, Circular)",
                    "Family tree logic",
                    "Mixed Series (Alphanumeric)",
                ),
            ),
        )
    }
)
"""By name, oldest first."""
NEWEST = "2026-02"


def find_edition(name: str) -> Edition:
    """The edition of that name; InputError naming the nearest one."""
    if name in EDITIONS:
        return EDITIONS[name]
    nearest = difflib.get_close_matches(name, EDITIONS, n=1, cutoff=0.0)[0]
    raise InputError(
        f"an edition out of {', '.join(EDITIONS)}", got=repr(name), hint=f"--edition {nearest}"
    )
