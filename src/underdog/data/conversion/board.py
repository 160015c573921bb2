"""The pool laid out by cells, and how likely each answer is as a wrong choice of each question.

In: a pool. Out: a `Board`, whose rows stand cell by cell, and the weights of a cell. Never: a text
that is wrong more often than it is right would let one expect.

Two probes shape the weights. A classifier that sees only choices learns which texts are right: so
every answer is drawn in proportion to how often it is right, whatever question draws it, times a
number of its own (`_usage`). One that sees how a choice goes with its question learns that the key
shares words and topic with it: so answers that do are drawn the more (`_affinity`). Sinkhorn's
algorithm (Sinkhorn and Knopp, Pacific J. Math. 21:343, 1967) finds weights that do both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from underdog.data.answers.kind import AnswerKind
from underdog.data.conversion.admission import LENGTH_RATIO, LENGTH_SLACK
from underdog.data.conversion.cells import cut_cells
from underdog.data.conversion.meaning import LENGTH, Meaning, Vectors, to_length
from underdog.data.conversion.pool import Pool
from underdog.data.conversion.word_hashes import Hashes, Integers, mix, uniform

Floats = NDArray[np.float64]

NEAR_ANSWER, NEAR_QUESTION = 12.0, 12.0
"""Nats per unit of cosine between the question and another answer, or another answer's question."""
SHARED_WORDS = 1.3
"""Nats per nat of rarity of the stems that a question shares with another answer ..."""
_MOST_SHARED = 8.0
_RARE = 3.0
"""... counting stems that are rarer than one question in e ** 3 = 20."""
SAME_FOCUS, SAME_ROLE, SAME_TOPIC = 1.5, 1.5, 0.7
"""Nats for the same noun asked for, the same deed of a person, the same topic given."""
USAGE = 1.2
"""Exponent of the usage of an answer: -log(uniform) ** USAGE.

An answer that is right once would be seen wrong about three times; a classifier that has seen it
wrong only, or right already, knows its place in the question it is tested on. If each use of a text
were right by a throw of 1/4, a text would be used 0, 1, 2, .. times before it is right, a geometric
number, that is a Poisson number whose mean is exponentially distributed: USAGE 1. Measured on
2026-11-21 on 35,537 questions of OpenTriviaQA: equal usage makes a linear n-gram probe find 7 % of
the keys, where chance is 25 % and human choices give 26.5 %; 1.0 gives 21 %, 1.2 gives 24 %."""
_ROUNDS = 8
_LIKE = {
    AnswerKind.PERSON: -1.0,
    AnswerKind.PLACE: 0.2,
    AnswerKind.ORGANISATION: 0.2,
    AnswerKind.WORK: 0.2,
}
_LIKE_OTHERS = 0.4
"""Cosine of their questions from which answers without the same noun asked for are of one like. A
phrase says little about what it is; a person is a person. Of phrases read by eye, 0.3 leaves half
with a choice of another sort, 0.4 a quarter; it rejects 5 % more of OpenTriviaQA's questions."""


class Board(NamedTuple):
    """n answers, cell by cell. `starts` (cells + 1) bounds the cells; `rows` (n) are their places
    in the pool.
    """

    starts: Integers
    rows: Integers
    questions: Vectors
    answers: Vectors
    together: Vectors
    """Where a question and its answer point together."""
    codes: Integers
    """Focus, role, topic and family of each answer (n, 4); 0 where it has none."""
    shared: Any
    """Rarity of the stems that a question (row) shares with an answer of its cell (column): a
    sparse matrix (n, n)."""
    lengths: Integers
    like: Floats
    """Cosine that answers need where they were not asked for by the same noun (n)."""
    usage: Floats
    hashes: Hashes
    """Of the answer with its question, and below: of the question, of the answer."""
    asked: Hashes
    said: Hashes

    def cell(self, at: int) -> slice:
        """The rows of a cell."""
        return slice(int(self.starts[at]), int(self.starts[at + 1]))


