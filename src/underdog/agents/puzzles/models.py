"""Which choices of a puzzle are right, by going through every world; no solver.

In: a puzzle's facts and claims. Out: the places of the choices that are so whatever world the facts
leave. Another method than the one that makes puzzles: seats by all orders, liars by all splits,
groups by all ways to inhabit the regions, series by all numbers of all rules, equations by putting
numbers in, families by building the smallest one and walking it. Never: the question's text, the
key, or a line of what drew the puzzle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import permutations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from underdog.agents.puzzles.puzzle import Claim, Fact, Puzzle

LETTERS = 26
LARGEST_STEP = 60
"""Steps of numbers are tried from -60 to 60, and growth from -12 to 12."""
LARGEST_GROWTH = 12
LARGEST_UNKNOWN = 20_000
"""The unknown that is not asked for is tried from 0 to this."""

World = Any
Holds = Callable[[World, Fact], bool]


def right_choices(puzzle: Puzzle) -> list[int]:
    """The places of all choices that hold in every world, and only if there is a world."""
    return _BY_KIND[puzzle.kind](puzzle)


def _every_world(puzzle: Puzzle, worlds: Iterator[World], holds: Holds) -> list[int]:
    open_places = set(range(len(puzzle.claims)))
    found = False
    for world in worlds:
        if all(holds(world, fact) for fact in puzzle.facts):
            found = True
            open_places = {
                place
                for place in open_places
                if all(holds(world, part) for part in puzzle.claims[place])
            }
    return sorted(open_places) if found else []


def _row(puzzle: Puzzle) -> list[int]:
    return _every_world(puzzle, permutations(range(puzzle.size)), _seated_in_row)


def _seated_in_row(seats: Sequence[int], fact: Fact) -> bool:
    name = fact[0]
    if name == "not":
        return not _seated_in_row(seats, fact[1])
    here = seats[fact[1]]
    if name == "at":
        return bool(here == fact[2])
    if name == "end":
        return here in (0, len(seats) - 1)
    there = seats[fact[2]]
    if name == "left":
        return here < there
    if name == "next_left":
        return here + 1 == there
    between = max(here, there) - min(here, there) - 1
    return between == 0 if name == "beside" else bool(between == fact[3])


def _table(puzzle: Puzzle) -> list[int]:
    orders = permutations(range(1, puzzle.size))
    return _every_world(puzzle, ((0, *order) for order in orders), _seated_round_table)


def _seated_round_table(seats: Sequence[int], fact: Fact) -> bool:
    name, *rest = fact
    if name == "not":
        return not _seated_round_table(seats, rest[0])
    size = len(seats)
    here, there = seats[rest[0]], seats[rest[1]]
    if name == "right_by":
        return bool(here == (there + rest[2]) % size)
    if name == "beside":
        return here in ((there + 1) % size, (there - 1) % size)
    return size % 2 == 0 and here == (there + size // 2) % size


def _liars(puzzle: Puzzle) -> list[int]:
    return _every_world(puzzle, product((False, True), repeat=puzzle.size), _said)


def _said(lies: Sequence[bool], fact: Fact) -> bool:
    name = fact[0]
    if name == "not":
        return not _said(lies, fact[1])
    if name == "says":
        return _said(lies, fact[2]) is not lies[fact[1]]
    if name == "liar":
        return lies[fact[1]]
    if name == "count":
        return bool(sum(lies) == fact[1])
    one, other = lies[fact[1]], lies[fact[2]]
    if name == "same":
        return one is other
    return one or other if name == "either" else one and other


def _groups(puzzle: Puzzle) -> list[int]:
    """All worlds at once: one bit of truth per way to inhabit the regions."""
    fitting = _nobody_empty(puzzle.size)
    for fact in puzzle.facts:
        fitting = fitting & _true_where(puzzle.size, fact)
    if not fitting.any():
        return []
    return [
        place
        for place, claim in enumerate(puzzle.claims)
        if all(_follows(fitting, puzzle.size, part) for part in claim)
    ]


def _follows(fitting: NDArray[np.bool_], size: int, part: Fact) -> bool:
    if part[0] in ("follows", "open"):
        return _follows(fitting, size, part[1]) is (part[0] == "follows")
    return bool(_true_where(size, part)[fitting].all())


@lru_cache(maxsize=64)
def _true_where(size: int, fact: Fact) -> NDArray[np.bool_]:
    if fact[0] == "not":
        return ~_true_where(size, fact[1])
    name, one, other = fact
    worlds = np.arange(2 ** (2**size))
    true = np.ones(len(worlds), bool)
    for region in range(2**size):
        in_one, in_other = bool(region >> one & 1), bool(region >> other & 1)
        if in_one and in_other is (name == "no"):
            true &= (worlds >> region & 1) == 0
    return true


@lru_cache(maxsize=4)
def _nobody_empty(size: int) -> NDArray[np.bool_]:
    worlds = np.arange(2 ** (2**size))
    true = np.ones(len(worlds), bool)
    for group in range(size):
        mask = sum(1 << region for region in range(2**size) if region >> group & 1)
        true &= (worlds & mask) != 0
    return true


def _series(puzzle: Puzzle) -> list[int]:
    parts = [(fact[1], fact[2:]) for fact in puzzle.facts]
    ahead = puzzle.claims[0][0][2]
    nexts = [_continued(kind, values, ahead) for kind, values in parts]
    return [
        place
        for place, claim in enumerate(puzzle.claims)
        if all(nexts[part] == {value} for _, part, _, value in claim)
    ]


def _continued(kind: str, values: Sequence[int], ahead: int) -> set[int]:
    count = len(values) + ahead
    found = set()
    for each in _all_series(kind, values[0], count, values[1]):
        if each[: len(values)] == list(values):
            found.add(each[-1])
    return found


def _all_series(kind: str, first: int, count: int, second: int) -> Iterator[list[int]]:
    """All series of all rules that begin with these two values."""
    letter = kind == "letter"
    steps = range(LETTERS) if letter else range(-LARGEST_STEP, LARGEST_STEP + 1)
    growths = range(LETTERS) if letter else range(-LARGEST_GROWTH, LARGEST_GROWTH + 1)
    for step in steps:
        if ((first + step) % LETTERS if letter else first + step) != second:
            continue
        ways = [[step + growth * place for place in range(count)] for growth in growths]
        ways += [[(step, other)[place % 2] for place in range(count)] for other in steps]
        for way in ways:
            series = [first]
            for each in way[: count - 1]:
                series.append((series[-1] + each) % LETTERS if letter else series[-1] + each)
            yield series
    for ratio in () if letter else range(2, 10):
        yield [first * ratio**place for place in range(count)]


def _numbers(puzzle: Puzzle) -> list[int]:
    others = np.arange(LARGEST_UNKNOWN + 1, dtype=np.int64)

    def fits(x: int) -> bool:
        fitting = np.ones(len(others), bool)
        for _, right, a, b in puzzle.facts:
            fitting &= a * x + b * others == right
        return bool(fitting.any())

    return [place for place, claim in enumerate(puzzle.claims) if fits(claim[0][1])]


class _Family:
    """Persons come from a household and, where they have one, found one; equal ones are joined.

    The ties of the smallest family that has the facts are those that every such family has.
    """

    def __init__(self, size: int, facts: Sequence[Fact]) -> None:
        self._home = list(range(2 * size))
        self._size = size
        self.men: dict[int, bool] = {}
        for fact in facts:
            self._take(fact)
        self._marry()

    def born(self, person: int) -> int:
        """The household that a person comes from."""
        return self._root(person)

    def own(self, person: int) -> int:
        """The household that a person founds."""
        return self._root(self._size + person)

    def _root(self, node: int) -> int:
        while self._home[node] != node:
            node = self._home[node]
        return node

    def _join(self, one: int, other: int) -> None:
        self._home[one] = other

    def _take(self, fact: Fact) -> None:
        name, *about = fact
        if name == "not":
            self.men[about[0][1]] = False
        elif name == "male":
            self.men[about[0]] = True
        elif name == "parent":
            self._join(self.own(about[0]), self.born(about[1]))
        elif name == "sibling":
            self._join(self.born(about[0]), self.born(about[1]))
        else:
            self._join(self.own(about[0]), self.own(about[1]))

    def _marry(self) -> None:
        """Founders of one household are a man and a woman."""
        for one, other in permutations(range(self._size), 2):
            if self.own(one) == self.own(other) and one in self.men:
                self.men.setdefault(other, not self.men[one])

    def steps(self, person: int, step: str) -> list[int]:
        """Everyone who is a parent, a child, a sibling or the spouse of a person."""
        others = [each for each in range(self._size) if each != person]
        if step == "p":
            return [each for each in others if self.own(each) == self.born(person)]
        if step == "c":
            return [each for each in others if self.born(each) == self.own(person)]
        house = self.born if step == "b" else self.own
        return [each for each in others if house(each) == house(person)]


_WALKS = {
    "p": "parent", "c": "child", "pp": "grandparent", "cc": "grandchild", "pb": "uncle_aunt",
    "bc": "nephew_niece", "pbc": "cousin", "sp": "parent_in_law", "cs": "child_in_law",
    "ppp": "great_grandparent", "ccc": "great_grandchild", "ppb": "great_uncle_aunt",
    "b": "sibling", "s": "spouse",
}  # fmt: skip


def _relatives(puzzle: Puzzle) -> list[int]:
    family = _Family(puzzle.size, puzzle.facts)
    return [place for place, claim in enumerate(puzzle.claims) if _is_related(family, claim)]


def _is_related(family: _Family, claim: Claim) -> bool:
    _, relation, x, y = claim[0]
    found = {name for walk, name in _WALKS.items() if x in _reached(family, y, walk)}
    sex = {fact[0] != "not" for fact in claim[1:]}
    return found == {relation} and (not sex or {family.men.get(x)} == sex)


def _reached(family: _Family, start: int, walk: str) -> set[int]:
    """Walks visit nobody twice."""
    paths = [[start]]
    for step in walk:
        paths = [[*path, each] for path in paths for each in family.steps(path[-1], step)
                 if each not in path]  # fmt: skip
    return {path[-1] for path in paths}


_BY_KIND: dict[str, Callable[[Puzzle], list[int]]] = {
    "seating-linear": _row,
    "seating-circular": _table,
    "truth": _liars,
    "syllogism": _groups,
    "series": _series,
    "arithmetic": _numbers,
    "blood": _relatives,
}
