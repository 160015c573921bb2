"""Facts -> questions: open ones, and multiple-choice ones with hard wrong choices.

Enters: facts, relations and a seed. Leaves: ``OpenQuestion`` and ``BankQuestion`` values in an
order of their own, which depends on the set of facts and the seed and on nothing else.

A wrong choice comes from the same relation, is never true of the subject, and is drawn so that
the choices alone give nothing away: texts with the frequency they have as right answers, preferably
from the same ``near`` group; numbers with the right answer at each rank equally often.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from underdog.data.bank.facts import Fact, Relation, fill
from underdog.errors import InputError
from underdog.mcq.question import Question, normalise

NEAREST_VALUES = 6
"""How many values on each side of a number its wrong choices are drawn from."""


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question with one right answer and no choices."""

    text: str
    answer: str
    topic: str
    source: str
    licence: str
    group: str
    """Key of the fact asked: everything with one key belongs on one side of a split."""
    relation: str
    inverse: bool


@dataclass(frozen=True, slots=True)
class BankQuestion:
    """A multiple-choice question and the fact it asks."""

    question: Question
    group: str
    """Key of the fact asked: everything with one key belongs on one side of a split."""
    relation: str
    inverse: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    """One wording of one fact, before it has choices."""

    fact: Fact
    relation: Relation
    wording: str
    inverse: bool

    @property
    def text(self) -> str:
        return fill(self.wording, subject=self.fact.subject, object_=self.fact.object)

    @property
    def answer(self) -> str:
        return self.fact.subject if self.inverse else self.fact.object

    def chance(self, seed: int) -> random.Random:
        """A generator that depends on the seed and on this question only."""
        return random.Random(_digest(str(seed), self.fact.key, self.fact.object, self.wording))


def open_questions(
    facts: Iterable[Fact], relations: Mapping[str, Relation]
) -> tuple[OpenQuestion, ...]:
    """Every wording of every fact that has exactly one right answer."""
    index = _Index(facts, relations)
    asked = (a for fact in index.facts for a in index.asked(fact))
    return tuple(
        OpenQuestion(
            text=a.text,
            answer=a.answer,
            topic=a.relation.topic,
            source=a.fact.source,
            licence=a.fact.licence,
            group=a.fact.key,
            relation=a.fact.relation,
            inverse=a.inverse,
        )
        for a in asked
        if a.inverse or index.single(a.fact)
    )


def four_choice_questions(
    facts: Iterable[Fact],
    relations: Mapping[str, Relation],
    *,
    seed: int,
    per_fact: int,
    choices: int = 4,
) -> tuple[BankQuestion, ...]:
    """Up to `per_fact` wordings of every fact, each with `choices` - 1 wrong choices.

    A fact whose relation has too few objects for that many choices yields no question.
    """
    if per_fact < 1 or choices < 2:
        raise InputError(
            "at least one wording and two choices per fact", got=f"{per_fact} and {choices}"
        )
    index = _Index(facts, relations)
    drafts = []
    for fact in index.facts:
        for asked in _chosen(index.asked(fact), seed, per_fact):
            wrong = index.wrong_choices(asked, choices - 1, asked.chance(seed))
            if len(wrong) == choices - 1:
                drafts.append((asked, wrong))
    drafts.sort(key=lambda d: _digest(str(seed), "place", d[0].fact.key, d[0].text, d[0].answer))
    return tuple(_placed(a, wrong, rank % choices) for rank, (a, wrong) in enumerate(drafts))


