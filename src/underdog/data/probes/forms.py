"""The surface of choices in numbers: length, case, marks, digits, size, likeness to each other.

In: a sheet. Out: a matrix with a row per choice and the names of its columns. Never: a look at a
question's text or key.
"""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

import numpy as np

from underdog.data.probes.company import neighbours
from underdog.data.probes.ngrams import CLOSE, OPEN, Codes, hash_ngrams, once, read_codes
from underdog.data.probes.sheet import Floats, Sheet

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_MARKS = {
    "full stops": ".",
    "commas": ",",
    "apostrophes": "'’`",
    "quotes": '"“”',
    "hyphens": "-–—",
    "brackets": "()[]",
    "ampersands": "&",
    "slashes": "/",
    "percent signs": "%",
    "money signs": "$£€",
    "colons": ":;",
    "cries": "!?",
}


class Forms(NamedTuple):
    """Values (m, d), one column per name."""

    names: tuple[str, ...]
    values: Floats


def measure_forms(sheet: Sheet) -> Forms:
    """Every measure as it is, and how it stands out among the choices of its question."""
    codes = read_codes(sheet.texts)
    columns = {
        **_lengths(codes),
        **_cases(codes),
        **_marks(codes),
        **_numbers(sheet),
        **_likeness(sheet),
        **_rarity(sheet),
    }
    plain = np.stack(list(columns.values()), axis=1).astype(np.float32)
    return _stand_out(sheet, tuple(columns), plain)


def _stand_out(sheet: Sheet, names: tuple[str, ...], plain: Floats) -> Forms:
    """Each column as it is, and its distance from the mean of the question: a linear model finds
    the longest by the first and the one of middle length by the second.
    """
    means = (sheet.total(plain) / sheet.sizes[:, None].astype(np.float32))[sheet.owner]
    labels = (*names, *(f"distance of {name}" for name in names))
    return Forms(labels, np.concatenate([plain, np.abs(plain - means)], axis=1))


def _count(codes: Codes, places: Any) -> Floats:
    return np.bincount(codes.rows[places], minlength=codes.texts).astype(float)


def _lengths(codes: Codes) -> dict[str, Floats]:
    inside = (codes.points != OPEN) & (codes.points != CLOSE)
    characters, blanks = _count(codes, inside), _count(codes, codes.points == ord(" "))
    return {
        "characters": np.log1p(characters),
        "words": np.log1p(blanks),
        "characters per word": np.log1p(characters / (blanks + 1)),
    }


def _cases(codes: Codes) -> dict[str, Floats]:
    points = codes.points
    upper, lower = codes.each(str.isupper), codes.each(str.islower)
    first = np.zeros(len(points), dtype=bool)
    first[1:] = (points[:-1] == OPEN) | (points[:-1] == ord(" "))
    opening = np.zeros(len(points), dtype=bool)
    opening[1:] = points[:-1] == OPEN
    big, small = _count(codes, upper), _count(codes, lower)
    bound = (points == OPEN) | (points == CLOSE) | (points == ord(" "))
    blank, beside = points == ord(" "), np.zeros(len(points), dtype=bool)
    beside[1:-1] = bound[:-2] | bound[2:]
    return {
        "capital first": _count(codes, upper & opening),
        "capital words": np.log1p(_count(codes, upper & first)),
        "small words": np.log1p(_count(codes, lower & first)),
        "capitals": big / np.maximum(big + small, 1.0),
        "no capitals": (big == 0).astype(float),
        "foreign letters": np.log1p(_count(codes, points > 127)),
        "loose blanks": _count(codes, blank & beside),
    }


def _marks(codes: Codes) -> dict[str, Floats]:
    return {
        name: np.log1p(_count(codes, codes.each(marks.__contains__)))
        for name, marks in _MARKS.items()
    }


def _numbers(sheet: Sheet) -> dict[str, Floats]:
    """The first number of each choice; where there is none, all is zero."""
    columns = np.zeros((len(sheet.texts), 8))
    numeric = np.full(len(sheet.texts), np.nan)
    for row, text in enumerate(sheet.texts):
        found = _NUMBER.search(text) if not text.isalpha() else None
        if found is not None:
            columns[row, :7] = _digits(found[0])
            numeric[row] = columns[row, 1]
    columns[:, 7] = _spread(sheet, numeric)
    names = ("number", "size", "digits", "trailing zeros", "even", "ends in 5", "decimals")
    return dict(zip((*names, "from other sizes"), columns.T, strict=True))


def _digits(text: str) -> tuple[float, ...]:
    digits = text.replace(",", "")
    value = float(digits[:300])
    whole, _, fraction = digits.partition(".")
    last = int(digits[-1])
    return (
        1.0,
        math.log1p(value),
        float(len(whole)),
        float(len(whole) - len(whole.rstrip("0"))),
        float(last % 2 == 0),
        float(last == 5),
        float(len(fraction)),
    )


def _spread(sheet: Sheet, sizes: Floats) -> Floats:
    """Mean distance to the other numbers of the question, on the log scale: least for the hub."""
    has = ~np.isnan(sizes)
    total = np.zeros(len(sizes))
    for others, exists in neighbours(sheet):
        both = has & has[others] & exists
        total[both] += np.abs(sizes[both] - sizes[others[both]])
    count = np.maximum(sheet.total(has.astype(float))[sheet.owner] - 1, 1.0)
    distances: Floats = np.log1p(1000 * total / count)
    return distances


def _likeness(sheet: Sheet) -> dict[str, Floats]:
    """Cosine of trigram sets with the other choices: highest for the hub."""
    trigrams = once(hash_ngrams(read_codes(sheet.folded), 3, bits=20))
    sizes = np.maximum(np.diff(trigrams.indptr), 1)
    mean, most = np.zeros(len(sizes)), np.zeros(len(sizes))
    for others, exists in neighbours(sheet):
        rows = np.flatnonzero(exists)
        other = others[rows]
        shared = np.asarray(trigrams[rows].multiply(trigrams[other]).sum(axis=1)).ravel()
        cosine = shared / np.sqrt(sizes[rows] * sizes[other])
        mean[rows] += cosine
        most[rows] = np.maximum(most[rows], cosine)
    return {"likeness": mean / (sheet.sizes[sheet.owner] - 1), "greatest likeness": most}


def _rarity(sheet: Sheet) -> dict[str, Floats]:
    """How common a choice's trigrams are among all choices, whoever is right."""
    trigrams = hash_ngrams(read_codes(sheet.folded), 3, bits=18)
    common = np.log1p(np.bincount(trigrams.indices, minlength=trigrams.shape[1]))
    sizes = np.maximum(np.diff(trigrams.indptr), 1)
    return {"common trigrams": np.asarray(trigrams @ common).ravel() / sizes}
