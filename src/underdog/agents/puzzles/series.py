"""Mixed series of letters and numbers, continued by exactly one rule per part.

In: a generator of random numbers and a difficulty. Out: a draft. Every part of a term (a letter or
a number) follows one rule of RULES; the shown terms leave no other rule of them that would go on
differently. Never: a choice that stands out; each shares its letters with one other and its number
with one other, and the wrong number was as likely to be the right one.

Facts: ("part", "letter" or "number", v1, v2, ...), letters counting from 0. Claims: ("comes", part,
steps ahead, value).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise, product
from typing import NamedTuple

from underdog.agents.puzzles.puzzle import Claim, Draft, Fact
from underdog.agents.puzzles.wording import say

ALPHABET = 26
RULES = ("constant step", "growing step", "two steps in turn", "constant ratio")
LARGEST_NUMBER = 9999
FIRST = 80
"""Largest number to begin with: with 40, 0.7 % of 10,000 easy series were near-duplicates."""
NEAR = 8
"""How far apart right and wrong number are at most where numbers grow by steps."""
TRIES = 60
"""Pairs of numbers drawn before another series is begun."""


class Part(NamedTuple):
    """What one part of the terms is, all its values, and what is said of it in the explanation."""

    kind: str
    values: list[int]
    told: str


def draw(rng: random.Random, difficulty: float) -> Draft | None:
    """A series; None where the shown terms could be continued in two ways."""
    shown = 5 + (difficulty > 0.6)
    ahead = 2 if rng.random() < difficulty - 0.5 else 1
    letters = 2 if rng.random() < difficulty else 1
    parts = [_draw_letters(rng, difficulty, shown + ahead) for _ in range(letters)]
    pair = _draw_pair(rng, difficulty, shown, ahead)
    if pair is None:
        return None
    numbers, other = pair
    parts.insert(rng.randrange(letters + 1), numbers)
    if not all(_sure(each, shown, ahead) for each in parts if each is not numbers):
        return None
    return _tell(rng, parts, shown, other.values[-1])


def _draw_pair(
    rng: random.Random, difficulty: float, shown: int, ahead: int
) -> tuple[Part, Part] | None:
    """The numbers of the series, and others of the same rule that end near them, whose last value
    is the wrong one. Both are drawn alike and rejected together, so which is which cannot be told
    from their ends.
    """
    rule = rng.choice(("constant step",) if difficulty < 0.2 else RULES)
    for _ in range(TRIES):
        one, other = (_draw_numbers(rng, rule, difficulty, shown + ahead) for _ in range(2))
        ends = one.values[-1], other.values[-1]
        reach = sum(ends) // 3 if rule == "constant ratio" else NEAR
        if 0 < abs(ends[0] - ends[1]) <= reach and all(
            0 < min(each.values) <= max(each.values) <= LARGEST_NUMBER and _sure(each, shown, ahead)
            for each in (one, other)
        ):
            return one, other
    return None


def _sure(part: Part, shown: int, ahead: int) -> bool:
    """Whether the shown values leave one way to go on."""
    return continue_part(part.kind, part.values[:shown], ahead) == {part.values[-1]}


def continue_part(kind: str, values: Sequence[int], ahead: int) -> set[int]:
    """Every value that some rule of RULES puts `ahead` places after the last: each rule's numbers
    are read off the first terms, then it has to give all the others.
    """
    wrap = ALPHABET if kind == "letter" else None
    steps = [_wrapped(b - a, wrap) for a, b in pairwise(values)]
    growth = _wrapped(steps[1] - steps[0], wrap)
    found = set()
    candidates = [
        [steps[0] for _ in range(len(steps) + ahead)],
        [steps[0] + place * growth for place in range(len(steps) + ahead)],
        [steps[place % 2] for place in range(len(steps) + ahead)],
    ]
    for each in candidates:
        if [_wrapped(step, wrap) for step in each[: len(steps)]] == steps:
            found.add(_wrapped(values[-1] + sum(each[len(steps) :]), wrap))
    if wrap is None and values[0] and values[1] % values[0] == 0:
        ratio = values[1] // values[0]
        if all(b == a * ratio for a, b in pairwise(values)):
            found.add(values[-1] * ratio**ahead)
    return found


def _wrapped(value: int, wrap: int | None) -> int:
    return value if wrap is None else value % wrap


def _draw_letters(rng: random.Random, difficulty: float, count: int) -> Part:
    rule = rng.choice(RULES[:1] if difficulty < 0.35 else RULES[:3])
    backward = rng.random() < difficulty
    steps = _draw_steps(rng, rule, count - 1, largest=5)
    values = [rng.randrange(ALPHABET)]
    for step in steps:
        values.append((values[-1] + (-step if backward else step)) % ALPHABET)
    way = "back" if backward else "on"
    return Part("letter", values, f"letters go {way} by {_describe(rule, steps)}")


def _draw_numbers(rng: random.Random, rule: str, difficulty: float, count: int) -> Part:
    if rule == "constant ratio":
        ratio, first = rng.choice((2, 3)), rng.randint(1, 9)
        values = [first * ratio**place for place in range(count)]
        return Part("number", values, f"numbers are multiplied by {ratio}")
    steps = _draw_steps(rng, rule, count - 1, largest=5 + round(8 * difficulty))
    down = rng.random() < difficulty / 2
    first = rng.randint(1, FIRST) + (sum(steps) if down else 0)
    values = [first]
    for step in steps:
        values.append(values[-1] + (-step if down else step))
    way = "fall" if down else "grow"
    return Part("number", values, f"numbers {way} by {_describe(rule, steps)}")


def _draw_steps(rng: random.Random, rule: str, count: int, *, largest: int) -> list[int]:
    first = rng.randint(1, largest)
    if rule == "constant step":
        return [first] * count
    if rule == "growing step":
        growth = rng.randint(1, 3)
        return [first + place * growth for place in range(count)]
    other = rng.choice([each for each in range(1, largest + 2) if each != first])
    return [(first, other)[place % 2] for place in range(count)]


def _describe(rule: str, steps: Sequence[int]) -> str:
    if rule == "constant step":
        return f"{steps[0]}"
    if rule == "growing step":
        return f"{steps[0]}, {steps[1]}, {steps[2]} ..."
    return f"{steps[0]} and {steps[1]} in turn"


def _tell(rng: random.Random, parts: Sequence[Part], shown: int, wrong_number: int) -> Draft:
    ahead = len(parts[0].values) - shown
    kinds = [each.kind for each in parts]
    join = rng.choice(("", "", "-", "/"))
    terms = [_term(kinds, [each.values[place] for each in parts], join) for place in range(shown)]
    right = [each.values[-1] for each in parts]
    offered = _grid(rng, kinds, right, wrong_number)
    rng.shuffle(offered)
    answer = offered.index(right)
    choices = tuple(_term(kinds, values, join) for values in offered)
    ask = say(rng, "series", "intro" if ahead == 1 else "later")
    return Draft(
        text=say(rng, "series", "lay", ask=ask, terms=", ".join(terms)),
        choices=choices,
        answer=answer,
        explanation=f"In each term {'; '.join(each.told for each in parts)}. "
        f"That gives {choices[answer]}.",
        size=len(kinds),
        names=tuple(kinds),
        facts=tuple(("part", each.kind, *each.values[:shown]) for each in parts),
        claims=tuple(_claim(values, ahead) for values in offered),
    )


def _claim(values: Sequence[int], ahead: int) -> Claim:
    facts: list[Fact] = [("comes", part, ahead, value) for part, value in enumerate(values)]
    return tuple(facts)


def _grid(
    rng: random.Random, kinds: Sequence[str], right: Sequence[int], wrong_number: int
) -> list[list[int]]:
    """The right letter and a wrong one, crossed with the right number and a wrong one."""
    number = kinds.index("number")
    letter = rng.choice([place for place in range(len(kinds)) if place != number])
    wrong_letter = (right[letter] + rng.choice((-2, -1, 1, 2))) % ALPHABET
    offered = []
    for one, other in product((right[letter], wrong_letter), (right[number], wrong_number)):
        values = list(right)
        values[letter], values[number] = one, other
        offered.append(values)
    return offered


def _term(kinds: Sequence[str], values: Sequence[int], join: str) -> str:
    parts: list[str] = []
    for kind, value in zip(kinds, values, strict=True):
        text = chr(ord("A") + value) if kind == "letter" else str(value)
        if parts and (kind == "number" or parts[-1][-1].isdigit()):
            parts.append(join + text)
        else:
            parts.append(text)
    return "".join(parts)
