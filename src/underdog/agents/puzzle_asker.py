"""A Q-agent that makes its questions: puzzles on the topics that are called for.

In: a difficulty. Out: official questions, each proven to have one right choice. What is asked
depends on the call's topics and seed, and on nothing that was asked before; within an innings
nothing is asked twice. Never: a question on a topic that has no kind of puzzle.
"""

from __future__ import annotations

import difflib
import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

from underdog.agents.puzzles.generate import PuzzleConfig, make_puzzle
from underdog.agents.puzzles.topics import TOPICS, find_topic, name_in
from underdog.errors import InputError
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question
from underdog.protocol.editions import EDITIONS, NEWEST
from underdog.protocol.official import write_question
from underdog.protocol.player import QuestionCall
from underdog.protocol.tokens import CountTokens, estimate_tokens
from underdog.runs.files import digest_bytes, digest_value

DIFFICULTY = 0.8
"""Hard, and still within the token limits of every edition."""


class PuzzleAsker:
    """Asks puzzle after puzzle; the kinds of a topic take turns."""

    def __init__(
        self,
        difficulty: float = DIFFICULTY,
        *,
        edition: str = NEWEST,
        count_tokens: CountTokens = estimate_tokens,
    ) -> None:
        """InputError for a difficulty outside 0 to 1 or an unknown edition."""
        PuzzleConfig("series", difficulty, edition=edition)
        self._difficulty, self._edition = difficulty, edition
        self._count_tokens = count_tokens

    @property
    def topics(self) -> tuple[str, ...]:
        """The edition's topics, all of which there are puzzles on."""
        return EDITIONS[self._edition].topics

    @property
    def digest(self) -> str:
        """What tells two sets of puzzles apart: the settings, and the code and words that make
        them, so that a changed generator is not taken for the same one.
        """
        return digest_value(["puzzle", self._difficulty, self._edition, generator_digests()])

    def size(self, topic: str) -> float:
        """How many questions can be asked on a topic: as many as are wanted, or none."""
        return math.inf if find_topic(topic) is not None else 0.0

    def find_topic(self, name: str) -> str:
        """What the edition calls the topic that a name means; InputError with the nearest one."""
        found = find_topic(name)
        if found is not None:
            return name_in(self._edition, found)
        near = difflib.get_close_matches(name, TOPICS, n=1, cutoff=0.0)[0]
        raise InputError(f"a topic out of {'; '.join(TOPICS)}", got=repr(name), hint=near)

    def check(self, draw: Sequence[str]) -> None:
        """InputError when there is no puzzle on a topic of the draw."""
        for topic in sorted(set(draw)):
            self.find_topic(topic)

    def ask(self, call: QuestionCall) -> list[object]:
        """The questions of the call, each labelled with the topic as it was called for."""
        self.check(call.topics)
        earlier = Counter(call.topics[: call.start])
        asked: list[object] = []
        for topic in call.topics[call.start : call.stop]:
            asked.append(self._message(topic, earlier[topic], call.seed))
            earlier[topic] += 1
        return asked

    def _message(self, topic: str, number: int, seed: int) -> dict[str, object]:
        question = self._puzzle(topic, number, seed)
        message = write_question(question, Presentation.identity(len(question.choices)))
        return {**message, "topic": topic}

    def _puzzle(self, topic: str, number: int, seed: int) -> Question:
        kinds = TOPICS[find_topic(topic) or topic]
        kind = kinds[(seed + number) % len(kinds)]
        config = PuzzleConfig(kind, self._difficulty, seed, self._edition)
        return make_puzzle(config, number, count_tokens=self._count_tokens).question


@lru_cache(maxsize=1)
def generator_digests() -> dict[str, str]:
    """Of each file that decides what a puzzle says: modules and words of `agents/puzzles`, and what
    places and measures its questions; SHA-256 by name.
    """
    package = files("underdog.agents.puzzles")
    found = {
        each.name: digest_bytes(each.read_bytes())
        for each in package.iterdir()
        if each.name.endswith((".py", ".toml"))
    }
    for module in ("agents/puzzle_asker.py", "protocol/editions.py", "protocol/tokens.py"):
        found[module] = digest_bytes(files("underdog").joinpath(module).read_bytes())
    return dict(sorted(found.items()))
