"""Sets of values in which the key does not stand out."""

import random
from collections import Counter, defaultdict

import pytest

from underdog.data.conversion.stars import Options, Steps, draw_star

WEIGHTS = {value: 1.2**value if value < 10 else 1.2 ** (20 - value) for value in range(20)}


def ring(value: int) -> dict[int, float]:
    """Six neighbours on a ring of twenty."""
    return {(value + away) % 20: 1.0 / abs(away) for away in (-3, -2, -1, 1, 2, 3)}


def make_steps() -> Steps[int]:
    return Steps(ring, WEIGHTS.__getitem__, lambda value: value)


def test_values_differ_and_all_are_found() -> None:
    """No value comes twice, none is the given one, and in the end all within a step are there."""
    found = list(draw_star(0, make_steps(), choices=4, chance=random.Random(1)))
    assert len(found) == len(set(found))
    assert 0 not in found
    assert {1, 2, 3, 17, 18, 19} <= set(found)


def test_a_draw_depends_on_its_chance_only() -> None:
    """The same chance gives the same values, another one others."""
    drawn = [
        list(draw_star(0, make_steps(), choices=4, chance=random.Random(seed)))
        for seed in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_value_without_slips_has_no_company() -> None:
    """Where no step leads anywhere, nothing is drawn."""
    steps: Steps[int] = Steps(lambda _: {}, lambda _: 1.0, lambda value: value)
    assert list(draw_star(5, steps, choices=4, chance=random.Random(1))) == []
    assert steps(5) == Options((), ())


def keys_of_sets(steps: Steps[int], draws: int = 80_000) -> dict[tuple[int, ...], Counter[int]]:
    """How often each value was the key of each set, for keys drawn by their weights."""
    rng = random.Random(7)
    keys = rng.choices(list(WEIGHTS), list(WEIGHTS.values()), k=draws)
    found: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
    for key in keys:
        star = draw_star(key, steps, choices=3, chance=rng)
        found[tuple(sorted((key, next(star), next(star))))][key] += 1
    return found


def gain(found: dict[tuple[int, ...], Counter[int]]) -> float:
    """How many keys one finds who knows the most frequent key of every set."""
    return sum(max(counts.values()) for counts in found.values()) / sum(
        counts.total() for counts in found.values()
    )


def test_no_value_of_a_set_is_likelier_to_be_its_key() -> None:
    """One who knows how often each value of each set was the key gains little over 1/3; with
    choices drawn without regard to how probable values are, more.
    """
    assert gain(keys_of_sets(make_steps())) == pytest.approx(1 / 3, abs=0.03)
    assert gain(keys_of_sets(Steps(ring, lambda _: 1.0, lambda _: 0))) > 0.4
