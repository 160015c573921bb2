"""A multiple-choice question with its choices in canonical order, which never changes.

In: plain strings from any source. Out: a validated, hashable value whose id depends on the text
and the set of choices only. Never: a letter. Letters belong to `presentation`.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass, field

from underdog.errors import InputError

MAX_CHOICES = 26
"""Letters run from A to Z."""
ID_HEX_DIGITS = 16
"""64 bits: the chance that any two of 150,000 questions collide is below 1e-9 (birthday bound)."""


def normalise(text: str) -> str:
    """Fold case, Unicode form and white space, so that equal-looking texts compare equal."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `answer` is an index into `choices`, or None when the key is unknown."""

    text: str
    choices: tuple[str, ...]
    answer: int | None
    topic: str = ""
    source: str = ""
    licence: str = ""
    explanation: str = ""
    id: str = field(init=False)

    def __post_init__(self) -> None:
        fault = find_fault(self.text, self.choices, self.answer)
        if fault:
            raise InputError(f"a question needs {fault}", got=repr((self.text, self.choices))[:200])
        object.__setattr__(self, "id", question_id(self.text, self.choices))

    @property
    def answer_text(self) -> str | None:
        """The right choice's text, or None when the key is unknown."""
        return None if self.answer is None else self.choices[self.answer]


def find_fault(text: str, choices: tuple[str, ...], answer: int | None) -> str | None:
    """What a question made of these parts still needs, or None when it is whole."""
    if not text.strip():
        return "a text"
    if not 2 <= len(choices) <= MAX_CHOICES:
        return f"2 to {MAX_CHOICES} choices, not {len(choices)}"
    if not all(choice.strip() for choice in choices):
        return "choices that are not empty"
    if len({normalise(choice) for choice in choices}) != len(choices):
        return "choices that differ from each other"
    if answer is not None and not 0 <= answer < len(choices):
        return f"an answer between 0 and {len(choices) - 1}, not {answer}"
    return None


def question_id(text: str, choices: tuple[str, ...]) -> str:
    """SHA-256 of the text and the sorted choices: any order of the same choices has the same id."""
    canonical = "\x1f".join([text, *sorted(choices)])
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:ID_HEX_DIGITS]
