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
    """The row speaks of choices, or has a label as its key, and no field holds any."""
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
    BROKEN_LETTERS = "broken letters"
    """Letters that an encoding lost and nobody can mend: U+FFFD, private use, mojibake."""
    MARKUP = "remains of markup"
    """Tags, entities, media links of the page that the row came from."""
    OVER_TOKEN_BUDGET = "over the token budget"  # noqa: S105 - no password
    """Text and choices have more tokens than the rules allow."""
    TOO_SHORT = "too short to mean anything"
    """A single letter, or a bare name that asks nothing."""
    WRONG_LANGUAGE = "wrong language"
    """The text is in none of the expected languages."""
    MISSING_CONTEXT = "refers to what is not there"
    """A picture, a recording, a passage or a list that the row does not hold."""
    POSITIONAL_CHOICE = "choice refers to places"
    """A choice such as "all of the above" or "A and C", which is true in one order only."""
    CHOICE_OF_ALL = "choice refers to all others"
    """A choice such as "all of these", where the rules do not want one."""
    LABEL_IN_CHOICE = "label inside a choice"
    """A letter, a mark "(correct)" or a placeholder that belongs to the page, not to the choice."""
    REPEATS_QUESTION = "option repeats the question"
    """A choice is the whole question, or holds it."""
    KEY_NOT_UNIQUE = "key not unique"
    """A wrong choice says the same as the key: the same words or the same number."""
    IN_BENCHMARK = "in a benchmark"
    """The question stands in a benchmark that the user named."""
    DUPLICATE = "duplicate"
    """The same question with the same choices and the same key is already in the set."""
    CONTRADICTION = "contradicted by a duplicate"
    """The same question with the same choices occurs with another key: none of them is kept."""
    BEYOND_MIX = "beyond the mix"
    """The mixing table takes no more rows of its source."""
    YES_NO = "yes/no answer"
    """An open question with two possible answers, where the settings do not want two choices."""
    TOO_FEW_DISTRACTORS = "too few distractors"
    """An open question to whose answer no other answers of its like are known."""
    ALIKE_HELD_OUT = "alike a held-out question"
    """A row for a growing set that is in one group with a held-out row of the old set."""


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