class _Index:
    """The facts in an order of their own, and everything that is true in them."""

    def __init__(self, facts: Iterable[Fact], relations: Mapping[str, Relation]) -> None:
        self.relations = relations
        self.facts = sorted(facts, key=lambda f: (f.relation, f.subject, f.object))
        self.of_relation: dict[str, list[Fact]] = defaultdict(list)
        self.objects: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.subjects: dict[tuple[str, str], set[str]] = defaultdict(set)
        for fact in self.facts:
            self.of_relation[fact.relation].append(fact)
            self.objects[fact.relation, bare(fact.subject)].add(bare(fact.object))
            self.subjects[fact.relation, bare(fact.object)].add(bare(fact.subject))

    def single(self, fact: Fact) -> bool:
        """Whether the subject has one object only."""
        return len(self.objects[fact.relation, bare(fact.subject)]) == 1

    def asked(self, fact: Fact) -> Iterator[_Asked]:
        """Every wording of a fact; backwards only where the object belongs to one subject."""
        relation = self.relations[fact.relation]
        for wording in relation.questions:
            yield _Asked(fact, relation, wording, inverse=False)
        if relation.inverse and len(self.subjects[fact.relation, bare(fact.object)]) == 1:
            for wording in relation.inverse_questions:
                yield _Asked(fact, relation, wording, inverse=True)

    def wrong_choices(self, asked: _Asked, count: int, chance: random.Random) -> list[str]:
        """Up to `count` texts that answer the same kind of question and are wrong here."""
        fact, peers = asked.fact, self.of_relation[asked.fact.relation]
        true = (
            self.subjects[fact.relation, bare(fact.object)]
            if asked.inverse
            else (self.objects[fact.relation, bare(fact.subject)])
        )
        pairs = [(f.subject if asked.inverse else f.object, f.near) for f in peers]
        if asked.relation.numeric and not asked.inverse:
            values = [text for text, _ in pairs if bare(text) not in true]
            return _nearest_values(asked.answer, values, count, chance)
        close = [text for text, near in pairs if near == fact.near]
        return _drawn(close, [text for text, _ in pairs], true, count, chance)


@lru_cache(maxsize=1 << 15)
def bare(text: str) -> str:
    """The form in which answers are compared: case folded, without its article."""
    return re.sub(r"^(the|an?) (?=\S)", "", normalise(text))


def _clashes(text: str, true: Iterable[str]) -> bool:
    """Whether a text equals a true answer, or holds it, or is part of it, word by word."""
    words = set(bare(text).split())
    return any(words <= set(t.split()) or words >= set(t.split()) for t in true)


def _drawn(
    close: Sequence[str],
    pool: Sequence[str],
    true: Iterable[str],
    count: int,
    chance: random.Random,
) -> list[str]:
    """Different wrong texts, from the close ones while they last, each as often as it occurs."""
    picked: dict[str, str] = {}
    for source in (close, pool):
        for text in chance.sample(source, len(source)):
            if len(picked) == count:
                return list(picked.values())
            if not _clashes(text, true):
                picked.setdefault(bare(text), text)
    return list(picked.values())


def _nearest_values(
    answer: str, pool: Sequence[str], count: int, chance: random.Random
) -> list[str]:
    """Different numbers near the answer; how many of them are smaller is uniformly random."""
    here = _value(answer)
    by_value = {_value(text): text for text in sorted(pool)}
    by_value.pop(here, None)
    low = sorted((v for v in by_value if v < here), reverse=True)[:NEAREST_VALUES]
    high = sorted(v for v in by_value if v > here)[:NEAREST_VALUES]
    below = min(max(chance.randint(0, count), count - len(high)), len(low))
    above = min(count - below, len(high))
    values = chance.sample(low, below) + chance.sample(high, above)
    return [by_value[value] for value in values]


def _value(text: str) -> int:
    """A number as facts.csv writes it: digits, perhaps with a sign in front."""
    try:
        return int(text)
    except ValueError:
        raise InputError("a whole number as the answer to a numeric relation", got=text) from None


def _chosen(asked: Iterable[_Asked], seed: int, per_fact: int) -> list[_Asked]:
    """Some wordings of one fact, in an order that depends on the seed and the fact only."""
    order = sorted(asked, key=lambda a: _digest(str(seed), a.fact.key, a.fact.object, a.wording))
    return order[:per_fact]


def _placed(asked: _Asked, wrong: Sequence[str], place: int) -> BankQuestion:
    """The question with its right choice at the given place."""
    right = asked.answer
    question = Question(
        text=asked.text,
        choices=(*wrong[:place], right, *wrong[place:]),
        answer=place,
        topic=asked.relation.topic,
        source=asked.fact.source,
        licence=asked.fact.licence,
        explanation=_explanation(asked),
    )
    return BankQuestion(question, asked.fact.key, asked.fact.relation, asked.inverse)


def _explanation(asked: _Asked) -> str:
    fact = asked.fact
    return fill(asked.relation.statements[0], subject=fact.subject, object_=fact.object)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8")).hexdigest()
