"""Hashed n-grams of characters."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from underdog.data.probes.ngrams import CLOSE, OPEN, hash_ngrams, once, read_codes

TEXTS = st.lists(st.text(max_size=12), min_size=1, max_size=8)


def slow_ngrams(text: str, length: int) -> list[str]:
    blanked = text.replace(chr(OPEN), " ").replace(chr(CLOSE), " ")
    bounded = f"{chr(OPEN)}{blanked}{chr(CLOSE)}"
    return [bounded[at : at + length] for at in range(len(bounded) - length + 1)]


@given(TEXTS, st.integers(1, 5))
def test_rows_count_the_ngrams_of_their_text(texts, length):
    """Row by row, equal n-grams have equal columns and others differ (at 24 bits, nearly always:
    never fewer columns than hashed, never more than there are n-grams).
    """
    matrix = hash_ngrams(read_codes(texts), length, bits=24)
    columns: dict[str, int] = {}
    for row, text in enumerate(texts):
        expected = slow_ngrams(text, length)
        found = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]].tolist()
        assert len(found) == len(expected)
        for ngram, column in zip(expected, found, strict=True):
            assert columns.setdefault(ngram, column) == column
    assert len(set(columns.values())) >= len(columns) - 1


def test_a_row_does_not_depend_on_the_others():
    """A text has the same columns alone and among others."""
    alone = hash_ngrams(read_codes(["Ümlaut"]), 3, bits=16)
    among = hash_ngrams(read_codes(["x", "Ümlaut", ""]), 3, bits=16)
    assert alone.indices.tolist() == among[1].indices.tolist()


def test_once_drops_repetitions():
    """A repeated n-gram counts twice before and once after."""
    matrix = hash_ngrams(read_codes(["aaaa"]), 1, bits=8)
    assert matrix.sum() == 6
    assert once(matrix).sum() == 3


@given(TEXTS)
def test_each_tests_every_character(texts):
    """`each` says for every place what the test says of its character."""
    codes = read_codes(texts)
    expected = [chr(point).isalnum() for point in codes.points.tolist()]
    assert codes.each(str.isalnum).tolist() == expected
    assert codes.texts == len(texts)


def test_columns_spread_evenly():
    """Numbers that differ in their last digits fill 256 columns about evenly: the fullest has less
    than twice its share.
    """
    matrix = hash_ngrams(read_codes([f"{number:05d}" for number in range(20000)]), 7, bits=8)
    counts = np.bincount(matrix.indices, minlength=256)
    assert counts.max() < 2 * 20000 / 256
    assert counts.min() > 0.5 * 20000 / 256
