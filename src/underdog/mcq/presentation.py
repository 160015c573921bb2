"""The order in which a question's choices are shown: the only place where letters meet indices."""

from __future__ import annotations

import random
import string
from collections.abc import Sequence
from dataclasses import dataclass

from underdog.errors import InputError

LETTERS = string.ascii_uppercase


@dataclass(frozen=True, slots=True)
class Presentation:
    """`order[place]` is the canonical index of the choice shown at that place (0 is letter A)."""

    order: tuple[int, ...]

    def __post_init__(self) -> None:
        if sorted(self.order) != list(range(len(self.order))) or len(self.order) > len(LETTERS):
            raise InputError(
                "a presentation is a permutation of 0..n-1, n <= 26", got=f"{self.order}"
            )

    @classmethod
    def identity(cls, size: int) -> Presentation:
        """Choices as they are stored."""
        return cls(tuple(range(size)))

    @classmethod
    def shuffled(cls, size: int, *, seed: int | str) -> Presentation:
        """A permutation that depends on nothing but `size` and `seed`."""
        order = list(range(size))
        random.Random(str(seed)).shuffle(order)
        return cls(tuple(order))

    @classmethod
    def rotated(cls, size: int, by: int) -> Presentation:
        """The cyclic permutation that shows choice `by` first."""
        return cls(tuple((place + by) % size for place in range(size)))

    def then(self, other: Presentation) -> Presentation:
        """This order, re-ordered again by `other`: `other`'s places refer to this one's."""
        return Presentation(tuple(self.order[place] for place in other.order))

    def inverse(self) -> Presentation:
        """The presentation that undoes this one."""
        places = sorted(range(len(self.order)), key=self.order.__getitem__)
        return Presentation(tuple(places))

    def letter(self, choice: int) -> str:
        """The letter under which a canonical index is shown."""
        return LETTERS[self.order.index(choice)]

    def choice(self, letter: str) -> int:
        """The canonical index that a shown letter (any case) stands for; InputError when absent."""
        place = LETTERS.find(letter.upper()) if len(letter) == 1 else -1
        if not 0 <= place < len(self.order):
            raise InputError(f"a letter from A to {LETTERS[len(self.order) - 1]}", got=repr(letter))
        return self.order[place]

    def show(self, choices: Sequence[str]) -> tuple[str, ...]:
        """The choices in the order shown."""
        return tuple(choices[index] for index in self.order)
