"""A Q-agent that learns which kinds of questions its opponents miss, and asks those.

In: a bank, a kind for every question, and with each call what became of the team's own earlier
questions. Out: hard, unseen, on-topic questions. The kind is chosen by Thompson sampling
(`bandit`, with its regret rule), separately on each topic, because the topic of a place is drawn
by the referee. Nothing is remembered between calls: equal calls give equal questions, so a resumed
tournament asks what an uninterrupted one would have asked. Never: a question of this innings twice;
a question of an earlier innings while the topic has one that was not asked.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from underdog.agents.bandit import Arm, thompson
from underdog.agents.bank_asker import (
    HARDEST_SHARE,
    NO_DIFFICULTIES,
    BankAsker,
    can_be_asked,
    hardest_first,
)
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question
from underdog.protocol.filters import CHOICES
from underdog.protocol.official import write_question
from underdog.protocol.player import Past, QuestionCall
from underdog.protocol.tokens import CountTokens, estimate_tokens
from underdog.runs.files import digest_value

SMALLEST_KIND = 8
"""Kinds of a topic with fewer questions are one arm together: too few to learn about, and soon
asked out."""
OTHER = "other"


class BanditAsker:
    """Draws from the harder part of the kind that is missed most, as far as is known."""

    def __init__(
        self,
        questions: Iterable[Question],
        *,
        kinds: Mapping[str, str],
        difficulty: Mapping[str, float] = NO_DIFFICULTIES,
        hardest_share: float = HARDEST_SHARE,
        count_tokens: CountTokens = estimate_tokens,
    ) -> None:
        """`kinds` maps ids to kinds (a relation, a source, a band); questions without one are
        OTHER. The rest as `BankAsker` has it, and InputError as there.
        """
        usable = {each.id: each for each in questions if can_be_asked(each, count_tokens)}
        self._bank = BankAsker(
            usable.values(),
            difficulty=difficulty,
            hardest_share=hardest_share,
            count_tokens=count_tokens,
        )
        self._share = hardest_share if difficulty else 1.0
        self._arms = _arms(usable.values(), kinds, difficulty)
        self._arm_of = {
            each.id: (topic, kind)
            for topic, arms in self._arms.items()
            for kind, pool in arms.items()
            for each in pool
        }
        self._plan = lru_cache(maxsize=2)(self._drawn)

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic that there is a question on, sorted."""
        return self._bank.topics

    @property
    def digest(self) -> str:
        """What tells two of them apart: the bank and the kinds."""
        kinds = {
            topic: {kind: [each.id for each in pool] for kind, pool in arms.items()}
            for topic, arms in self._arms.items()
        }
        return digest_value(["bandit", self._bank.digest, self._share, kinds])

    def arms(self, topic: str) -> tuple[str, ...]:
        """The kinds that are told apart on a topic."""
        return tuple(self._arms.get(topic, ()))

    def size(self, topic: str) -> int:
        """How many questions can be asked on a topic."""
        return self._bank.size(topic)

    def find_topic(self, name: str) -> str:
        """As `BankAsker.find_topic`."""
        return self._bank.find_topic(name)

    def check(self, draw: Sequence[str]) -> None:
        """As `BankAsker.check`."""
        self._bank.check(draw)

    def ask(self, call: QuestionCall) -> list[object]:
        """The questions of the call. InputError as in `check`."""
        return [
            write_question(question, Presentation.identity(CHOICES))
            for question in self._plan(call.topics, call.seed, call.history)[call.start : call.stop]
        ]

    def seen(self, history: Sequence[Past]) -> dict[tuple[str, str], Arm]:
        """Counts by topic and kind; questions of other askers of the team are left out."""
        missed, put = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        for past in history:
            arm = self._arm_of.get(past.question_id)
            if arm is not None:
                missed[arm] += past.missed
                put[arm] += past.put
        return {arm: Arm(missed[arm], put[arm]) for arm in put}

    def _drawn(
        self, topics: tuple[str, ...], seed: int, history: tuple[Past, ...]
    ) -> tuple[Question, ...]:
        """A whole innings, so that a later call knows what an earlier one asked."""
        self.check(topics)
        counts, asked = self.seen(history), {past.question_id for past in history}
        drawn: dict[str, Question] = {}
        for place, topic in enumerate(topics):
            source = random.Random(f"bandit:{seed}:{place}:{topic}")
            fresh = self._left(topic, asked | drawn.keys()) or self._left(topic, drawn.keys())
            arms = {kind: counts.get((topic, kind), Arm()) for kind in fresh}
            pool = fresh[thompson(arms, source)]
            question = source.choice(pool[: math.ceil(self._share * len(pool))])
            drawn[question.id] = question
        return tuple(drawn.values())

    def _left(self, topic: str, without: Iterable[str]) -> dict[str, list[Question]]:
        """What can still be asked, by kind, hardest first; kinds that are asked out are not."""
        gone = set(without)
        left = {
            kind: [each for each in pool if each.id not in gone]
            for kind, pool in self._arms[topic].items()
        }
        return {kind: pool for kind, pool in left.items() if pool}


def _arms(
    questions: Iterable[Question], kinds: Mapping[str, str], difficulty: Mapping[str, float]
) -> dict[str, dict[str, tuple[Question, ...]]]:
    """By topic and kind, both sorted; small kinds are one."""
    by_topic: dict[str, dict[str, list[Question]]] = defaultdict(lambda: defaultdict(list))
    for each in questions:
        by_topic[each.topic][kinds.get(each.id, OTHER)].append(each)
    found: dict[str, dict[str, tuple[Question, ...]]] = {}
    for topic in sorted(by_topic):
        merged: dict[str, list[Question]] = defaultdict(list)
        for kind, pool in by_topic[topic].items():
            merged[kind if len(pool) >= SMALLEST_KIND else OTHER] += pool
        found[topic] = {kind: hardest_first(merged[kind], difficulty) for kind in sorted(merged)}
    return found
