"""Arithmetic and units in short stories, each a pair of linear equations with one solution.

In: a generator of random numbers and a difficulty. Out: a draft. The choices are drawn first, then
which of them is right, then a story that fits. Never: a fraction, or a number that the story does
not give.

Facts: ("equation", right, a, b) for a x + b y = right in whole numbers; x is asked for. Claims:
("value", x).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from underdog.agents.puzzles.puzzle import Draft, Fact
from underdog.agents.puzzles.wording import draw_names, say, sentence, words

CHOICES = 4
RATIOS = (2, 3, 4, 5)


class Spot(NamedTuple):
    """A whole number that decides the answer, among CHOICES evenly spaced ones from `low`. All of
    them were as likely, and nothing else that is drawn depends on which it is: so the choices that
    they make do not tell.
    """

    low: int
    step: int
    place: int

    @property
    def key(self) -> int:
        """The one that was drawn."""
        return self.low + self.place * self.step

    @property
    def all(self) -> range:
        """What it might have been."""
        return range(self.low, self.low + CHOICES * self.step, self.step)


class Story(NamedTuple):
    """A frame's parts, the equations, the answer's unit, and by how much the answer changes when
    its spot's number grows by 1.
    """

    frame: str
    parts: dict[str, object]
    equations: tuple[Fact, ...]
    unit: str
    spot: Spot
    slope: int


def draw(rng: random.Random, difficulty: float) -> Draft:
    """A story, whose answer is whole and positive."""
    make = rng.choice(EASY if difficulty < 0.34 else HARD if difficulty > 0.66 else (*EASY, *HARD))
    story = make(rng, 10 + round(50 * difficulty))
    key = solve(story.equations)
    assert key is not None, "a story has one answer"
    assert key.denominator == 1, "a whole one"
    value, spot = int(key), story.spot
    values = [value + (each - spot.key) * story.slope for each in spot.all]
    assert min(values) > 0, "and so would it have with any other number"
    rng.shuffle(values)
    a, b, c, d = draw_names(rng, 4)
    # Who asks is part of what tells two puzzles with the same numbers apart; without it, easy ones
    # come again in other words.
    opening = say(rng, "arithmetic", "opening", c=c, d=d, town=_thing(rng, "towns"))
    text = f"{opening} {sentence(say(rng, 'arithmetic', story.frame, a=a, b=b, **story.parts))}"
    unit = f" {story.unit}" if story.unit else ""
    return Draft(
        text=text,
        choices=tuple(f"{each}{unit}" for each in values),
        answer=values.index(value),
        explanation=_explain(story.equations, f"{value}{unit}"),
        size=1 + any(each[3] for each in story.equations),
        names=("x", "y"),
        facts=story.equations,
        claims=tuple((("value", each),) for each in values),
    )


def solve(equations: tuple[Fact, ...]) -> Fraction | None:
    """X by elimination in exact fractions; None where it is not determined."""
    rows = [tuple(map(Fraction, each[1:])) for each in equations]
    if len(rows) == 1:
        right, a, b = rows[0]
        return right / a if a and not b else None
    (right, a, b), (other, c, d) = rows
    determinant = a * d - b * c
    return (right * d - b * other) / determinant if determinant else None


def _equation(right: int, a: int, b: int = 0) -> Fact:
    return ("equation", right, a, b)


def _explain(equations: tuple[Fact, ...], answer: str) -> str:
    shown = "; ".join(
        " ".join([_term(a, "x"), *([("+ " if b > 0 else "- ") + _term(abs(b), "y")] if b else [])])
        + f" = {right}"
        for _, right, a, b in equations
    )
    return f"With x for what is asked: {shown}. So x is {answer}."


def _term(count: int, name: str) -> str:
    return {1: name, -1: f"-{name}"}.get(count, f"{count} {name}")


def _thing(rng: random.Random, kind: str = "things") -> str:
    pool: list[str] = words()["arithmetic"][kind]
    return rng.choice(pool)


def _spot(rng: random.Random, least: int, most: int) -> Spot:
    """Somewhere from `least` to `most`, which are at least CHOICES numbers."""
    step = rng.randint(1, max(1, min((most - least) // (2 * (CHOICES - 1)), 12)))
    low = rng.randint(least, most - (CHOICES - 1) * step)
    return Spot(low, step, rng.randrange(CHOICES))


def _ages_sum(rng: random.Random, _: int) -> Story:
    k, spot = rng.choice(RATIOS), _spot(rng, 3, 18)
    a, b = k * spot.key, spot.key
    return Story("ages_sum", {"k": k, "t": a + b},
                 (_equation(0, 1, -k), _equation(a + b, 1, 1)), "years", spot, k)  # fmt: skip


def _ages_later(rng: random.Random, _: int) -> Story:
    k, m, spot = rng.choice(RATIOS[:3]), rng.randint(2, 12), _spot(rng, 1, 20)
    b = spot.key
    a = k * (b + m) - m
    equations = (_equation(a - b, 1, -1), _equation((k - 1) * m, 1, -k))
    return Story("ages_later", {"k": k, "m": m, "d": a - b}, equations, "years", spot, k)


def _prices(rng: random.Random, reach: int) -> Story:
    spot, d = _spot(rng, 10, 3 * reach), rng.randint(2, reach)
    n, m = rng.randint(2, 9), rng.randint(2, 9)
    thing, other = rng.sample(words()["arithmetic"]["things"], 2)
    total = n * spot.key + m * (spot.key + d)
    parts = {"n": n, "m": m, "t": total, "d": d, "thing": thing, "other": other}
    return Story("prices", parts, (_equation(total, n, m), _equation(-d, 1, -1)), "cents", spot, 1)


def _travel(rng: random.Random, reach: int) -> Story:
    speed, spot = rng.randint(2, 12), _spot(rng, 2, reach + 4)
    one = rng.choice([each for each in range(2, reach + 4) if each not in spot.all])
    parts = {
        "vehicle": _thing(rng, "vehicles"),
        "d": speed * one,
        "one": 10 * one,
        "two": 10 * spot.key,
    }
    return Story("travel", parts, (_equation(speed * one * spot.key, one),), "km", spot, speed)


def _tank(rng: random.Random, reach: int) -> Story:
    spot, v = _spot(rng, 3, 25), 50 * rng.randint(2, 12)
    litres = spot.all[-1] * v // 1000 + 1 + rng.randint(0, reach // 2)
    parts = {"l": litres, "n": spot.key, "v": v, "liquid": _thing(rng, "liquids")}
    return Story("tank", parts, (_equation(1000 * litres - spot.key * v, 1),), "ml", spot, -v)


def _mean(rng: random.Random, reach: int) -> Story:
    n = rng.randint(4, 9)
    m = rng.randint(4 * n, 4 * n + reach)
    spot = _spot(rng, m - 4, m + 4)
    parts = {"n": n, "m": m, "r": spot.key}
    return Story("mean", parts, (_equation(n * m - (n - 1) * spot.key, 1),), "", spot, 1 - n)


def _discount(rng: random.Random, reach: int) -> Story:
    spot, p = _spot(rng, 1, reach), 5 * rng.randint(1, 12)
    after = spot.key * (100 - p) // 5
    parts: dict[str, object] = {"p": p, "c": after, "thing": _thing(rng)}
    return Story("discount", parts, (_equation(100 * after, 100 - p),), "euros", spot, 20)


def _machines(rng: random.Random, reach: int) -> Story:
    spot, w, h = _spot(rng, 2, reach), rng.randint(2, 9), rng.randint(2, 9)
    v = rng.choice([each for each in range(2, 13) if each != w])
    g = rng.choice([each for each in range(2, 13) if each != h])
    parts = {"w": w, "h": h, "v": v, "g": g, "n": spot.key * w * h, "thing": _thing(rng)}
    return Story("machines", parts, (_equation(spot.key * w * h * v * g, w * h),), "", spot, v * g)


def _ratio(rng: random.Random, reach: int) -> Story:
    k, m = rng.sample(range(2, 10), 2)
    spot = _spot(rng, 3, reach + 2)
    total = spot.key * (k + m)
    parts = {"k": k, "m": m, "t": total, "thing": _thing(rng)}
    return Story("ratio", parts, (_equation(0, m, -k), _equation(total, 1, 1)), "", spot, k)


def _parcels(rng: random.Random, reach: int) -> Story:
    n, g, spot = rng.randint(3, 20), 10 * rng.randint(5, reach), _spot(rng, 20, 150)
    total = n * g + 10 * spot.key
    parts = {"n": n, "g": g, "t": f"{total / 1000:g}", "thing": _thing(rng)}
    return Story("parcels", parts, (_equation(10 * spot.key, 1),), "grams", spot, 10)


EASY: tuple[Callable[[random.Random, int], Story], ...] = (
    _travel,
    _tank,
    _ratio,
    _ages_sum,
    _parcels,
)
"""One or two steps."""
HARD: tuple[Callable[[random.Random, int], Story], ...] = (
    _ages_later,
    _prices,
    _mean,
    _discount,
    _machines,
)
"""Two unknowns, or a step back."""
