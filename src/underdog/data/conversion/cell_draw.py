"""Wrong choices for questions whose answers are words: drawn from the cells of a board.

In: a board, the texts of its rows, and which rows want choices. Out: texts for each of them. Never:
a draw that depends on other questions' draws, on the order of rows, or on where it is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from underdog.data.answers.kind import AnswerKind
from underdog.data.conversion.admission import LENGTH_RATIO, LENGTH_SLACK, Admission, brief, offer
from underdog.data.conversion.board import Board, weigh_cell
from underdog.data.conversion.word_hashes import Hashes, Integers, mix, uniform

TRIED = 40
"""Answers that are tried for a question, the most likely ones of its draw."""
_WINDOWS = ((1.6, 4), (LENGTH_RATIO, LENGTH_SLACK))
"""Longest against shortest choice, the first with which enough choices are found."""


class Wanted(NamedTuple):
    """What is known of a question beyond its text and answer."""

    aliases: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    """Wrong answers from outside, the most frequent first."""


class Deck(NamedTuple):
    """A board, its texts (n), and the rows that want choices."""

    board: Board
    answers: tuple[str, ...]
    kinds: tuple[AnswerKind, ...]
    folded_answers: tuple[str, ...]
    questions: tuple[str, ...]
    folded_questions: tuple[str, ...]
    wanted: Mapping[int, Wanted]
    others: int
    """Wrong choices per question."""
    seed: int


class Drawn(NamedTuple):
    """Wrong choices of one row; fewer than wanted where no more were found."""

    row: int
    texts: tuple[str, ...]


def draw_cells(cells: Sequence[int], deck: Deck) -> list[Drawn]:
    """Wrong choices for the rows of some cells that want them."""
    return [drawn for cell in cells for drawn in _draw_cell(cell, deck)]


def _draw_cell(at: int, deck: Deck) -> list[Drawn]:
    cell = deck.board.cell(at)
    rows = [row for row in range(cell.start, cell.stop) if row in deck.wanted]
    if not rows:
        return []
    orders = _orders(at, np.array(rows), deck)
    return [Drawn(row, _pick(row, order, deck)) for row, order in zip(rows, orders, strict=True)]


def _orders(at: int, rows: Integers, deck: Deck) -> list[list[int]]:
    """For each row the answers of its cell in the order in which they are tried: random, the
    likelier the earlier (Efraimidis and Spirakis, Inf. Process. Lett. 97:181, 2006).
    """
    cell = deck.board.cell(at)
    weights = weigh_cell(deck.board, at, rows, others=deck.others)
    chance = uniform(_pair(deck.board.hashes[rows][:, None], deck.board.hashes[cell], deck.seed))
    with np.errstate(divide="ignore", invalid="ignore"):
        waits = -np.log(chance) / weights
    first = np.argsort(waits, axis=1)[:, :TRIED] + cell.start
    fitting = np.isfinite(waits).sum(axis=1).tolist()
    return [order[:count] for order, count in zip(first.tolist(), fitting, strict=True)]


def _pair(one: Hashes, other: Hashes, seed: int) -> Hashes:
    start = mix(np.array([seed, 2], np.int64).view(np.uint64))[:1]
    return mix(one ^ start) + mix(other)


def _pick(row: int, order: Sequence[int], deck: Deck) -> tuple[str, ...]:
    """The first answers in order that may stand beside each other and are of like length."""
    wanted = deck.wanted[row]
    key, question = deck.answers[row], deck.questions[row]
    admitted = Admission(deck.folded_questions[row], brief(key, deck.kinds[row]), wanted.aliases)
    offer(admitted, wanted.offered, key=key, question=question, most=deck.others)
    left = list(order)
    for ratio, slack in _WINDOWS:
        passed_over = []
        for other in left:
            if len(admitted) == deck.others:
                return admitted.texts
            if admitted.spans(len(deck.answers[other]), ratio=ratio, slack=slack):
                answer = brief(deck.answers[other], deck.kinds[other])
                admitted.admit(answer, deck.folded_answers[other])
            else:
                passed_over.append(other)
        left = passed_over
    return admitted.texts
