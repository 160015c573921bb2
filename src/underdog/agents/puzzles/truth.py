"""Truth-tellers and liars: who lies follows from what they say of each other.

In: a generator of random numbers and a difficulty. Out: a draft. Never: a person who speaks of
himself alone.

Facts: ("says", i, statement). Statements: ("liar", i), ("same", i, j), ("either", i, j): at least
one lies, ("both", i, j): both lie, ("count", k): k lie; each may be denied. Claims say of everyone
whether they lie.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations, product

from underdog.agents.puzzles.prover import Prover, Theory
from underdog.agents.puzzles.puzzle import Claim, Draft, Fact, deny
from underdog.agents.puzzles.wording import count_word, draw_names, listed, say

CHOICES = 4
SMALLEST, LARGEST = 3, 5
TRIES = 60
"""Sets of statements drawn for one set of liars before another puzzle is begun."""
MOST_LIARS = 3


def draw(rng: random.Random, difficulty: float) -> Draft | None:
    """A puzzle; None where no statements single out the liars that were drawn.

    Which sets are offered is drawn first, then which of them lies: no set is likelier than another.
    """
    size = SMALLEST + round(difficulty * (LARGEST - SMALLEST))
    most = min(size - 1, MOST_LIARS)
    sets = [set(each) for count in range(1, most + 1) for each in combinations(range(size), count)]
    offered = rng.sample(sets, CHOICES)
    answer = rng.randrange(CHOICES)
    claims = tuple(_claim(liars, size) for liars in offered)
    facts = _draw_statements(rng, difficulty, size, claims, answer)
    if facts is None:
        return None
    names = draw_names(rng, size)
    shown = [_say(rng, fact, names) for fact in facts]
    choices = tuple(_name_set(liars, names) for liars in offered)
    return Draft(
        text=" ".join(
            [say(rng, "truth", "intro", names=listed(names)), *shown, say(rng, "truth", "ask")]
        ),
        choices=choices,
        answer=answer,
        explanation=_explain(offered[answer], names),
        size=size,
        names=names,
        facts=tuple(facts),
        claims=claims,
    )


def _claim(liars: set[int], size: int) -> Claim:
    lies: list[Fact] = [("liar", each) for each in range(size)]
    return tuple(fact if fact[1] in liars else deny(fact) for fact in lies)


def _draw_statements(
    rng: random.Random, difficulty: float, size: int, claims: Sequence[Claim], answer: int
) -> list[Fact] | None:
    """One statement by each; the rest of the world is refuted, not only the other choices."""
    prover = _prover(size)
    lies = [fact[0] != "not" for fact in claims[answer]]
    for _ in range(TRIES):
        facts: list[Fact] = [
            ("says", speaker, _draw_statement(rng, difficulty, lies, speaker))
            for speaker in rng.sample(range(size), size)
        ]
        if prover.only(facts, claims, answer):
            return facts
    return None


def _draw_statement(
    rng: random.Random, difficulty: float, lies: Sequence[bool], speaker: int
) -> Fact:
    """Something that the speaker would say: false exactly from a liar."""
    size = len(lies)
    others = [each for each in range(size) if each != speaker]
    while True:
        if rng.random() > 0.25 + 0.65 * difficulty:
            fact: Fact = ("liar", rng.choice(others))
        elif rng.random() < 0.12:
            fact = ("count", rng.randrange(1, size))
        else:
            pool = range(size) if rng.random() < 0.3 and difficulty > 0.5 else others
            fact = (rng.choice(("same", "either", "both")), *sorted(rng.sample(pool, 2)))
        said = fact if holds(fact, lies) != lies[speaker] else deny(fact)
        if said[0] != "not" or fact[0] != "count":
            return said


def holds(fact: Fact, lies: Sequence[bool]) -> bool:
    """Whether a statement is so when exactly these lie."""
    name, *about = fact
    if name == "not":
        return not holds(about[0], lies)
    if name == "count":
        return bool(sum(lies) == about[0])
    told = [lies[each] for each in about]
    return {"liar": told[0], "same": told[0] == told[-1], "either": any(told), "both": all(told)}[
        name
    ]


def _say(rng: random.Random, fact: Fact, names: Sequence[str]) -> str:
    _, speaker, said = fact
    denied = said[0] == "not"
    name, *about = said[1] if denied else said
    if name == "count":
        what = say(rng, "truth", "count1" if about[0] == 1 else "count", k=count_word(about[0]))
    else:
        told = [names[each] for each in about]
        if len(told) == 2:
            rng.shuffle(told)
        what = say(rng, "truth", f"not_{name}" if denied else name, q=told[0], r=told[-1])
    return say(rng, "truth", "says", p=names[speaker], what=what)


def _name_set(liars: set[int], names: Sequence[str]) -> str:
    return listed([names[each] for each in sorted(liars)])


def _explain(liars: set[int], names: Sequence[str]) -> str:
    honest = [name for place, name in enumerate(names) if place not in liars]
    who = _name_set(liars, names)
    verb = "lies" if len(liars) == 1 else "lie"
    return (
        f"If {who} {verb} and {listed(honest)} {'is' if len(honest) == 1 else 'are'} honest, every "
        "statement of a liar is false and every other one is true. Any other split breaks a "
        "statement."
    )


@lru_cache(maxsize=4)
def _prover(size: int) -> Prover:
    theory = Theory()
    lies = [theory.atom("liar", each) for each in range(size)]
    statements: list[Fact] = [("liar", each) for each in range(size)]
    statements += [
        (name, *pair)
        for name in ("same", "either", "both")
        for pair in combinations(range(size), 2)
    ]
    statements += [("count", count) for count in range(size + 1)]
    for fact in statements:
        number = theory.atom(*fact)
        if fact[0] != "liar":
            _define(theory, fact, number, lies)
        for speaker in range(size):
            for said, literal in ((fact, number), (deny(fact), -number)):
                says, liar = theory.atom("says", speaker, said), lies[speaker]
                theory.add(-says, -liar, -literal)
                theory.add(-says, liar, literal)
    return Prover(theory)


def _define(theory: Theory, fact: Fact, number: int, lies: Sequence[int]) -> None:
    about = range(len(lies)) if fact[0] == "count" else fact[1:]
    for values in product((False, True), repeat=len(about)):
        world = [False] * len(lies)
        for person, value in zip(about, values, strict=True):
            world[person] = value
        causes = [lies[each] if world[each] else -lies[each] for each in about]
        theory.imply(causes, number if holds(fact, world) else -number)
