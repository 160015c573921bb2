"""Blood relations: what one person is to another follows from a chain of relations.

In: a generator of random numbers and a difficulty. Out: a draft. Siblings share both parents,
parents are married couples of a man and a woman, and nobody is related in two ways. Names fit men
and women alike. Never: the asked relation as a clue.

Facts: ("male", p), ("parent", p, q), ("sibling", p, q) and ("spouse", p, q) with p < q. Claims:
("kin", relation, x, y) with the sex of x where its word tells it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations, permutations, product

from underdog.agents.puzzles.prover import Prover, Theory, without_needless
from underdog.agents.puzzles.puzzle import Claim, Draft, Fact, deny
from underdog.agents.puzzles.wording import draw_names, say

CHOICES = 4
MOST_PERSONS = 8
PATHS: dict[str, str] = {
    "parent": "p",
    "child": "c",
    "grandparent": "pp",
    "grandchild": "cc",
    "uncle_aunt": "pb",
    "nephew_niece": "bc",
    "cousin": "pbc",
    "parent_in_law": "sp",
    "child_in_law": "cs",
    "great_grandparent": "ppp",
    "great_grandchild": "ccc",
    "great_uncle_aunt": "ppb",
}
"""From y to x, step by step: to a parent, a child, a sibling (brother or sister) or the spouse.
Siblings and spouses are clues, never asked for: with them the chains would be too short."""
WORDS: dict[str, tuple[str, str]] = {
    "parent": ("father", "mother"),
    "child": ("son", "daughter"),
    "sibling": ("brother", "sister"),
    "spouse": ("husband", "wife"),
    "grandparent": ("grandfather", "grandmother"),
    "grandchild": ("grandson", "granddaughter"),
    "uncle_aunt": ("uncle", "aunt"),
    "nephew_niece": ("nephew", "niece"),
    "cousin": ("cousin", "cousin"),
    "parent_in_law": ("father-in-law", "mother-in-law"),
    "child_in_law": ("son-in-law", "daughter-in-law"),
    "great_grandparent": ("great-grandfather", "great-grandmother"),
    "great_grandchild": ("great-grandson", "great-granddaughter"),
    "great_uncle_aunt": ("great-uncle", "great-aunt"),
}
_DETOURS: dict[str, tuple[str, ...]] = {
    "p": ("bp", "ps"),
    "c": ("cb", "sc"),
    "b": ("bb", "pc"),
    "s": ("cp",),
}
"""Longer ways that come to the same step."""


def draw(rng: random.Random, difficulty: float) -> Draft | None:
    """A puzzle; None where the clues do not do. What is offered is drawn before what is right, so
    that no word is likelier than the three beside it.
    """
    offered = _draw_offered(rng, difficulty)
    answer = rng.randrange(CHOICES)
    relation, man = offered[answer]
    path = _lengthen(rng, PATHS[relation], difficulty)
    size = len(path) + 1
    if size > MOST_PERSONS:
        return None
    x, y = size - 1, 0
    claims = tuple(_claim(each, sex, x, y) for each, sex in offered)
    facts = _draw_facts(rng, path, man=man)
    prover = _prover(size)
    if facts is None or not prover.only(facts, claims, answer):
        return None
    sexes = [fact for fact in facts if _bare(fact)[0] == "male"]
    ties = [fact for fact in facts if _bare(fact)[0] != "male"]
    needed = without_needless(sexes, lambda some: prover.only([*ties, *some], claims, answer))
    spare = [fact for fact in sexes if fact not in needed and rng.random() > difficulty]
    return _tell(rng, ties, [*needed, *spare], offered, answer, claims=claims, path=path)


def _draw_offered(rng: random.Random, difficulty: float) -> list[tuple[str, bool]]:
    """Relations with the sex that the word tells; all of one sex, or two relations in both."""
    common = list(PATHS) if difficulty > 0.5 else [each for each in PATHS if "great" not in each]
    sexed = [each for each in common if each != "cousin"]
    if rng.random() < 0.5:
        one, other = rng.sample(sexed, 2)
        return rng.sample([*product((one, other), (True, False))], CHOICES)
    man = rng.random() < 0.5
    return [(each, man) for each in rng.sample(common, CHOICES)]


def _claim(relation: str, man: bool, x: int, y: int) -> Claim:
    kin: Fact = ("kin", relation, x, y)
    male: Fact = ("male", x)
    return (kin,) if relation == "cousin" else (kin, male if man else deny(male))


def _lengthen(rng: random.Random, path: str, difficulty: float) -> str:
    """Detours, more of them the harder it shall be; a path of one step gets one at least."""
    wanted = max(round(rng.uniform(0.5, 1.0) * 4 * difficulty), 2 - len(path))
    for _ in range(wanted):
        if len(path) + 1 >= MOST_PERSONS:
            break
        place = rng.randrange(len(path))
        path = path[:place] + rng.choice(_DETOURS[path[place]]) + path[place + 1 :]
    return path


def _draw_facts(rng: random.Random, path: str, *, man: bool) -> list[Fact] | None:
    """Ties along the path, and everyone's sex where it is free; None where it cannot be."""
    ties = [_tie(step, place) for place, step in enumerate(path)]
    prover = _prover(len(path) + 1)
    last: Fact = ("male", len(path))
    facts = [*ties, last if man else deny(last)]
    if not prover.possible(facts):
        return None
    for person in range(len(path)):
        male: Fact = ("male", person)
        drawn = male if rng.random() < 0.5 else deny(male)
        facts.append(drawn if prover.possible([*facts, drawn]) else deny(drawn))
    return facts


