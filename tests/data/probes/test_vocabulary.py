"""Words as columns, and pairs of words."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from underdog.data.probes.ngrams import read_codes
from underdog.data.probes.vocabulary import cross, find_shapes, find_words, index_words

WORD = re.compile(r"[^\W_]+")
TEXTS = st.lists(st.text(alphabet="abcÄß1_- .", max_size=12), min_size=1, max_size=6)


@given(TEXTS, st.sampled_from([2, 100]))
def test_words_are_runs_of_letters_and_digits(texts, first):
    """Each run is found once, in order, and equal runs (up to `first` characters) hash equal."""
    found = find_words(read_codes(texts), first=first)
    expected = [
        (row, word[:first]) for row, text in enumerate(texts) for word in WORD.findall(text)
    ]
    assert found.rows.tolist() == [row for row, _ in expected]
    hashes = dict(zip((word for _, word in expected), found.hashes.tolist(), strict=True))
    assert [hashes[word] for _, word in expected] == found.hashes.tolist()
    assert len(set(hashes.values())) == len(hashes)


def test_parts_share_columns():
    """A word has the same column in every part, and a row holds it once."""
    left, right = ["red fox red", "cat"], ["cat", "dog red"]
    first, second = index_words([(find_words(read_codes(part)), 2) for part in (left, right)])
    assert first.shape == second.shape == (2, 4)
    assert np.asarray((first @ second.T).todense()).tolist() == [[0, 1], [1, 0]]
    assert first.sum() == 3


def test_shapes_forget_letters_and_lengths():
    """Texts of one pattern of capitals, small letters, digits and marks have one shape."""
    texts = ["Abba 12", "Queen 7", "abba 12", "ABBA", "U2!"]
    hashes = find_shapes(read_codes(texts)).hashes.tolist()
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 4


def test_cross_pairs_every_word_of_both():
    """A row holds each pair of its question's words and its own, and equal pairs hash equal."""
    asked, offered = index_words(
        [
            (find_words(read_codes(["who sang", "where"])), 2),
            (find_words(read_codes(["abba", "the abba", "", "abba"])), 4),
        ]
    )
    pairs = cross(asked, offered, np.array([0, 0, 1, 1]), bits=20)
    rows = [set(pairs[row].indices.tolist()) for row in range(4)]
    assert [len(row) for row in rows] == [2, 4, 0, 1]
    assert rows[0] < rows[1]
    assert not rows[3] & rows[1]


def test_nothing_to_cross_gives_nothing():
    """Texts without words give a matrix without columns' ones."""
    asked, offered = index_words([(find_words(read_codes(["?", "!"])), 2)] * 2)
    assert cross(asked, offered, np.array([0, 1]), bits=4).nnz == 0
