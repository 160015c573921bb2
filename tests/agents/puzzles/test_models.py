"""Going through every world, on puzzles whose answers were worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from underdog.agents.puzzles.models import right_choices
from underdog.agents.puzzles.puzzle import Fact, Puzzle
from underdog.mcq.question import Question

QUESTION = Question("?", ("a", "b", "c", "d"), None)


def posed(kind: str, size: int, facts: list[Fact], claims: list[tuple[Fact, ...]]) -> list[int]:
    return right_choices(Puzzle(kind, 0.5, QUESTION, size, (), tuple(facts), tuple(claims)))


def test_seats_in_a_row() -> None:
    """0 at the left end, 2 just right of it, so 1 is last of three; "left of" leaves it open."""
    claims: list[Any] = [(("at", person, 2),) for person in range(3)]
    facts: list[Fact] = [("at", 0, 0), ("next_left", 0, 2)]
    assert posed("seating-linear", 3, facts, claims) == [1]
    assert posed("seating-linear", 3, [("left", 0, 2)], claims) == []
    assert posed("seating-linear", 3, [("at", 0, 0), ("at", 0, 1)], claims) == []


def test_seats_round_a_table() -> None:
    """Of four, the two who are not neighbours of 0 and not 0 face it."""
    claims: list[Any] = [(("opposite", 0, person),) for person in (1, 2, 3)]
    assert posed("seating-circular", 4, [("beside", 0, 1), ("beside", 0, 3)], claims) == [1]
    assert posed("seating-circular", 4, [("right_by", 0, 2, 2)], claims) == [1]


def test_liars() -> None:
    """Who says "we are both liars" lies, and the other does not."""
    says: Fact = ("says", 0, ("both", 0, 1))
    claims: list[Any] = [(("liar", 0), ("not", ("liar", 1))), (("liar", 0), ("liar", 1))]
    assert posed("truth", 2, [says], claims) == [0]
    assert posed("truth", 2, [("says", 0, ("liar", 1))], claims) == []


def test_groups() -> None:
    """Barbara (all, all, so all) holds; its converse does not; "all" gives "some", as no group is
    empty.
    """
    facts: list[Fact] = [("all", 0, 1), ("all", 1, 2)]
    claims: list[Any] = [(("all", 2, 0),), (("all", 0, 2),), (("not", ("no", 0, 2)),)]
    assert posed("syllogism", 3, facts, claims) == [1, 2]
    both: list[Any] = [(("follows", ("all", 0, 2)), ("open", ("all", 2, 0)))]
    assert posed("syllogism", 3, facts, both) == [0]


@pytest.mark.parametrize(
    ("kind", "values", "after"),
    [("number", (2, 4, 8, 16), 32), ("number", (1, 2, 4, 7), 11), ("number", (5, 8, 6, 9, 7), 10),
     ("letter", (24, 25, 0, 1), 2), ("letter", (0, 1, 3, 6), 10)],
)  # fmt: skip
def test_series(kind: str, values: tuple[int, ...], after: int) -> None:
    """Doubling, growing steps, two steps in turn, and letters that begin again after Z."""
    claims: list[Any] = [(("comes", 0, 1, after + off),) for off in (-1, 0, 1)]
    assert posed("series", 1, [("part", kind, *values)], claims) == [1]


def test_a_series_with_two_continuations_has_no_right_choice() -> None:
    """1, 2, 4 doubles to 8, or grows by 1, 2, 3 to 7."""
    claims: list[Any] = [(("comes", 0, 1, 7),), (("comes", 0, 1, 8),)]
    assert posed("series", 1, [("part", "number", 1, 2, 4)], claims) == []


def test_equations() -> None:
    """Ages: x = 3 y and x + y = 48."""
    facts: list[Fact] = [("equation", 0, 1, -3), ("equation", 48, 1, 1)]
    assert posed("arithmetic", 2, facts, [(("value", x),) for x in (12, 36, 33)]) == [1]


def test_families() -> None:
    """With 2 a brother of 1, a parent of 0: an uncle; without his sex none is proven."""
    facts: list[Fact] = [("parent", 1, 0), ("sibling", 1, 2)]
    uncle: tuple[Fact, ...] = (("kin", "uncle_aunt", 2, 0), ("male", 2))
    aunt: tuple[Fact, ...] = (uncle[0], ("not", ("male", 2)))
    father: tuple[Fact, ...] = (("kin", "parent", 2, 0), ("male", 2))
    claims = [aunt, uncle, father]
    assert posed("blood", 3, [*facts, ("male", 2)], claims) == [1]
    assert posed("blood", 3, facts, claims) == []


def test_spouses_tell_each_other_s_sex_and_share_children() -> None:
    """0's mother 1 is married to 2: 2 is 0's father."""
    facts: list[Fact] = [("parent", 1, 0), ("spouse", 1, 2), ("not", ("male", 1))]
    claims: list[Any] = [(("kin", "parent", 2, 0), ("male", 2))]
    assert posed("blood", 3, facts, claims) == [0]
