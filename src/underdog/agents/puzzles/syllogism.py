"""Syllogisms: which conclusion follows from statements about groups.

In: a generator of random numbers and a difficulty. Out: a draft. No group is empty, and the text
says so. All choices have the same form, so that none looks likelier. Never: a conclusion that is
one of the statements, turned round or not.

Facts: ("all", a, b), ("no", a, b) with a < b; "some" and "some not" are their denials. Claims: a
fact; or, of two conclusions, ("follows", fact) and ("open", fact), which does not follow.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations, pairwise, permutations

from underdog.agents.puzzles.prover import Prover, Theory
from underdog.agents.puzzles.puzzle import Draft, Fact
from underdog.agents.puzzles.wording import say, sentence, words

CHOICES = 4
TRIES = 80
"""Sets of statements drawn for the same conclusions before another puzzle is begun."""
FORMS = ("all", "no", "some", "some_not")
HARD = 0.4
"""From this difficulty on invented words for the groups may come up."""
GROUPS = 4
"""Of a puzzle with four conclusions: three groups have no pattern of four that fits."""
CYCLE = ((0, 1), (1, 2), (2, 3), (3, 0))
BOTH_WAYS = ((0, 1), (1, 0), (2, 3), (3, 2))
CROSS = ((0, 1), (0, 3), (2, 1), (2, 3))
PATTERNS = {
    "all": (CYCLE, BOTH_WAYS),
    "no": (CYCLE,),
    "some": (CYCLE,),
    "some_not": (CYCLE, BOTH_WAYS, CROSS),
}
"""Form -> which groups the four conclusions are about. For any two pairs of a pattern, some
renaming of the groups turns one into the other and leaves the pattern as it is.
"""


def draw(rng: random.Random, difficulty: float) -> Draft | None:
    """Which of four conclusions, or which of two; None where what was drawn does not do."""
    draw_one = _draw_two if rng.random() < 0.4 else _draw_four
    return draw_one(rng, difficulty)


def _draw_four(rng: random.Random, difficulty: float) -> Draft | None:
    """The conclusions are drawn before the statements, in a pattern that looks the same from each
    of them, and groups are interchangeable: so whatever statements are found, no conclusion is
    likelier than another.
    """
    form = rng.choice(FORMS)
    offered = [_fact(form, *pair) for pair in rng.choice(PATTERNS[form])]
    rng.shuffle(offered)
    prover = _prover(GROUPS)
    for _ in range(TRIES):
        premises = _draw_premises(rng, GROUPS)
        if any(_said(each, premises) for each in offered) or not prover.possible(premises):
            continue
        follow = [place for place, each in enumerate(offered) if prover.proves(premises, (each,))]
        if len(follow) == 1:
            return _tell_four(rng, difficulty, premises, offered, follow[0])
    return None


def _tell_four(
    rng: random.Random, difficulty: float, premises: list[Fact], offered: list[Fact], answer: int
) -> Draft:
    size = 1 + max(max(_pair(fact)) for fact in premises)
    names = _draw_groups(rng, difficulty, size)
    frame = rng.randrange(len(words()["syllogism"][_form(offered[0])]))
    choices = tuple(_say(rng, fact, names, frame=frame).rstrip(".") for fact in offered)
    shown = [_say(rng, fact, names) for fact in premises]
    return Draft(
        text=" ".join([say(rng, "syllogism", "intro"), *shown, say(rng, "syllogism", "ask")]),
        choices=choices,
        answer=answer,
        explanation=f"The statements leave no other way than this: {choices[answer]}. For each "
        "other choice there are groups for which all statements hold and the choice does not.",
        size=size,
        names=names,
        facts=tuple(premises),
        claims=tuple((fact,) for fact in offered),
    )


def _draw_two(rng: random.Random, difficulty: float) -> Draft | None:
    """Two conclusions; whether each follows is drawn first."""
    size = 4 if rng.random() < difficulty + 0.2 else 3
    wanted = (rng.random() < 0.5, rng.random() < 0.5)
    prover = _prover(size)
    for _ in range(TRIES):
        premises = _draw_premises(rng, size)
        everything = [each for form in FORMS for each in _conclusions(form, size)]
        if not prover.possible(premises):
            continue
        open_claims = [each for each in everything if not _said(each, premises)]
        rng.shuffle(open_claims)
        sorted_out: dict[bool, list[Fact]] = {True: [], False: []}
        for each in open_claims:
            sorted_out[prover.proves(premises, (each,))].append(each)
        pairs = (
            (one, other)
            for one in sorted_out[wanted[0]]
            for other in sorted_out[wanted[1]]
            if set(_pair(one)) != set(_pair(other))
        )
        pair = next(pairs, None)
        if pair is not None:
            return _tell_two(rng, difficulty, premises, pair, wanted)
    return None


def _tell_two(
    rng: random.Random,
    difficulty: float,
    premises: list[Fact],
    pair: tuple[Fact, Fact],
    wanted: tuple[bool, bool],
) -> Draft:
    size = 1 + max(max(_pair(fact)) for fact in premises)
    names = _draw_groups(rng, difficulty, size)
    shown = [_say(rng, fact, names) for fact in premises]
    one, two = (_say(rng, fact, names) for fact in pair)
    ways = [(True, False), (False, True), (True, True), (False, False)]
    texts: Sequence[str] = words()["syllogism_answers"]["both"]
    order = rng.sample(range(CHOICES), CHOICES)
    answer = order.index(ways.index(wanted))
    verdicts = [f"{name} {'follows' if so else 'does not follow'}" for name, so in
                zip(("I", "II"), wanted, strict=True)]  # fmt: skip
    return Draft(
        text=" ".join(
            [
                say(rng, "syllogism", "intro"),
                *shown,
                say(rng, "syllogism", "ask_two", one=one, two=two),
            ]
        ),
        choices=tuple(texts[place] for place in order),
        answer=answer,
        explanation=f"By the statements {' and '.join(verdicts)}: a conclusion follows only if it "
        "holds for all groups for which the statements hold.",
        size=size,
        names=names,
        facts=tuple(premises),
        claims=tuple(
            tuple(
                ("follows" if so else "open", fact)
                for so, fact in zip(ways[place], pair, strict=True)
            )
            for place in order
        ),
    )


def _draw_premises(rng: random.Random, size: int) -> list[Fact]:
    """A chain through all groups; each link of some form, either way round."""
    order = rng.sample(range(size), size)
    links = []
    for pair in pairwise(order):
        one, other = rng.sample(pair, 2)
        links.append(_fact(rng.choices(FORMS, (5, 3, 3, 2))[0], one, other))
    rng.shuffle(links)
    return links


def _fact(form: str, one: int, other: int) -> Fact:
    if form in ("no", "some"):
        one, other = sorted((one, other))
    return {
        "all": ("all", one, other),
        "no": ("no", one, other),
        "some": ("not", ("no", one, other)),
        "some_not": ("not", ("all", one, other)),
    }[form]


def _form(fact: Fact) -> str:
    denied = fact[0] == "not"
    name: str = fact[1][0] if denied else fact[0]
    return name if not denied else {"no": "some", "all": "some_not"}[name]


def _pair(fact: Fact) -> tuple[int, int]:
    _, one, other = fact[1] if fact[0] == "not" else fact
    return one, other


def _conclusions(form: str, size: int) -> Iterator[Fact]:
    ways = combinations if form in ("no", "some") else permutations
    return (_fact(form, *pair) for pair in ways(range(size), 2))


def _said(fact: Fact, premises: Sequence[Fact]) -> bool:
    """Whether a statement is the same; "no" and "some" are the same either way round."""
    return fact in premises


def _say(rng: random.Random, fact: Fact, names: Sequence[str], *, frame: int | None = None) -> str:
    one, other = _pair(fact)
    form = _form(fact)
    if form in ("no", "some") and rng.random() < 0.5:
        one, other = other, one
    texts: Sequence[str] = words()["syllogism"][form]
    text = rng.choice(texts) if frame is None else texts[frame]
    return sentence(text.format(a=names[one], b=names[other]))


def _draw_groups(rng: random.Random, difficulty: float, size: int) -> tuple[str, ...]:
    invented = difficulty >= HARD and rng.random() < difficulty / 2
    pool: list[str] = words()["names"]["nonsense" if invented else "groups"]
    return tuple(rng.sample(pool, size))


@lru_cache(maxsize=2)
def _prover(size: int) -> Prover:
    """Groups cut the world into 2 ** size regions; each is inhabited or not (Venn, 1880)."""
    theory = Theory()
    regions = {each: theory.atom("region", each) for each in range(2**size)}

    def inside(group: int, *, outside: int | None = None) -> list[int]:
        return [
            number
            for region, number in regions.items()
            if region >> group & 1 and (outside is None or not region >> outside & 1)
        ]

    for group in range(size):
        theory.add(*inside(group))
    for one, other in permutations(range(size), 2):
        _empty(theory, theory.atom("all", one, other), inside(one, outside=other))
        if one < other:
            both = set(inside(one)) & set(inside(other))
            _empty(theory, theory.atom("no", one, other), sorted(both))
    return Prover(theory)


def _empty(theory: Theory, number: int, regions: Sequence[int]) -> None:
    """`number` holds exactly when nobody lives in these regions."""
    for region in regions:
        theory.add(-number, -region)
    theory.add(number, *regions)
