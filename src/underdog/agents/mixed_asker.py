"""A Q-agent that shares its questions between others: so many from a bank, so many puzzles ...

In: askers with shares. Out: their questions, place by place. Which of them asks at a place depends
on the seed, the place and what can be asked on its topic, and on nothing that was asked before.
Never: a place that nobody asks at while one of them could.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from underdog.errors import InputError
from underdog.protocol.player import Asker, QuestionCall
from underdog.runs.files import digest_value


class TopicAsker(Asker, Protocol):
    """An asker that knows what it can ask about."""

    @property
    def topics(self) -> tuple[str, ...]:
        """What it asks about when no topic is named."""

    @property
    def digest(self) -> str:
        """What tells its questions from another's."""

    def size(self, topic: str) -> float:
        """How many questions it has on a topic; infinity where it makes them."""

    def find_topic(self, name: str) -> str:
        """Its own spelling of a topic; InputError where it has none such."""

    def check(self, draw: Sequence[str]) -> None:
        """InputError where it cannot ask a draw."""


class MixedAsker:
    """Askers by name, each with a share."""

    def __init__(self, parts: Mapping[str, TopicAsker], shares: Mapping[str, float]) -> None:
        """Shares are above 0 and need not add up to 1; InputError for others, or for no part."""
        bad = [name for name in parts if not 0 < shares.get(name, 0.0) < math.inf]
        if not parts or bad or set(shares) - set(parts):
            raise InputError("a share above 0 for each of at least one asker", got=f"{shares}")
        self._parts, self._shares = dict(parts), dict(shares)

    @property
    def topics(self) -> tuple[str, ...]:
        """Of all of them."""
        return tuple(dict.fromkeys(each for part in self._parts.values() for each in part.topics))

    @property
    def digest(self) -> str:
        """What tells two mixtures apart."""
        parts = {name: [self._shares[name], part.digest] for name, part in self._parts.items()}
        return digest_value(["mixed", parts])

    def size(self, topic: str) -> float:
        """Of all of them together."""
        return sum(part.size(topic) for part in self._parts.values())

    def find_topic(self, name: str) -> str:
        """As the first calls it that knows it; InputError of the last where none does."""
        for part in self._parts.values():
            try:
                return part.find_topic(name)
            except InputError as error:
                unknown = error
        raise unknown

    def check(self, draw: Sequence[str]) -> None:
        """InputError where a topic is unknown, or all together have too few questions on it."""
        for topic, wanted in sorted(Counter(draw).items()):
            if self.size(self.find_topic(topic)) < wanted:
                raise InputError(
                    f"{wanted} questions on {topic!r}", got=f"{self.size(topic):g} in all"
                )

    def ask(self, call: QuestionCall) -> list[object]:
        """The questions of the call. InputError as in `check`."""
        self.check(call.topics)
        names = self.who_asks(call.topics, call.seed)
        asked: dict[int, object] = {}
        for name, part in self._parts.items():
            places = [place for place, each in enumerate(names) if each == name]
            wanted = [place for place in places if call.start <= place < call.stop]
            if not wanted:
                continue
            first, last = places.index(wanted[0]), places.index(wanted[-1])
            topics = tuple(call.topics[place] for place in places)
            part_call = replace(call, topics=topics, start=first, stop=last + 1)
            asked |= dict(zip(wanted, part.ask(part_call), strict=True))
        return [asked[place] for place in sorted(asked)]

    def who_asks(self, topics: Sequence[str], seed: int) -> list[str]:
        """A name per place: drawn by share among those that have a question left on its topic."""
        used: Counter[tuple[str, str]] = Counter()
        names = []
        for place, topic in enumerate(topics):
            able = [
                name for name, part in self._parts.items() if part.size(topic) > used[name, topic]
            ]
            weights = [self._shares[name] for name in able]
            (name,) = random.Random(f"mixed:{seed}:{place}").choices(able, weights)
            used[name, topic] += 1
            names.append(name)
        return names