def lay_out(pool: Pool, chosen: Integers, *, size: int, seed: int) -> Board:
    """The `chosen` rows of the pool in cells of up to 2 * `size` answers."""
    n = len(pool.answers)
    meaning = pool.meaning
    together = _direction(meaning)
    codes = _codes(pool)
    lengths = np.fromiter(map(len, pool.answers), np.int64, n)
    cells = cut_cells(
        [column[chosen] for column in _cell_codes(pool, codes)],
        lengths[chosen],
        together[chosen],
        pool.hashes[chosen],
        size=size,
    )
    order = np.lexsort((pool.hashes[chosen], cells))
    rows = chosen[order]
    like = np.array([_LIKE.get(read.kind, _LIKE_OTHERS) for read in pool.reads])
    return Board(
        starts=np.concatenate([[0], np.cumsum(np.bincount(cells, minlength=1))]),
        rows=rows,
        questions=meaning.questions[rows],
        answers=meaning.answers[rows],
        together=together[rows],
        codes=codes[rows],
        shared=_shared(pool, rows, cells[order]),
        lengths=lengths[rows],
        like=like[rows],
        usage=_usage(pool.hashes[rows], seed),
        hashes=pool.hashes[rows],
        asked=pool.asked[rows],
        said=pool.said[rows],
    )


def _codes(pool: Pool) -> Integers:
    return np.stack(
        [
            _number([read.focus for read in pool.reads]),
            _number([read.role for read in pool.reads]),
            _number(pool.topics),
            _number([read.family for read in pool.reads]),
        ],
        axis=1,
    )


def _cell_codes(pool: Pool, codes: Integers) -> list[Integers]:
    """From coarse to fine: kind, form, gender of a person, what is asked for and its family."""
    persons = np.array([read.kind is AnswerKind.PERSON for read in pool.reads], dtype=np.int64)
    return [
        _number([read.kind.value for read in pool.reads]),
        _number([read.surface for read in pool.reads]),
        (pool.genders() + 1) * persons,
        np.array([read.plural for read in pool.reads], dtype=np.int64),
        _number([read.wanted for read in pool.reads]),
        codes[:, 3],
        codes[:, 0],
    ]


def _number(names: Sequence[Any]) -> Integers:
    """Names as numbers in the order of the names; "" is 0."""
    kinds = set(names)
    kinds.discard("")
    numbers = {"": 0} | {name: at for at, name in enumerate(sorted(kinds), start=1)}
    return np.fromiter(map(numbers.__getitem__, names), np.int64, len(names))


def _direction(meaning: Meaning) -> Vectors:
    """Where questions and their answers point together, in whole numbers. Measured on 5,590 phrases
    of OpenTriviaQA on 2026-11-21: which of two pairs of answers was asked for by the same noun is
    told in 75 % of the cases by this, in 74 % by questions and in 59 % by answers alone.
    """
    sums = 2 * meaning.questions + meaning.answers
    directions: Vectors = to_length(sums, LENGTH).astype(np.float32)
    return directions


def _usage(hashes: Hashes, seed: int) -> Floats:
    drawn = uniform(hashes ^ mix(np.array([seed, 1], np.int64).view(np.uint64))[:1])
    return (-np.log(drawn)) ** USAGE + 1e-9


def _shared(pool: Pool, rows: Integers, cells: Integers) -> Any:
    """Products of question and answer stems, within cells only, so that they stay sparse."""
    from scipy.sparse import csr_matrix, diags

    n = len(pool.answers)
    words = (pool.question_words, pool.answer_words)
    stems, columns = np.unique(np.concatenate([w.stems for w in words]), return_inverse=True)
    asked, said = np.split(columns, [len(words[0].stems)])
    counts = np.bincount(_unique(words[0].rows * len(stems) + asked) % len(stems))
    rarity = np.log(n / np.maximum(np.pad(counts, (0, len(stems) - len(counts))), 1))
    places = np.full(n, -1)
    places[rows] = np.arange(len(rows))
    tables = []
    for row, column in ((places[words[0].rows], asked), (places[words[1].rows], said)):
        kept = (row >= 0) & (rarity[column] > _RARE)
        tables.append((row[kept], column[kept]))
    joint = np.concatenate([cells[row] * len(stems) + column for row, column in tables])
    both, local = np.unique(joint, return_inverse=True)
    weights = diags(np.minimum(rarity[both % len(stems)], _MOST_SHARED))
    questions, answers = (
        csr_matrix((np.ones(len(row)), (row, column)), shape=(len(rows), len(both)))
        for (row, _), column in zip(tables, np.split(local, [len(tables[0][0])]), strict=True)
    )
    questions.data[:] = answers.data[:] = 1.0
    return (questions @ weights @ answers.T).tocsr()


