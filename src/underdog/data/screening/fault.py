"""What a rule looks at and what it says: the two values that all rules share.

In: a row whose shape is whole and whose key is known. Out: the first fault of a rule, or None. A
rule never repairs, never looks at another row, and never raises on any text.
"""

from __future__ import annotations

from typing import NamedTuple

from underdog.data.reject import Reason


class Fault(NamedTuple):
    """Why a row is left out. `detail` names the place, for people."""

    reason: Reason
    detail: str


class Item(NamedTuple):
    """A row as rules see it. `low` is the text in lower case, `lows` the choices normalised.
    `whole` is everything that is shown, one part a line, and `low_whole` the same in lower case:
    for cheap looks at all of it at once.

    An open question has no choices, `right` None, and its answer in `answer`.
    """

    text: str
    low: str
    choices: tuple[str, ...]
    lows: tuple[str, ...]
    right: int | None
    answer: str
    whole: str
    low_whole: str

    @property
    def parts(self) -> tuple[str, ...]:
        """The text, then what stands below it."""
        return (self.text, *(self.choices or (self.answer,)))

    def name_part(self, place: int) -> str:
        """How `parts[place]` is called in a detail."""
        if place == 0:
            return "text"
        return f"choice {place}" if self.choices else "answer"


def see_choices(text: str, choices: tuple[str, ...], lows: tuple[str, ...], right: int) -> Item:
    """A multiple-choice row; `right` is the place of the key."""
    whole = "\n".join((text, *choices))
    return Item(text, text.lower(), choices, lows, right, choices[right], whole, whole.lower())


def see_open(text: str, answer: str) -> Item:
    """An open question."""
    whole = f"{text}\n{answer}"
    return Item(text, text.lower(), (), (), None, answer, whole, whole.lower())
