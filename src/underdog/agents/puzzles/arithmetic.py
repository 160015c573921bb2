"""Arithmetic and units in short stories, each a pair of linear equations with one solution.

In: a generator of random numbers and a difficulty. Out: a draft. The answer is drawn first, as
likely to be the smallest choice as the largest; the story is made to fit. Never: a fraction, or a
number that the story does not give.

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


class Story(NamedTuple):
    """A frame's parts, the equations, the answer's unit, and what wrong answers differ by: a
    multiple of `grain`, so that no choice looks rounder than another.
    """

    frame: str
    parts: dict[str, object]
    equations: tuple[Fact, ...]
    unit: str
    grain: int


def draw(rng: random.Random, difficulty: float) -> Draft | None:
    """A story; None where its numbers would not be whole and positive."""
    make = rng.choice(EASY if difficulty < 0.34 else HARD if difficulty > 0.66 else (*EASY, *HARD))
    story = make(rng, 10 + round(50 * difficulty))
    if story is None:
        return None
    key = solve(story.equations)
    if key is None or key.denominator != 1 or key <= 0:
        return None
    value = int(key)
    step = story.grain * rng.randint(1, max(1, min(value // (8 * story.grain), 12)))
    place = rng.randrange(CHOICES)
    if value <= (CHOICES - 1) * step:
        # Refused wherever the key is to stand: else the least choice would be the key more often.
        return None
    values = [value + (each - place) * step for each in range(CHOICES)]
    rng.shuffle(values)
    a, b, c, d = draw_names(rng, 4)
    # Who asks is part of what tells two puzzles with the same numbers apart: without it, of 10,000
    # easy ones every third had been there before in other words.
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


def _ages_sum(rng: random.Random, _: int) -> Story:
    k, b = rng.choice(RATIOS), rng.randint(3, 18)
    a = k * b
    return Story("ages_sum", {"k": k, "t": a + b},
                 (_equation(0, 1, -k), _equation(a + b, 1, 1)), "years", k)  # fmt: skip


def _ages_later(rng: random.Random, _: int) -> Story | None:
    k, m, b = rng.choice(RATIOS[:3]), rng.randint(2, 12), rng.randint(1, 20)
    a = k * (b + m) - m
    return Story("ages_later", {"k": k, "m": m, "d": a - b},
                 (_equation(a - b, 1, -1), _equation((k - 1) * m, 1, -k)), "years", 1)  # fmt: skip


def _prices(rng: random.Random, reach: int) -> Story:
    x, d = rng.randint(10, 3 * reach), rng.randint(2, reach)
    n, m = rng.randint(2, 9), rng.randint(2, 9)
    thing, other = rng.sample(words()["arithmetic"]["things"], 2)
    total = n * x + m * (x + d)
    parts = {"n": n, "m": m, "t": total, "d": d, "thing": thing, "other": other}
    return Story("prices", parts, (_equation(total, n, m), _equation(-d, 1, -1)), "cents", 1)


def _travel(rng: random.Random, reach: int) -> Story:
    speed, one, two = rng.randint(2, 12), *rng.sample(range(2, reach), 2)
    parts = {"vehicle": _thing(rng, "vehicles"), "d": speed * one, "one": 10 * one, "two": 10 * two}
    return Story("travel", parts, (_equation(speed * one * two, one),), "km", speed)


def _tank(rng: random.Random, reach: int) -> Story | None:
    litres, n, v = rng.randint(2, reach), rng.randint(3, 25), 50 * rng.randint(2, 12)
    parts = {"l": litres, "n": n, "v": v, "liquid": _thing(rng, "liquids")}
    return Story("tank", parts, (_equation(1000 * litres - n * v, 1),), "ml", 50)


def _mean(rng: random.Random, reach: int) -> Story | None:
    n, m = rng.randint(4, 9), rng.randint(10, 10 + reach)
    r = m + rng.choice((-3, -2, -1, 1, 2, 3))
    return Story("mean", {"n": n, "m": m, "r": r}, (_equation(n * m - (n - 1) * r, 1),), "", 1)


def _discount(rng: random.Random, reach: int) -> Story:
    before, p = 20 * rng.randint(1, reach), 5 * rng.randint(1, 12)
    after = before * (100 - p) // 100
    parts: dict[str, object] = {"p": p, "c": after, "thing": _thing(rng)}
    return Story("discount", parts, (_equation(100 * after, 100 - p),), "euros", 20)


def _machines(rng: random.Random, reach: int) -> Story:
    rate, w, h = rng.randint(2, reach), rng.randint(2, 9), rng.randint(2, 9)
    v = rng.choice([each for each in range(2, 13) if each != w])
    g = rng.choice([each for each in range(2, 13) if each != h])
    parts = {"w": w, "h": h, "v": v, "g": g, "n": rate * w * h, "thing": _thing(rng)}
    return Story("machines", parts, (_equation(rate * w * h * v * g, w * h),), "", v * g)


def _ratio(rng: random.Random, reach: int) -> Story:
    k, m = rng.sample(range(2, 10), 2)
    unit = rng.randint(3, reach)
    parts = {"k": k, "m": m, "t": unit * (k + m), "thing": _thing(rng)}
    equations = (_equation(0, m, -k), _equation(unit * (k + m), 1, 1))
    return Story("ratio", parts, equations, "", k)


def _parcels(rng: random.Random, reach: int) -> Story | None:
    n, g, box = rng.randint(3, 20), 10 * rng.randint(5, reach), 10 * rng.randint(20, 150)
    total = n * g + box
    parts = {"n": n, "g": g, "t": f"{total / 1000:g}", "thing": _thing(rng)}
    return Story("parcels", parts, (_equation(total - n * g, 1),), "grams", 10)


EASY: tuple[Callable[[random.Random, int], Story | None], ...] = (
    _travel,
    _tank,
    _ratio,
    _ages_sum,
    _parcels,
)
"""One or two steps."""
HARD: tuple[Callable[[random.Random, int], Story | None], ...] = (
    _ages_later,
    _prices,
    _mean,
    _discount,
    _machines,
)
"""Two unknowns, or a step back."""