def _tie(step: str, place: int) -> Fact:
    """Person `place + 1` is a parent, child, sibling or the spouse of person `place`."""
    if step in "pc":
        pair = (place + 1, place) if step == "p" else (place, place + 1)
        return ("parent", *pair)
    return ("sibling" if step == "b" else "spouse", place, place + 1)


def _bare(fact: Fact) -> Fact:
    return fact[1] if fact[0] == "not" else fact


def _tell(
    rng: random.Random,
    ties: Sequence[Fact],
    sexes: Sequence[Fact],
    offered: Sequence[tuple[str, bool]],
    answer: int,
    *,
    claims: tuple[Claim, ...],
    path: str,
) -> Draft:
    size = len(path) + 1
    names = draw_names(rng, size, group="unisex")
    men = {_bare(fact)[1]: fact[0] != "not" for fact in sexes}
    told: set[int] = set()
    shown = [_say_tie(rng, tie, names, men, told) for tie in rng.sample(ties, len(ties))]
    shown += [
        say(rng, "blood", "man" if men[person] else "woman", x=names[person])
        for person in sorted(men.keys() - told)
    ]
    x, y = names[-1], names[0]
    choices = tuple(WORDS[relation][0 if man else 1] for relation, man in offered)
    text = [
        say(rng, "blood", "intro"),
        *shown,
        say(rng, "blood", "end"),
        say(rng, "blood", "ask", x=x, y=y),
    ]
    return Draft(
        text=" ".join(part for part in text if part),
        choices=choices,
        answer=answer,
        explanation=_explain(names, path, choices[answer]),
        size=size,
        names=names,
        facts=(*ties, *sexes),
        claims=claims,
    )


def _say_tie(
    rng: random.Random, tie: Fact, names: Sequence[str], men: dict[int, bool], told: set[int]
) -> str:
    """From the side whose sex still has to be told, if there is one; in neutral words if none."""
    name, one, other = tie
    back = "child" if name == "parent" else name
    sides = [(one, other, name), (other, one, back)]
    rng.shuffle(sides)
    sides.sort(key=lambda side: side[0] not in men or side[0] in told)
    who, whose, word = sides[0]
    if who not in men:
        return say(rng, "blood", "tell_only", x=names[who], y=names[whose], word=word)
    told.add(who)
    word = WORDS[word][0 if men[who] else 1]
    return say(rng, "blood", "tell", x=names[who], y=names[whose], word=word)


def _explain(names: Sequence[str], path: str, key: str) -> str:
    steps = {"p": "a parent", "c": "a child", "b": "a sibling", "s": "the spouse"}
    chain = "; ".join(
        f"{names[place + 1]} is {steps[step]} of {names[place]}" for place, step in enumerate(path)
    )
    return f"Step by step: {chain}. So {names[-1]} is the {key} of {names[0]}."


@lru_cache(maxsize=8)
def _prover(size: int) -> Prover:
    """Rules say what ties force; nobody is a person's kin in two ways."""
    theory = Theory()
    persons = range(size)
    for one, other in permutations(persons, 2):
        theory.add(-_parent(theory, one, other), -_parent(theory, other, one))
    for one, other in combinations(persons, 2):
        male = theory.atom("male", one), theory.atom("male", other)
        spouse = theory.atom("spouse", one, other)
        theory.add(-spouse, male[0], male[1])
        theory.add(-spouse, -male[0], -male[1])
    for one, other, third in permutations(persons, 3):
        _add_family_rules(theory, one, other, third)
    for x, y in permutations(persons, 2):
        _add_kin_rules(theory, x, y, persons)
    return Prover(theory)


def _parent(theory: Theory, one: int, other: int) -> int:
    return theory.atom("parent", one, other)


def _pair(theory: Theory, name: str, one: int, other: int) -> int:
    return theory.atom(name, min(one, other), max(one, other))


def _add_family_rules(theory: Theory, one: int, other: int, third: int) -> None:
    sibling, spouse = _pair(theory, "sibling", one, other), _pair(theory, "spouse", one, other)
    above = _parent(theory, third, one), _parent(theory, third, other)
    theory.imply([sibling, above[0]], above[1])
    theory.imply([above[0], above[1]], sibling)
    theory.imply([sibling, _pair(theory, "sibling", other, third)],
                 _pair(theory, "sibling", one, third))  # fmt: skip
    below = _parent(theory, one, third), _parent(theory, other, third)
    theory.imply([spouse, below[0]], below[1])
    theory.imply([below[0], below[1]], spouse)
    theory.add(-spouse, -_pair(theory, "spouse", other, third))


def _add_kin_rules(theory: Theory, x: int, y: int, persons: Sequence[int]) -> None:
    """`kin` holds by its path; with sibling and spouse, at most one way."""
    others = [each for each in persons if each not in (x, y)]
    numbers = [_pair(theory, "sibling", x, y), _pair(theory, "spouse", x, y)]
    for relation, path in PATHS.items():
        number = theory.atom("kin", relation, x, y)
        numbers.append(number)
        if len(path) == 1:
            theory.imply([_step(theory, path, y, x)], number)
        elif len(path) == 2:
            for middle in others:
                theory.imply(
                    [_step(theory, path[0], y, middle), _step(theory, path[1], middle, x)], number
                )
        else:
            inner = next(name for name, way in PATHS.items() if way == path[:2])
            for middle in others:
                known = theory.atom("kin", inner, middle, y)
                theory.imply([known, _step(theory, path[2], middle, x)], number)
    theory.at_most_one(numbers)


def _step(theory: Theory, step: str, start: int, end: int) -> int:
    """`end` is one step from `start`."""
    if step == "p":
        return _parent(theory, end, start)
    if step == "c":
        return _parent(theory, start, end)
    return _pair(theory, "sibling" if step == "b" else "spouse", start, end)
