"""Why a row was left out: an enumerated reason, and enough of the row to find it again.

In: a fault found while reading or checking. Out: one line of `rejects.jsonl`. Never an exception: a
bad row is counted and reported, and the build goes on.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

EXCERPT_CHARACTERS = 160
"""Enough to recognise a row; a rejects file of 50,000 rows stays below 20 MB."""


class Reason(StrEnum):
    """Every reason for which a row is left out. Each row has exactly one: the first that holds."""

    NOT_A_RECORD = "not a record"
    """A line that does not parse, or a value where a record with fields was expected."""
    NOT_UTF8 = "not UTF-8"
    """Bytes that are no UTF-8, in a format that promises it."""
    TOO_LONG = "too long"
    """A line, a question or a choice beyond the bounds that `lines` and `quality` state."""
    NO_QUESTION = "no question text"
    """The text is absent, empty, or has no letter and no digit."""
    NO_CHOICES = "no choices"
    """No field holds choices: an open question."""
    ONE_CHOICE = "fewer than two choices"
    """Nothing to choose from."""
    TOO_MANY_CHOICES = "more than 26 choices"
    """Letters end at Z."""
    EMPTY_CHOICE = "empty choice"
    """A choice is null or white space."""
    DUPLICATE_CHOICES = "duplicate choices"
    """Two choices are equal after folding case, Unicode form and white space."""
    NO_ANSWER = "no answer"
    """The key is absent, null or empty."""
    ANSWER_NOT_AMONG_CHOICES = "answer not among the choices"
    """The key is no label, no index and no text of a choice."""
    AMBIGUOUS_ANSWER = "answer could mean two choices"
    """The key reads as one choice by text and as another one by letter or index."""
    DUPLICATE = "duplicate"
    """The same question with the same choices and the same key is already in the set."""
    CONTRADICTION = "contradicted by a duplicate"
    """The same question with the same choices occurs with another key: none of them is kept."""


class Reject(NamedTuple):
    """`row` counts from 1: a line in text formats, an element or a record in the others."""

    file: str
    row: int
    reason: Reason
    detail: str
    excerpt: str

    def to_json(self) -> dict[str, Any]:
        """As a plain JSON object."""
        return {**self._asdict(), "reason": self.reason.value}


def shorten(text: str, limit: int = EXCERPT_CHARACTERS) -> str:
    """One line of at most `limit` characters; half of a surrogate pair becomes a question mark."""
    line = " ".join(text[: 4 * limit].split())
    whole = line.encode("utf-8", "replace").decode("utf-8")
    return whole if len(whole) <= limit else f"{whole[: limit - 3]}..."
