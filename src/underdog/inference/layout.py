"""How a question's choices are laid out in rows of tokens, and how rows are gathered in batches.

In: encoded prompts. Out: rows of plain integers, and batches that fit a budget. Never: a tensor.

Under `Layout.SHARED` a question is one row: the prefix once, then each choice as a branch that sees
the prefix and itself only. The last token of a choice is never fed: nothing is predicted after it.
So a choice of one token (a letter) needs no branch at all, and four letters cost one position.

    row        Q  Q  Q : a1 a2 : b1        (choices a1 a2 a3, b1 b2, c1)
    position   0  1  2 : 3  4  : 3
    branch     0  0  0 : 1  1  : 2
    predicted  .  .  a1,b1,c1 ; a2 a3 ; b2
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from underdog.errors import InputError
from underdog.mcq.encode import EncodedPrompt

PREFIX = 0
"""The branch number of the tokens that every choice sees."""


class Layout(StrEnum):
    """Where the prefix of a question is computed."""

    SHARED = "shared"
    """Once; the choices are branches of one row (needs a 4-D attention mask and position ids)."""
    SEPARATE = "separate"
    """Once per choice, each in a row of its own: for attention that takes no 4-D mask."""


class Target(NamedTuple):
    """`token` of choice `choice` is predicted by what the model gives out at `place` of its row."""

    place: int
    token: int
    choice: int


@dataclass(frozen=True, slots=True)
class Row:
    """One row of L tokens; `positions` and `branches` have the same length."""

    tokens: tuple[int, ...]
    positions: tuple[int, ...]
    branches: tuple[int, ...]
    targets: tuple[Target, ...]

    @property
    def branched(self) -> bool:
        """Whether plain causal attention would let one choice see another."""
        return self.branches[-1] != PREFIX


@dataclass(frozen=True, slots=True)
class Job:
    """One question: its place in the input, how many choices it has, and its rows."""

    index: int
    choices: int
    rows: tuple[Row, ...]

    @property
    def length(self) -> int:
        """Tokens of the longest row."""
        return max(len(row.tokens) for row in self.rows)

    @property
    def predicted(self) -> int:
        """Positions whose logits are needed."""
        return sum(len({target.place for target in row.targets}) for row in self.rows)


def lay_out(index: int, encoded: EncodedPrompt, layout: Layout, *, kept: int = 0) -> Job:
    """The rows of one question, without the first `kept` tokens, which were run before; positions
    count them. InputError when a choice or the rest of the prefix has no token.
    """
    prefix, completions = encoded.prefix_ids[kept:], encoded.completion_ids
    if not prefix or not all(completions):
        raise InputError("a prompt and choices of at least one token each", got=f"{encoded}")
    if layout is Layout.SHARED:
        row = _branching_row(prefix, tuple(enumerate(completions)), kept)
        return Job(index, len(completions), (row,))
    rows = (_branching_row(prefix, (choice,), kept) for choice in enumerate(completions))
    return Job(index, len(completions), tuple(_straight(row) for row in rows))


def _branching_row(
    prefix: tuple[int, ...], completions: tuple[tuple[int, tuple[int, ...]], ...], kept: int
) -> Row:
    tokens, positions = list(prefix), list(range(kept, kept + len(prefix)))
    branches, targets = [PREFIX] * len(prefix), list[Target]()
    for number, (choice, ids) in enumerate(completions, start=1):
        place = len(prefix) - 1
        for offset, token in enumerate(ids):
            targets.append(Target(place, token, choice))
            if offset < len(ids) - 1:
                place = len(tokens)
                tokens.append(token)
                positions.append(kept + len(prefix) + offset)
                branches.append(number)
    return Row(tuple(tokens), tuple(positions), tuple(branches), tuple(targets))


def _straight(row: Row) -> Row:
    """The same row with its only branch joined to the prefix."""
    return Row(row.tokens, row.positions, (PREFIX,) * len(row.tokens), row.targets)


def batches(
    jobs: Iterable[Job], *, max_tokens: int, max_predicted: int
) -> tuple[tuple[Job, ...], ...]:
    """Jobs of similar length together, longest first, so that a lack of memory shows at once.

    A batch costs (its rows) x (its longest row) tokens after padding, at most `max_tokens`, and
    builds logits at no more than `max_predicted` positions. A job that exceeds either alone is a
    batch of its own. The result depends on the jobs and both limits only.
    """
    ordered = sorted(jobs, key=lambda job: (-job.length, job.index))
    done: list[tuple[Job, ...]] = []
    batch: list[Job] = []
    for job in ordered:
        grown = [*batch, job]
        if batch and not _fits(grown, max_tokens, max_predicted):
            done.append(tuple(batch))
            grown = [job]
        batch = grown
    return (*done, tuple(batch)) if batch else ()


def _fits(jobs: Sequence[Job], max_tokens: int, max_predicted: int) -> bool:
    rows = sum(len(job.rows) for job in jobs)
    predicted = sum(job.predicted for job in jobs)
    return rows * jobs[0].length <= max_tokens and predicted <= max_predicted
