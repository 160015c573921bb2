"""A Q-agent that draws from questions it was given.

In: questions with keys, and how hard each is where that is known. Out: official questions on the
topics that are called for. The draw depends on the questions, the topics and the seed only; within
an innings nothing is asked twice. Never: a question that the official filter would not let pass.
"""

from __future__ import annotations

import difflib
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from underdog.errors import InputError
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question, normalise
from underdog.protocol.filters import CHOICES, filter_question
from underdog.protocol.official import write_question
from underdog.protocol.player import QuestionCall
from underdog.protocol.tokens import CountTokens, estimate_tokens
from underdog.runs.files import digest_value

HARDEST_SHARE = 0.5
"""Default share of a topic's questions that is drawn from, hardest first, when enough are there."""
NO_DIFFICULTIES: Mapping[str, float] = MappingProxyType({})


class BankAsker:
    """Draws from the harder part of each topic.

    `difficulty` maps question ids to numbers, higher is harder; questions without one count as the
    easiest, and where none has one, all are drawn from. `hardest_share` is above 0, at most 1.
    """

    def __init__(
        self,
        questions: Iterable[Question],
        *,
        difficulty: Mapping[str, float] = NO_DIFFICULTIES,
        hardest_share: float = HARDEST_SHARE,
        count_tokens: CountTokens = estimate_tokens,
    ) -> None:
        """Questions that could not be asked are left out; InputError when none remains."""
        if not 0 < hardest_share <= 1:
            raise InputError("a share above 0 and at most 1", got=str(hardest_share))
        pools: dict[str, dict[str, Question]] = defaultdict(dict)
        for question in questions:
            if can_be_asked(question, count_tokens):
                pools[question.topic].setdefault(question.id, question)
        if not pools:
            raise InputError(f"questions with {CHOICES} choices, a key and a topic", got="none")
        share = hardest_share if difficulty else 1.0
        self._pools = {
            topic: hardest_first(pools[topic].values(), difficulty) for topic in sorted(pools)
        }
        self._hardest_share = share
        self._plan = lru_cache(maxsize=2)(self._drawn)

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic that there is a question on, sorted."""
        return tuple(self._pools)

    @property
    def digest(self) -> str:
        """What tells two sets of questions apart: SHA-256 over ids and keys."""
        return digest_value(
            {
                topic: [[each.id, each.answer_text] for each in pool]
                for topic, pool in self._pools.items()
            }
        )

    def size(self, topic: str) -> int:
        """How many questions can be asked on a topic."""
        return len(self._pools.get(topic, ()))

    def check(self, draw: Sequence[str]) -> None:
        """InputError when a topic of the draw is unknown or has fewer questions than it is drawn
        for; with the nearest topic, or with what there is.
        """
        wanted_by_topic = sorted(Counter(draw).items())
        for topic, _ in wanted_by_topic:
            self.find_topic(topic)
        for topic, wanted in wanted_by_topic:
            if self.size(topic) < wanted:
                raise InputError(
                    f"{wanted} questions on {topic!r}",
                    got=f"{self.size(topic)} that can be asked",
                    hint=f"at most {self._largest_match(set(draw))} questions on these topics, "
                    "or more topics",
                )

    def find_topic(self, name: str) -> str:
        """The topic of that name, however it is written; InputError with the nearest one."""
        known = {normalise(topic): topic for topic in self._pools}
        if normalise(name) in known:
            return known[normalise(name)]
        near = difflib.get_close_matches(normalise(name), known, n=1, cutoff=0.0)
        raise InputError(
            f"a topic out of {', '.join(self._pools)}",
            got=repr(name),
            hint=known[near[0]] if near else next(iter(self._pools)),
        )

    def _largest_match(self, topics: Iterable[str]) -> int:
        """Topics are drawn equally often up to one, so the smallest one sets the limit."""
        sizes = [self.size(topic) for topic in topics]
        return min(sizes) * len(sizes)

    def ask(self, call: QuestionCall) -> list[object]:
        """The questions of the call. InputError as in `check`."""
        return [
            write_question(question, Presentation.identity(CHOICES))
            for question in self._plan(call.topics, call.seed)[call.start : call.stop]
        ]

    def _drawn(self, topics: tuple[str, ...], seed: int) -> tuple[Question, ...]:
        """A whole innings, so that a later call knows what an earlier one asked."""
        self.check(topics)
        decks = {topic: self._deck(topic, count, seed) for topic, count in Counter(topics).items()}
        return tuple(next(decks[topic]) for topic in topics)

    def _deck(self, topic: str, count: int, seed: int) -> Iterator[Question]:
        pool = self._pools[topic]
        hard = pool[: max(count, math.ceil(self._hardest_share * len(pool)))]
        return iter(random.Random(f"bank:{seed}:{topic}").sample(hard, count))


def can_be_asked(question: Question, count_tokens: CountTokens) -> bool:
    """Whether it has a topic, four choices, a key, and passes the official filter."""
    if question.answer is None or not question.topic.strip() or len(question.choices) != CHOICES:
        return False
    message = write_question(question, Presentation.identity(CHOICES))
    return filter_question(message, count_tokens).finding is None


def hardest_first(
    questions: Iterable[Question], difficulty: Mapping[str, float]
) -> tuple[Question, ...]:
    """Ties are broken by id, so that the order in which questions came does not matter."""
    return tuple(sorted(questions, key=lambda each: (-difficulty.get(each.id, -math.inf), each.id)))
