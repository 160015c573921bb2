"""Seats in a row or round a table: who sits where follows from the clues.

In: a generator of random numbers and a difficulty. Out: a draft. Seats count from 0: in a row from
the left (everyone faces north), round a table to the right of seat 0 (everyone faces the centre).
Never: a clue that says what is asked.

Facts: ("at", p, seat), ("end", p), ("next_left", p, q): p is just left of q, ("left", p, q),
("beside", p, q), ("gap", p, q, k): k people between; round a table ("right_by", p, q, k): p is the
k-th to the right of q, ("opposite", p, q), ("beside", p, q).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import permutations

from underdog.agents.puzzles.prover import Prover, Theory, shortest_prefix, without_needless
from underdog.agents.puzzles.puzzle import Claim, Draft, Fact, deny
from underdog.agents.puzzles.wording import count_word, draw_names, listed, ordinal, say, sentence
from underdog.agents.puzzles.wording import words as all_words

CHOICES = 4
SMALLEST, LARGEST = 5, 7
"""People. With five, four are left to choose from when one is named in the question."""
EASY = 0.3
"""Below this difficulty one clue that is not needed stays in, to make a start easier."""
DENIED = 0.35
"""Share of clues that say what is not so, at difficulty 1."""
_DIRECT = ("at", "next_left", "right_by", "opposite")

Holds = Callable[[Sequence[int], Fact], bool]


def draw_linear(rng: random.Random, difficulty: float) -> Draft | None:
    """A row; None where what was drawn does not do."""
    return _draw(rng, difficulty, "linear", _linear_atoms, _holds_in_row)


def draw_circular(rng: random.Random, difficulty: float) -> Draft | None:
    """A round table; None where what was drawn does not do."""
    return _draw(rng, difficulty, "circular", _circular_atoms, _holds_round_table)


def _draw(
    rng: random.Random,
    difficulty: float,
    kind: str,
    atoms: Callable[[int], tuple[Fact, ...]],
    holds: Holds,
) -> Draft | None:
    size = SMALLEST + round(difficulty * (LARGEST - SMALLEST))
    seats = [0, *rng.sample(range(1, size), size - 1)] if kind == "circular" else []
    seats = seats or rng.sample(range(size), size)
    question, claims, answer = _draw_question(rng, kind, seats, difficulty)
    prover = _prover(kind, size)
    told = _true_clues(rng, difficulty, atoms(size), seats, holds, hidden=claims[answer][0])

    def enough(facts: Sequence[Fact]) -> bool:
        return prover.proves(facts, claims[answer])

    drawn = shortest_prefix(told, enough)
    needed = without_needless(drawn, enough)
    if len(needed) < 2 or not prover.only(needed, claims, answer):
        return None
    spare = [fact for fact in drawn if fact not in needed]
    facts = [*needed, *(spare[:1] if difficulty < EASY else [])]
    rng.shuffle(facts)
    names = draw_names(rng, size)
    shown = [say_fact(rng, kind, fact, names) for fact in facts]
    choices = tuple(names[claim[0][1]] for claim in claims)
    if question[0] in ("next_right", "left_by1"):
        choices = tuple(names[claim[0][2]] for claim in claims)
    return Draft(
        text=" ".join([_intro(rng, kind, names), *shown, _ask(rng, kind, question, names)]),
        choices=choices,
        answer=answer,
        explanation=_explain(kind, names, seats, choices[answer]),
        size=size,
        names=names,
        facts=tuple(facts),
        claims=claims,
    )


def _draw_question(
    rng: random.Random, kind: str, seats: Sequence[int], difficulty: float
) -> tuple[Fact, tuple[Claim, ...], int]:
    """What is asked, what four persons as the answer claim, and the place of the right one.

    All persons that could be named stand equally often for the key and beside it.
    """
    size = len(seats)
    other = rng.randrange(size)
    if kind == "linear":
        way = rng.choice(("at", "next_left", "next_right"))
        place = rng.randrange(size) if way == "at" else seats[other]
        place += {"at": 0, "next_left": -1, "next_right": 1}[way]
        if not 0 <= place < size:
            return _draw_question(rng, kind, seats, difficulty)
        asked: Fact = (way, place if way == "at" else other)
    else:
        ways = ["right_by1", "left_by1", *(["opposite"] if size % 2 == 0 else [])]
        way = rng.choice([*ways, *(["right_by"] if difficulty > EASY else [])])
        step = {"right_by1": 1, "left_by1": -1, "opposite": size // 2, "right_by": 2}[way]
        place = (seats[other] + step) % size
        asked = (way, other)
    key = seats.index(place)
    taken = {key} if way == "at" else {key, other}
    wrong = rng.sample([each for each in range(size) if each not in taken], CHOICES - 1)
    offered = rng.sample([key, *wrong], CHOICES)
    claims = tuple((_claim(asked, person),) for person in offered)
    return asked, claims, offered.index(key)


def _claim(asked: Fact, person: int) -> Fact:
    way, about = asked
    return {
        "at": ("at", person, about),
        "next_left": ("next_left", person, about),
        "next_right": ("next_left", about, person),
        "right_by1": ("right_by", person, about, 1),
        "left_by1": ("right_by", about, person, 1),
        "right_by": ("right_by", person, about, 2),
        "opposite": ("opposite", min(person, about), max(person, about)),
    }[way]


def _true_clues(
    rng: random.Random,
    difficulty: float,
    atoms: Iterable[Fact],
    seats: Sequence[int],
    holds: Holds,
    *,
    hidden: Fact,
) -> list[Fact]:
    """Everything that is true, in an order: direct facts early where it shall be easy."""
    order: list[tuple[float, Fact]] = []
    for atom in atoms:
        if atom == hidden:
            continue
        true = holds(seats, atom)
        fact = atom if true else deny(atom)
        weight = _weight(fact, difficulty)
        if weight > 0:
            order.append((rng.random() ** (1 / weight), fact))
    return [fact for _, fact in sorted(order, key=lambda each: -each[0])]


def _weight(fact: Fact, difficulty: float) -> float:
    """How readily a fact is drawn; keys are random ** (1 / weight), largest first: Efraimidis and
    Spirakis, Information Processing Letters 97:181, 2006. There are many more denials than facts,
    so that each weighs less.
    """
    if fact[0] == "not":
        denied = fact[1][0]
        if denied == "gap" or (denied == "right_by" and fact[1][-1] > 1):
            return 0.0
        if denied == "left":
            return 0.5 * difficulty
        return 0.15 * DENIED * (difficulty if denied != "end" else 1.0)
    if fact[0] in _DIRECT:
        return 1.5 - difficulty
    return 0.4 + 0.6 * difficulty


def _intro(rng: random.Random, kind: str, names: Sequence[str]) -> str:
    count = count_word(len(names))
    people = rng.choice(all_words()["names"]["people"])
    order = listed(rng.sample(names, len(names)))
    return say(rng, kind, "intro", count=sentence(count), number=count, people=people, names=order)


def say_fact(rng: random.Random, kind: str, fact: Fact, names: Sequence[str]) -> str:
    """A clue in English."""
    denied = fact[0] == "not"
    name, first, *rest = fact[1] if denied else fact
    parts: dict[str, object] = {"p": names[first]}
    if name == "at":
        parts |= {"s": ordinal(rest[0] + 1), "k": rest[0] + 1}
    elif rest:
        parts["q"] = names[rest[0]]
    if name in ("gap", "right_by"):
        parts |= {"k": count_word(rest[1]), "s": ordinal(rest[1])}
        name += "1" if rest[1] == 1 else ""
    return say(rng, kind, f"not_{name}" if denied else name, **parts)


def _ask(rng: random.Random, kind: str, question: Fact, names: Sequence[str]) -> str:
    way, about = question
    if way == "at":
        return say(rng, kind, "ask_at", s=ordinal(about + 1), k=about + 1)
    return say(rng, kind, f"ask_{way}", p=names[about], q=names[about], s="second")


def _explain(kind: str, names: Sequence[str], seats: Sequence[int], key: str) -> str:
    order = [names[seats.index(seat)] for seat in range(len(seats))]
    where = "from left to right" if kind == "linear" else "going round to the right"
    return (
        f"One order that fits every clue is, {where}, {', '.join(order)}. "
        f"Every order that fits gives the same answer: {key}."
    )


@lru_cache(maxsize=8)
def _prover(kind: str, size: int) -> Prover:
    theory = Theory()
    for person in range(size):
        theory.exactly_one([theory.atom("at", person, seat) for seat in range(size)])
        theory.exactly_one([theory.atom("at", each, person) for each in range(size)])
    if kind == "circular":
        theory.add(theory.atom("at", 0, 0))
    holds = _holds_in_row if kind == "linear" else _holds_round_table
    atoms = _linear_atoms(size) if kind == "linear" else _circular_atoms(size)
    for atom in atoms:
        _define(theory, atom, size, holds)
    return Prover(theory)


def _define(theory: Theory, atom: Fact, size: int, holds: Holds) -> None:
    """Each way to seat the persons that a fact is about says whether it is so."""
    if atom[0] == "at":
        return
    persons = atom[1:2] if atom[0] == "end" else atom[1:3]
    number = theory.atom(*atom)
    for places in permutations(range(size), len(persons)):
        seats = [0] * size
        for person, seat in zip(persons, places, strict=True):
            seats[person] = seat
        sitting = [theory.atom("at", *pair) for pair in zip(persons, places, strict=True)]
        theory.imply(sitting, number if holds(seats, atom) else -number)


@lru_cache(maxsize=4)
def _linear_atoms(size: int) -> tuple[Fact, ...]:
    pairs = list(permutations(range(size), 2))
    return (
        *(("at", person, seat) for person in range(size) for seat in range(size)),
        *(("end", person) for person in range(size)),
        *(("next_left", *pair) for pair in pairs),
        *(("left", *pair) for pair in pairs if pair[0] < pair[1]),
        *(("beside", *pair) for pair in pairs if pair[0] < pair[1]),
        *(("gap", *pair, k) for pair in pairs if pair[0] < pair[1] for k in (1, 2, 3)),
    )


@lru_cache(maxsize=4)
def _circular_atoms(size: int) -> tuple[Fact, ...]:
    pairs = list(permutations(range(size), 2))
    even = size % 2 == 0
    return (
        *(("right_by", *pair, k) for pair in pairs for k in (1, 2)),
        *(("beside", *pair) for pair in pairs if pair[0] < pair[1]),
        *(("opposite", *pair) for pair in pairs if even and pair[0] < pair[1]),
    )


def _holds_in_row(seats: Sequence[int], fact: Fact) -> bool:
    name, first, *rest = fact
    here = seats[first]
    if name == "at":
        return bool(here == rest[0])
    if name == "end":
        return here in (0, len(seats) - 1)
    step = seats[rest[0]] - here
    if name == "gap":
        return bool(abs(step) == rest[1] + 1)
    return {"next_left": step == 1, "left": step > 0, "beside": abs(step) == 1}[name]


def _holds_round_table(seats: Sequence[int], fact: Fact) -> bool:
    name, first, second, *rest = fact
    size = len(seats)
    step = (seats[first] - seats[second]) % size
    if name == "right_by":
        return bool(step == rest[0])
    return step in (1, size - 1) if name == "beside" else 2 * step == size