def _unique(values: Integers) -> Integers:
    """Sorted, each once: ten times as fast as `np.unique` on 500,000 numbers (numpy 2.4)."""
    ordered = np.sort(values)
    return ordered[np.diff(ordered, prepend=-1) > 0]


def weigh_cell(board: Board, at: int, wanted: Integers, *, others: int) -> Floats:
    """How likely each answer of cell `at` is beside each of the `wanted` rows (w, cell's size).

    Rows sum to `others`, the wrong choices of a question, or to 0 where too few fit.
    """
    cell = board.cell(at)
    fits = _find_core(_find_fitting(board, cell), least=others + 1)
    mine = wanted - cell.start
    weights = np.exp(_affinity(board, cell, wanted)) * fits[mine]
    used = board.usage[cell] * fits.any(axis=0)
    target = used * (others * np.count_nonzero(fits[mine].any(axis=1)) / max(used.sum(), 1e-12))
    scale = np.ones(len(wanted))
    for _ in range(_ROUNDS):
        columns = target / np.maximum(scale @ weights, 1e-12)
        scale = others / np.maximum(weights @ columns, 1e-12)
    found: Floats = weights * columns * scale[:, None]
    return found


def _find_core(fits: Any, *, least: int) -> Any:
    """The pairs that are left when answers with fewer than `least` others go, again and again (the
    k-core: Seidman, Social Networks 5:269, 1983). An answer that can have no choices of its own
    would never be right, so it is not offered as a wrong one either.
    """
    core = fits
    while True:
        degrees = np.count_nonzero(core, axis=0)
        low = (degrees > 0) & (degrees < least)
        if not low.any():
            return core
        core = core & ~low & ~low[:, None]


def _affinity(board: Board, cell: slice, wanted: Integers) -> Floats:
    questions = board.questions[wanted] / LENGTH
    nearness = NEAR_ANSWER * board.answers[cell] + NEAR_QUESTION * board.questions[cell]
    affinity = (questions @ (nearness / LENGTH).T).astype(np.float64)
    shared = board.shared[wanted].tocoo()
    affinity[shared.row, shared.col - cell.start] += SHARED_WORDS * np.minimum(
        shared.data, _MOST_SHARED
    )
    for column, worth in enumerate((SAME_FOCUS, SAME_ROLE, SAME_TOPIC)):
        affinity += worth * _agree(board, cell, wanted, column)
    return affinity


def _agree(board: Board, cell: slice, wanted: Integers, column: int) -> Any:
    codes = board.codes[wanted, column]
    return (codes[:, None] == board.codes[cell, column]) & (codes > 0)[:, None]


def _find_fitting(board: Board, cell: slice) -> Any:
    """What may stand beside what, the same both ways: alike in length and in what is asked, not
    the same answer, and not an answer to the same question. Things of one family are alike, things
    of two never are; where one of the families is unknown, their questions decide.
    """
    lengths, like, codes = board.lengths[cell], board.like[cell], board.codes[cell, 0]
    families = board.codes[cell, 3]
    same_family = families[:, None] == families
    unknown = families == 0
    long, short = np.maximum.outer(lengths, lengths), np.minimum.outer(lengths, lengths)
    cosine = board.together[cell] @ board.together[cell].T / LENGTH**2
    asked, said = board.asked[cell], board.said[cell]
    return (
        (long <= LENGTH_RATIO * short + LENGTH_SLACK)
        & (
            ((cosine >= np.maximum.outer(like, like)) & (unknown[:, None] | unknown | same_family))
            | (same_family & ~unknown)
            | ((codes[:, None] == codes) & (codes > 0)[:, None])
        )
        & (said[:, None] != said)
        & (asked[:, None] != asked)
    )
