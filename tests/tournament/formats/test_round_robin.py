"""Round robin."""

from __future__ import annotations

from collections import Counter

import pytest

from underdog.tournament.formats.gauntlet import gauntlet
from underdog.tournament.formats.round_robin import berger, round_robin

BERGER_6 = [
    [(1, 6), (2, 5), (3, 4)],
    [(6, 4), (5, 3), (1, 2)],
    [(2, 6), (3, 1), (4, 5)],
    [(6, 5), (1, 4), (2, 3)],
    [(3, 6), (4, 2), (5, 1)],
]
"""FIDE Handbook C.05, annex 1, table for 5 or 6 players."""


def test_the_table_for_six_is_bergers() -> None:
    """Every round has the pairs of FIDE's table, with the same sides, in the same order."""
    ours = [[(one + 1, other + 1) for one, other in pairs] for pairs in berger(6)]
    assert ours == BERGER_6


@pytest.mark.parametrize("size", range(2, 71))
def test_everyone_meets_everyone_once_and_plays_once_a_round(size: int) -> None:
    """Of 2 to 70 entrants every pair meets exactly once; in a round nobody plays twice, and with
    an odd number each rests exactly once.
    """
    rounds = berger(size)
    pairs = Counter(frozenset(pair) for each in rounds for pair in each)
    assert len(pairs) == size * (size - 1) // 2
    assert set(pairs.values()) == {1}
    rests: Counter[int] = Counter()
    for each in rounds:
        playing = [place for pair in each for place in pair]
        assert len(set(playing)) == len(playing) == size - size % 2
        rests.update(set(range(size)) - set(playing))
    assert set(rests.values()) == ({1} if size % 2 else set())


@pytest.mark.parametrize("size", [2, 3, 8, 13])
def test_twice_means_once_with_each_side_and_each_draw(size: int) -> None:
    """In a double round robin every ordered pair plays once; the two games of a pair have
    different topic draws; keys are unique and sort in the order of play.
    """
    names = [f"t{number}" for number in range(size)]
    games = round_robin(names, double=True)
    assert len({game.names for game in games}) == len(games) == size * (size - 1)
    for game in games:
        back = next(each for each in games if each.names == game.names[::-1])
        assert {game.draw, back.draw} == {1, 2}
    keys = [game.key for game in games]
    assert sorted(set(keys)) == keys


def test_in_a_gauntlet_the_first_meets_each_other_one() -> None:
    """Three games with each of two challengers, sides taking turns, nothing else."""
    games = gauntlet(["a", "b", "c"], games=3)
    met = [(game.names, game.game) for game in games]
    assert met == [
        (("a", "b"), 1),
        (("a", "c"), 1),
        (("b", "a"), 2),
        (("c", "a"), 2),
        (("a", "b"), 3),
        (("a", "c"), 3),
    ]
