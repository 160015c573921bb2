"""What follows from stated facts, by a SAT solver (Glucose 4 through `python-sat`).

In: the atoms of a small theory and its clauses, once; then facts. Out: whether facts can hold, and
what they force. Only yes and no are taken from the solver: cores and models depend on what it
learnt before, and a puzzle must depend on its seed alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence

from pysat.solvers import Solver

from underdog.agents.puzzles.puzzle import Claim, Fact, deny


class Theory:
    """Atoms get numbers as they are named; clauses are lists of literals, as in DIMACS."""

    def __init__(self) -> None:
        self.numbers: dict[Fact, int] = {}
        self.clauses: list[list[int]] = []

    def atom(self, *fact: object) -> int:
        """The number of a fact, the same for the same fact."""
        return self.numbers.setdefault(fact, len(self.numbers) + 1)

    def add(self, *literals: int) -> None:
        """At least one of these holds."""
        self.clauses.append(list(literals))

    def imply(self, causes: Iterable[int], result: int) -> None:
        """Where all causes hold, so does the result."""
        self.add(*(-each for each in causes), result)

    def exactly_one(self, literals: Sequence[int]) -> None:
        """One of them holds, and no two."""
        self.add(*literals)
        self.at_most_one(literals)

    def at_most_one(self, literals: Sequence[int]) -> None:
        """No two of them hold."""
        for place, one in enumerate(literals):
            for other in literals[place + 1 :]:
                self.add(-one, -other)


class Prover:
    """One theory, kept in one solver. Facts are assumptions, so that nothing has to be undone."""

    def __init__(self, theory: Theory) -> None:
        self._numbers = theory.numbers
        self._solver = Solver(name="glucose4", bootstrap_with=theory.clauses)
        self._lock = threading.Lock()

    def possible(self, facts: Iterable[Fact]) -> bool:
        """Whether some world has all of them."""
        literals = [self._literal(fact) for fact in facts]
        with self._lock:
            return bool(self._solver.solve(assumptions=literals))

    def proves(self, facts: Sequence[Fact], claim: Claim) -> bool:
        """Whether every world with these facts has every part of the claim."""
        return all(not self.possible([*facts, deny(part)]) for part in claim)

    def only(self, facts: Sequence[Fact], claims: Sequence[Claim], answer: int) -> bool:
        """Whether the facts can hold, prove this claim, and rule every other one out."""
        return (
            self.possible(facts)
            and self.proves(facts, claims[answer])
            and not any(
                self.possible([*facts, *claim])
                for place, claim in enumerate(claims)
                if place != answer
            )
        )

    def _literal(self, fact: Fact) -> int:
        return -self._literal(fact[1]) if fact[0] == "not" else self._numbers[fact]


def shortest_prefix(facts: Sequence[Fact], enough: Callable[[Sequence[Fact]], bool]) -> list[Fact]:
    """The first facts that are enough, by halving; all of them where none less are.

    `enough` stays true when facts are added.
    """
    low, high = 0, len(facts)
    while low < high:
        middle = (low + high) // 2
        if enough(facts[:middle]):
            high = middle
        else:
            low = middle + 1
    return list(facts[:low])


def without_needless(facts: Sequence[Fact], enough: Callable[[Sequence[Fact]], bool]) -> list[Fact]:
    """Each fact in turn is left out if the others are enough: what stays is all needed."""
    kept = list(facts)
    for fact in facts:
        fewer = [each for each in kept if each is not fact]
        if enough(fewer):
            kept = fewer
    return kept
