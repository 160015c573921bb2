"""Everyone plays everyone, once or twice, in rounds in which nobody plays two games.

In: entrants. Out: every fixture, ordered. The order of rounds is the circle method's, whose tables
for chess are Berger's (FIDE Handbook C.05, annex 1); with an odd number, one entrant rests a round.
"""

from __future__ import annotations

from collections.abc import Sequence

from underdog.tournament.formats.fixture import Fixture

STAGE = "round robin"


def round_robin(entrants: Sequence[str], *, double: bool) -> list[Fixture]:
    """Each pair once, or twice with the sides changed and another topic draw."""
    legs = (1, 2) if double else (1,)
    pairings = berger(len(entrants))
    fixtures = []
    for leg in legs:
        for number, pairs in enumerate(pairings, start=1):
            for table, (first, second) in enumerate(pairs, start=1):
                one, other = entrants[first], entrants[second]
                if leg == 2:
                    one, other = other, one
                at = number + (leg - 1) * len(pairings)
                fixtures.append(Fixture(STAGE, at, table, 1, one, other, draw=leg))
    return fixtures


def berger(size: int) -> list[list[tuple[int, int]]]:
    """Rounds of pairs of places from 0; the first of a pair has the first side.

    Round r (from 0) of an even number n: the last place meets r' = r n/2 mod (n-1), and the places
    at equal distances on both sides of r' on the circle of n-1 meet each other. The last place
    changes sides every round. This is Berger's table (FIDE C.05 annex 1), shifted to start at 0.
    """
    even = size + size % 2
    circle = even - 1
    rounds = []
    for number in range(circle):
        middle = number * even // 2 % circle
        pairs = [(middle, circle) if number % 2 == 0 else (circle, middle)]
        pairs += [
            ((middle + distance) % circle, (middle - distance) % circle)
            for distance in range(1, even // 2)
        ]
        rounds.append([pair for pair in pairs if max(pair) < size])
    return rounds
