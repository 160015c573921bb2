"""Questions laid flat for probes: one row per choice, in an order that only the seed decides.

In: questions with keys. Out: a `Sheet`: rows, who owns them, where the keys are, which questions
belong together. Never: a trace of the order in which questions came, or of where a key stood.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from underdog.mcq.question import Question, normalise

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.integer[Any]]

COMMON_CHOICES = 20
"""Questions with the same choices up to which they count as alike. In OpenTriviaQA (45,522 rows)
only true and false, yes and no, five runs of small numbers and the four Beatles serve more.
"""


@dataclass(frozen=True, slots=True)
class Sheet:
    """`questions` n, `texts` one per choice (m rows), the choices of a question sorted by text.

    `starts` (n + 1) bounds each question's rows, `owner` (m) is the question of a row, `keys` (n)
    the row of each key, `units` (n) numbers what belongs together: equals stand side by side.
    """

    questions: tuple[Question, ...]
    texts: tuple[str, ...]
    folded: tuple[str, ...]
    """The texts with case, Unicode form and white space folded."""
    starts: Integers
    owner: Integers
    keys: Integers
    units: Integers

    @property
    def sizes(self) -> Integers:
        """Choices per question."""
        return np.diff(self.starts)

    @property
    def chance(self) -> Floats:
        """The share of each question (n) that guessing gets."""
        return 1.0 / self.sizes

    def total(self, values: Any) -> Any:
        """Sums over the choices of each question: (m,) or (m, d) -> (n,) or (n, d)."""
        return np.add.reduceat(values, self.starts[:-1], axis=0)


class Drawn(NamedTuple):
    """Questions with a key: those to be probed, laid out, and the rest.

    `units` numbers what belongs together for all of them, those of the sheet first.
    """

    sheet: Sheet
    rest: tuple[Question, ...]
    units: Integers

    @property
    def questions(self) -> tuple[Question, ...]:
        """All of them, in the order of `units`."""
        return (*self.sheet.questions, *self.rest)


def draw(
    questions: Sequence[Question], *, groups: Sequence[str] | None, seed: int, limit: int
) -> Drawn:
    """At most `limit` questions, drawn and ordered by a hash of the seed and what belongs together.

    That is a group; without groups, `name_units`. A group is drawn as a whole or not at all, unless
    the first one drawn exceeds the limit.
    """
    names = name_units(questions) if groups is None else groups
    places = {name: _hash(seed, name) for name in names}
    keyed = [at for at, each in enumerate(questions) if each.answer is not None]
    # Sorted twice by plain texts: a hundred thousand tuples would wake the garbage collector.
    contents = [f"{each.id}{each.answer_text}" for each in questions]
    keyed.sort(key=contents.__getitem__)
    ordered = sorted(keyed, key=lambda at: places[names[at]])
    numbers: dict[str, int] = {}
    units = [numbers.setdefault(names[at], len(numbers)) for at in ordered]
    end = min(limit, len(units))
    while 0 < end < len(units) and units[end] == units[end - 1]:
        end -= 1
    end = end or min(limit, len(units))
    drawn = [questions[at] for at in ordered]
    numbered = np.array(units, dtype=np.int64)
    return Drawn(_lay_out(drawn[:end], numbered[:end]), tuple(drawn[end:]), numbered)


def name_units(questions: Sequence[Question]) -> list[str]:
    """Equal names for questions with the same choices in any order, case or spacing.

    Choices that more than COMMON_CHOICES questions have (true and false, say) make nothing alike.
    """
    keys = ["\x1f".join(sorted(map(fold, each.choices))) for each in questions]
    uses = Counter(keys)
    return [
        key if uses[key] <= COMMON_CHOICES else each.id
        for key, each in zip(keys, questions, strict=True)
    ]


def fold(text: str) -> str:
    """`normalise`, with a short way for plain texts (NFKC leaves ASCII as it is)."""
    return " ".join(text.lower().split()) if text.isascii() else normalise(text)


def _hash(seed: int, name: str) -> bytes:
    text = f"{seed}\x1f{name}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _lay_out(questions: Sequence[Question], units: Integers) -> Sheet:
    texts: list[str] = []
    keys: list[int] = []
    for each in questions:
        choices = sorted(each.choices)
        keys.append(len(texts) + choices.index(each.answer_text or ""))
        texts += choices
    sizes = [len(each.choices) for each in questions]
    return Sheet(
        tuple(questions),
        tuple(texts),
        tuple(fold(text) for text in texts),
        starts=np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]),
        owner=np.repeat(np.arange(len(sizes)), sizes),
        keys=np.array(keys, dtype=np.int64),
        units=units,
    )
