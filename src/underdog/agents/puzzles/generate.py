"""Puzzles of a kind, one per number: the same for the same kind, difficulty, seed and number.

In: a kind, a difficulty, a seed and a number. Out: a puzzle within the token limits of an edition.
Never: a puzzle that depends on what was made before it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from underdog.agents.puzzles.puzzle import Draft, Puzzle
from underdog.agents.puzzles.topics import KINDS, find_kind, topic_of
from underdog.errors import InputError
from underdog.mcq.presentation import Presentation
from underdog.mcq.question import Question, find_fault
from underdog.protocol.editions import EDITIONS, NEWEST, Edition
from underdog.protocol.filters import FREE_TOKENS, filter_question
from underdog.protocol.official import write_question
from underdog.protocol.tokens import CountTokens, estimate_tokens

TRIES = 400
"""Drafts before a puzzle is given up; the dearest kind needs 3 on average."""
SPARE_TOKENS = 6
"""Kept free below the limit, since counts of tokens differ between tokenizers."""


@dataclass(frozen=True, slots=True)
class PuzzleConfig:
    """What is made, and within which limits."""

    kind: str
    """One of `topics.KINDS`."""
    difficulty: float = 0.5
    """0 to 1: more persons, denials and detours."""
    seed: int = 0
    edition: str = NEWEST
    """Its limits hold, the stated ones too: 100 tokens with topic and answer in 2025-07."""

    def __post_init__(self) -> None:
        find_kind(self.kind)
        if not 0 <= self.difficulty <= 1:
            raise InputError("a difficulty from 0 to 1", got=str(self.difficulty))
        if self.edition not in EDITIONS:
            raise InputError(f"an edition out of {', '.join(EDITIONS)}", got=repr(self.edition))


def make_puzzles(
    config: PuzzleConfig, count: int, *, count_tokens: CountTokens = estimate_tokens
) -> Iterator[Puzzle]:
    """Puzzles number 0 to `count`, no two of them the same."""
    seen: set[str] = set()
    number = 0
    while len(seen) < count:
        puzzle = make_puzzle(config, number, count_tokens=count_tokens)
        number += 1
        if puzzle.question.id not in seen:
            seen.add(puzzle.question.id)
            yield puzzle


def make_puzzle(
    config: PuzzleConfig, number: int, *, count_tokens: CountTokens = estimate_tokens
) -> Puzzle:
    """Puzzle `number` of a stream."""
    edition = EDITIONS[config.edition]
    draw = KINDS[config.kind]
    rng = random.Random(f"{config.kind}:{config.difficulty}:{config.seed}:{number}")
    difficulty = config.difficulty
    for turn in range(TRIES):
        # Where limits are tight, what is drawn gets smaller rather than never done.
        draft = draw(rng, difficulty * (1 - turn / TRIES))
        puzzle = None if draft is None else _puzzle(config, draft)
        if puzzle is not None and fits(puzzle.question, edition, count_tokens):
            return puzzle
    raise InputError(
        f"limits that a {config.kind} puzzle fits into",
        got=f"none in {TRIES} drafts of edition {config.edition}",
    )


def _puzzle(config: PuzzleConfig, draft: Draft) -> Puzzle | None:
    if find_fault(draft.text, draft.choices, draft.answer):
        return None
    question = Question(
        draft.text,
        draft.choices,
        draft.answer,
        topic=topic_of(config.kind, config.edition),
        source=f"puzzles/{config.kind}",
        licence="MIT",
        explanation=draft.explanation,
    )
    return Puzzle(
        config.kind, config.difficulty, question, draft.size, draft.names, draft.facts, draft.claims
    )


def fits(question: Question, edition: Edition, count_tokens: CountTokens) -> bool:
    """Whether the official filter lets it pass with tokens to spare, and the stated limit holds."""
    message = write_question(question, Presentation.identity(len(question.choices)))
    if filter_question(message, count_tokens, edition).finding is not None:
        return False
    texts = [message["question"], message["answer"], *message["choices"]]
    used = sum(map(count_tokens, texts))
    if used - FREE_TOKENS >= edition.question_tokens - SPARE_TOKENS:
        return False
    stated = edition.stated_question_tokens
    return stated is None or used - FREE_TOKENS + count_tokens(message["topic"]) <= stated
