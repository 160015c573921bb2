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

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from underdog.errors import InputError
from underdog.mcq.encode import EncodedPrompt

PREFIX = 0
"""The branch number of the tokens that every choice sees."""
STARTS = 16
"""Starting a batch counts as a sixteenth of a full one, 64 tokens of 1,024. Then 40 prompts of
OpenTriviaQA are padded by 7 %, where filling batches up pads 23 %; 400 by 1.8 % and 2.8 %."""


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
    batch of its own. Of all ways to cut the sorted jobs within the limits the one with the fewest
    tokens is taken, where starting a batch counts as `max_tokens` / `STARTS`. The result depends on
    the jobs and both limits only.
    """
    ordered = sorted(jobs, key=lambda job: (-job.length, job.index))
    cuts = _cheapest_cuts(ordered, max_tokens, max_predicted)
    return tuple(tuple(ordered[start:end]) for start, end in pairwise(cuts))


def _cheapest_cuts(ordered: Sequence[Job], max_tokens: int, max_predicted: int) -> list[int]:
    """Where batches begin and end: 0, ..., the number of jobs.

    The cheapest way to cut the first `end` jobs is the cheapest to cut those before its last batch,
    and that batch: as many steps as there are jobs times the jobs of a batch.
    """
    sizes = [(len(job.rows), job.length, job.predicted) for job in ordered]
    costs, starts = [0.0], [0]
    for end in range(1, len(ordered) + 1):
        rows = predicted = 0
        least, best = math.inf, end - 1
        for start in range(end - 1, -1, -1):
            more_rows, longest, more_predicted = sizes[start]
            rows, predicted = rows + more_rows, predicted + more_predicted
            tokens = rows * longest
            if start < end - 1 and (tokens > max_tokens or predicted > max_predicted):
                break
            cost = costs[start] + tokens + max_tokens / STARTS
            if cost <= least:
                least, best = cost, start
        costs.append(least)
        starts.append(best)
    cuts = [len(ordered)]
    while cuts[-1]:
        cuts.append(starts[cuts[-1]])
    return cuts[::-1]
