"""How a choice goes with its question, without either being understood.

In: a sheet. Out: a matrix with a row per choice: shared words, pairs of words that went together
before, nearness of topic. Never: a measure that has seen the key of its own question.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from underdog.data.probes.evidence import cut_blocks, weigh
from underdog.data.probes.ngrams import read_codes
from underdog.data.probes.sheet import Floats, Sheet, fold
from underdog.data.probes.vocabulary import cross, find_shapes, find_words, index_words

DIMENSIONS = 64
"""Of the space of topics."""
CAUTION = 10.0
"""Ridge on what a pair of words is worth."""
_STEM = 5
"""First letters by which words count as alike in the stem columns."""


class Associations(NamedTuple):
    """Values (m, d), one column per name."""

    names: tuple[str, ...]
    values: Floats


class _Texts(NamedTuple):
    """Words of questions (n rows) and of choices (m rows), with shared columns."""

    asked: Any
    offered: Any
    weights: Floats
    """Inverse document frequency of each column among questions."""


def associate(sheet: Sheet) -> Associations:
    """Every measure of how a choice goes with its question."""
    questions = read_codes([fold(each.text) for each in sheet.questions])
    choices = read_codes(sheet.folded)
    n, m = len(sheet.questions), len(sheet.texts)
    words = _weigh_words(*index_words([(find_words(questions), n), (find_words(choices), m)]))
    asked, offered = (find_words(codes, first=_STEM) for codes in (questions, choices))
    stems = _weigh_words(*index_words([(asked, n), (offered, m)]))
    (shapes,) = index_words([(find_shapes(read_codes(sheet.texts)), m)])
    columns = {
        **_shared(sheet, stems),
        **_pairs(sheet, words, shapes),
        **_topics(sheet, words),
    }
    return Associations(tuple(columns), np.stack(list(columns.values()), axis=1))


def _weigh_words(asked: Any, offered: Any) -> _Texts:
    counts = np.bincount(asked.indices, minlength=asked.shape[1])
    weights = np.log(asked.shape[0] / np.maximum(counts, 1))
    return _Texts(asked, offered, weights.astype(np.float32))


def _shared(sheet: Sheet, stems: _Texts) -> dict[str, Floats]:
    """Stems that stand in both, weighted by how rare they are in questions."""
    both = stems.asked[sheet.owner].multiply(stems.offered).tocsr()
    shared = both @ stems.weights
    whole = stems.offered @ stems.weights
    return {"shared stems": shared, "share of stems": shared / np.maximum(whole, 1e-6)}


def _pairs(sheet: Sheet, words: _Texts, shapes: Any) -> dict[str, Floats]:
    """What pairs of a question's word and a choice's word, or its shape, have been worth before."""
    counts = np.bincount(words.asked.indices, minlength=words.asked.shape[1])
    telling = words.asked[:, (counts >= 3) & (counts < 0.05 * len(sheet.questions))]
    frequent = words.asked[:, counts >= 5]
    return {
        name: weigh(cross(left, right, sheet.owner, bits=20), sheet, caution=CAUTION)
        for name, left, right in (
            ("pairs", telling, words.offered),
            ("shapes", frequent, shapes),
        )
    }


def _topics(sheet: Sheet, words: _Texts) -> dict[str, Floats]:
    """Nearness of a question's topic to that of its choice: the questions in which the choice's
    words stand, and those which they have answered before.
    """
    places = _place_questions(words)
    counts = np.maximum(np.bincount(words.asked.indices, minlength=words.asked.shape[1]), 1)
    homes = (words.asked.T @ places) * (words.weights / counts)[:, None]
    own = places[sheet.owner]
    return {
        **_near(own, words.offered @ homes.astype(np.float32), "words"),
        **_near(own, _recall(sheet, words.offered, places), "answered words"),
    }


def _near(own: Any, other: Any, name: str) -> dict[str, Floats]:
    product = np.einsum("md,md->m", own, other).astype(float)
    lengths = np.sqrt(np.einsum("md,md->m", other, other)).astype(float)
    return {f"topic of {name}": product, f"cosine of {name}": product / np.maximum(lengths, 1e-6)}


def _recall(sheet: Sheet, marks: Any, places: Any) -> Any:
    """The mean place of the questions that a choice's marks have answered in earlier blocks."""
    bounds = cut_blocks(sheet)
    sums = np.zeros((marks.shape[1], places.shape[1]), np.float32)
    counts = np.zeros(marks.shape[1], np.float32)
    found = np.zeros((marks.shape[0], places.shape[1]), np.float32)
    for first, last in pairwise(bounds):
        start, end = sheet.starts[first], sheet.starts[last]
        found[start:end] = marks[start:end] @ (sums / np.maximum(counts, 1)[:, None])
        answers = marks[sheet.keys[first:last]]
        sums += answers.T @ places[first:last]
        counts += np.bincount(answers.indices, minlength=len(counts)).astype(np.float32)
    return found


def _place_questions(words: _Texts) -> Any:
    """Questions as points of length 1 in the space of topics (n, DIMENSIONS): latent semantic
    analysis (Deerwester et al., J. Am. Soc. Inf. Sci. 41:391, 1990) by a randomised SVD with one
    power iteration (Halko, Martinsson and Tropp, SIAM Review 53:217, 2011, algorithm 5.1).
    """
    counts = np.bincount(words.asked.indices, minlength=words.asked.shape[1])
    useful = np.flatnonzero((counts >= 2) & (counts < 0.3 * words.asked.shape[0]))
    table = words.asked[:, useful].multiply(words.weights[useful]).tocsr()
    lengths = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
    table = table.multiply(1 / np.maximum(lengths, 1e-6)[:, None]).tocsr().astype(np.float32)
    probe = np.random.default_rng(0).standard_normal((table.shape[0], DIMENSIONS))
    basis, _ = np.linalg.qr(table.T @ probe.astype(np.float32))
    basis, _ = np.linalg.qr(table.T @ (table @ basis))
    places = table @ basis
    places -= places.mean(axis=0)
    norms = np.sqrt(np.einsum("nd,nd->n", places, places))
    return (places / np.maximum(norms, 1e-6)[:, None]).astype(np.float32)
